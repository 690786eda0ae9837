// CARs as other implementations write them: the reference bytes of P2P_TEST_DATA/cid-vectors.json.
#include "files/car_build.h"

#include <doctest/doctest.h>

#include "base/basen.h"
#include "content/file_importer.h"
#include "files/car_check.h"
#include "support/cid_vectors.h"
#include "support/temp_folder.h"

using namespace p2p;
using test::at;
using test::text_at;
using Reach = files::CarBuilder::Reach;

TEST_CASE("a CAR has the bytes that others give it" * doctest::test_suite("needs data")) {
  const auto json = test::cid_vectors();
  if (!json) return;
  for (const auto& car : test::list_at(*json, "cars")) {
    CAPTURE(text_at(car, "input"));
    crypto::SeededRandom random(1);
    files::CarBuilder builder(random, files::temporary_folder());
    content::FileImporter importer(*content::profile_by_name(text_at(car, "profile")),
                                   builder.sink());
    test::generate(text_at(test::input_of(*json, car), "cmd"),
                   [&](ByteView data) { REQUIRE(importer.update(data)); });
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

TEST_CASE("both versions of what is built are whole, on any number of threads") {
  const test::TempFolder folder;
  const auto path = folder.at("car");
  crypto::SeededRandom random(1);
  files::CarBuilder builder(random, files::temporary_folder());
  auto profile = *content::profile_by_name("v1");
  profile.chunker = content::ChunkerSpec::fixed(100);
  content::FileImporter importer(profile, builder.sink());
  REQUIRE(importer.update(random.bytes(1'000'000)));
  const multiformats::Cid roots[] = {importer.finish()->cid};
  REQUIRE(builder.finish());
  for (const int version : {1, 2}) {
    auto output = files::OutputFile::create(path).value();
    if (version == 2) {
      REQUIRE(builder.write_v2(roots, Reach::dag, output));
    } else {
      REQUIRE(
          builder.write_v1(roots, Reach::dag, [&](ByteView part) { return output.write(part); }));
    }
    REQUIRE(output.commit());
    for (const unsigned threads : {1U, 4U}) {
      auto file = files::File::open(path).value();
      const auto summary = files::check_car(file, threads, random);
      REQUIRE_MESSAGE(summary, summary.error().message());
      CHECK(summary->version == version);
      CHECK(summary->blocks == builder.store().size());
      CHECK(summary->roots.front() == roots[0]);
    }
  }
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
