#include "cli/help.h"
#include "codec/json.h"

namespace p2p::cli {

using codec::Value;

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

Result<std::string> version_json(const Command& tool) {
  Value::Map libraries;
  for (const auto& library : kLibraries) libraries.emplace_back(library.name, library.version);
  Value::List features;
  for (const auto& feature : tool.features()) features.emplace_back(feature);
  std::string line;
  P2P_CHECK(codec::append_json(line, Value::Map{{"name", tool.name()},
                                                {"version", P2P_VERSION},
                                                {"libraries", std::move(libraries)},
                                                {"features", std::move(features)}}));
  return line + "\n";
}

}  // namespace p2p::cli
