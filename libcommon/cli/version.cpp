#include "cli/help.h"
#include "cli/json_line.h"

namespace p2p::cli {

namespace {

struct Library {
  const char* name;
  const char* version;
};

/// Set by the build from what it found (libcommon/CMakeLists.txt).
constexpr Library kLibraries[] = {
    {"CLI11", P2P_VERSION_CLI11},     {"libuv", P2P_VERSION_UV},
    {"c-ares", P2P_VERSION_CARES},    {"Crypto++", P2P_VERSION_CRYPTOPP},
    {"OpenSSL", P2P_VERSION_OPENSSL}, {"libsecp256k1", P2P_VERSION_SECP256K1},
    {"libcbor", P2P_VERSION_CBOR},    {"nlohmann-json", P2P_VERSION_NLOHMANN_JSON},
    {"SQLite", P2P_VERSION_SQLITE},
};

}  // namespace

std::string version_text(const Command& tool) {
  std::string out = tool.name() + " (p2p-utils) " P2P_VERSION "\n";
  out += "built with";
  const char* separator = " ";
  for (const auto& library : kLibraries) {
    out += separator + std::string(library.name) + " " + library.version;
    separator = ", ";
  }
  out += "\n";
  for (const auto& feature : tool.features()) out += feature + "\n";
  return out;
}

std::string version_json(const Command& tool) {
  JsonLine json;
  json.begin_object();
  json.key("name").string(tool.name());
  json.key("version").string(P2P_VERSION);
  json.key("libraries").begin_object();
  for (const auto& library : kLibraries) json.key(library.name).string(library.version);
  json.end_object();
  json.key("features").begin_array();
  for (const auto& feature : tool.features()) json.string(feature);
  json.end_array();
  json.end_object();
  return json.text() + "\n";
}

}  // namespace p2p::cli
