// CARs as other implementations write them: the reference bytes of P2P_TEST_DATA/cid-vectors.json.
#include "files/car_build.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/basen.h"
#include "codec/json.h"
#include "content/file_importer.h"
#include "files/car_check.h"

using namespace p2p;
using codec::Value;
using Reach = files::CarBuilder::Reach;

namespace {

const Value& at(const Value& object, std::string_view key) {
  const Value* found = object.find(key);
  REQUIRE_MESSAGE(found != nullptr, std::string(key));
  return *found;
}
const std::string& text_at(const Value& object, std::string_view key) {
  return *at(object, key).text();
}

Bytes output_of(const std::string& command) {
  FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  Bytes all;
  Bytes piece(65536);
  while (const std::size_t n = std::fread(piece.data(), 1, piece.size(), pipe)) {
    append(all, ByteView(piece).first(n));
  }
  REQUIRE(::pclose(pipe) == 0);
  return all;
}

}  // namespace

TEST_CASE("a CAR has the bytes that others give it") {
  const char* folder = std::getenv("P2P_TEST_DATA");
  if (folder == nullptr) {
    MESSAGE("skipped: P2P_TEST_DATA is not set");
    return;
  }
  std::ifstream file(std::string(folder) + "/cid-vectors.json");
  std::stringstream text;
  text << file.rdbuf();
  const auto json = codec::parse_json(text.str()).value();
  for (const auto& car : *at(json, "cars").list()) {
    for (const auto& input : *at(json, "files").list()) {
      if (text_at(input, "name") != text_at(car, "input")) continue;
      CAPTURE(text_at(car, "input"));
      crypto::SeededRandom random(1);
      files::CarBuilder builder(random, files::temporary_folder());
      content::FileImporter importer(*content::profile_by_name(text_at(car, "profile")),
                                     builder.sink());
      REQUIRE(importer.update(output_of(text_at(input, "cmd"))));
      const multiformats::Cid roots[] = {importer.finish()->cid};
      REQUIRE(builder.finish());
      Bytes bytes;
      REQUIRE(builder.write_v1(roots, Reach::dag, [&](ByteView part) -> Result<void> {
        append(bytes, part);
        return {};
      }));
      CHECK(roots[0].text() == text_at(car, "root"));
      CHECK(bytes.size() == *at(car, "bytes").integer<std::uint64_t>());
      CHECK(hex_encode(bytes).starts_with(text_at(car, "header_hex")));
      CHECK(hex_encode(crypto::sha256(bytes)) == text_at(car, "sha256"));
    }
  }
}

TEST_CASE("both versions of what is built are whole, on any number of threads") {
  const auto path =
      std::filesystem::temp_directory_path() / ("p2p-car-" + std::to_string(::getpid()) + ".car");
  crypto::SeededRandom random(1);
  files::CarBuilder builder(random, files::temporary_folder());
  auto profile = *content::profile_by_name("v1");
  profile.chunker = content::ChunkerSpec::fixed(100);
  content::FileImporter importer(profile, builder.sink());
  REQUIRE(importer.update(random.bytes(1'000'000)));
  const multiformats::Cid roots[] = {importer.finish()->cid};
  REQUIRE(builder.finish());
  for (const int version : {1, 2}) {
    auto output = files::OutputFile::create(path.string()).value();
    if (version == 2) {
      REQUIRE(builder.write_v2(roots, Reach::dag, output));
    } else {
      REQUIRE(
          builder.write_v1(roots, Reach::dag, [&](ByteView part) { return output.write(part); }));
    }
    REQUIRE(output.commit());
    for (const unsigned threads : {1U, 4U}) {
      auto file = files::File::open(path.string()).value();
      const auto summary = files::check_car(file, threads, random);
      REQUIRE_MESSAGE(summary, summary.error().message());
      CHECK(summary->version == version);
      CHECK(summary->blocks == builder.store().size());
      CHECK(summary->roots.front() == roots[0]);
    }
  }
  std::filesystem::remove(path);
}

TEST_CASE("of a block that did not come, there is no CAR") {
  crypto::SeededRandom random(1);
  files::CarBuilder builder(random, files::temporary_folder());
  REQUIRE(builder.finish());
  const multiformats::Cid roots[] = {
      content::cid_of_block(multiformats::Codec::raw, crypto::HashAlg::sha2_256, as_bytes("x"))
          .value()};
  const auto written = builder.write_v1(roots, Reach::dag, [](ByteView) { return Result<void>(); });
  REQUIRE_FALSE(written);
  CHECK(written.error().code == Code::not_found);
}
