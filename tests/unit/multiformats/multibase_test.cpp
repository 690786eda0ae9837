#include "multiformats/multibase.h"

#include <doctest/doctest.h>

using namespace p2p;
using namespace p2p::multiformats;

namespace {

struct Vector {
  Multibase base;
  const char* text;
};

}  // namespace

TEST_CASE("multibase: the vectors of the specification") {
  const std::pair<std::string_view, std::vector<Vector>> files[] = {
      {"yes mani !",
       {{Multibase::base16, "f796573206d616e692021"},
        {Multibase::base16_upper, "F796573206D616E692021"},
        {Multibase::base32, "bpfsxgidnmfxgsibb"},
        {Multibase::base32_upper, "BPFSXGIDNMFXGSIBB"},
        {Multibase::base36, "k2lcpzo5yikidynfl"},
        {Multibase::base36_upper, "K2LCPZO5YIKIDYNFL"},
        {Multibase::base58btc, "z7paNL19xttacUY"},
        {Multibase::base64, "meWVzIG1hbmkgIQ"},
        {Multibase::base64_pad, "MeWVzIG1hbmkgIQ=="},
        {Multibase::base64_url, "ueWVzIG1hbmkgIQ"},
        {Multibase::base64_url_pad, "UeWVzIG1hbmkgIQ=="}}},
      {std::string_view("\0yes mani !", 11),
       {{Multibase::base16, "f00796573206d616e692021"},
        {Multibase::base32_upper, "BAB4WK4ZANVQW42JAEE"},
        {Multibase::base36, "k02lcpzo5yikidynfl"},
        {Multibase::base58btc, "z17paNL19xttacUY"},
        {Multibase::base64_pad, "MAHllcyBtYW5pICE="},
        {Multibase::base64_url, "uAHllcyBtYW5pICE"}}},
      {std::string_view("\0\0yes mani !", 12),
       {{Multibase::base32, "baaahszltebwwc3tjeaqq"},
        {Multibase::base36_upper, "K002LCPZO5YIKIDYNFL"},
        {Multibase::base58btc, "z117paNL19xttacUY"},
        {Multibase::base64_url_pad, "UAAB5ZXMgbWFuaSAh"}}}};
  for (const auto& [plain, vectors] : files) {
    for (const auto& v : vectors) {
      CAPTURE(v.text);
      CHECK(multibase_encode(v.base, as_bytes(plain)) == v.text);
      const auto decoded = multibase_decode(v.text);
      REQUIRE(decoded);
      CHECK(decoded->base == v.base);
      CHECK(as_text(decoded->bytes) == plain);
    }
  }
}

TEST_CASE("multibase: letters of either case where the base has one case") {
  for (const auto* text :
       {"f68656c6c6f20776F726C64", "F68656c6c6f20776F726C64", "bnbswy3dpeB3W64TMMQ",
        "Bnbswy3dpeB3W64TMMQ", "kfUvrsIvVnfRbjWaJo", "KfUVrSIVVnFRbJWAJo"}) {
    CAPTURE(text);
    const auto decoded = multibase_decode(text);
    REQUIRE(decoded);
    CHECK(as_text(decoded->bytes) == "hello world");
  }
}

TEST_CASE("multibase: what is refused") {
  CHECK(multibase_decode("").error().code == Code::parse);
  CHECK(multibase_decode("0101").error().code == Code::unsupported);
  CHECK(multibase_decode("\xf0\x9f\x9a\x80").error().code == Code::unsupported);
  CHECK(multibase_decode("b" + std::string(4096, 'a')).error().code == Code::limit);
  for (const auto* text : {"MeWVzIG1hbmkgIQ", "meWVzIG1hbmkgIQ==", "f0", "bm", "z0", "ueWVz+"}) {
    CAPTURE(text);
    CHECK(multibase_decode(text).error().code == Code::parse);
  }
  CHECK(multibase_decode("z")->bytes.empty());
}

TEST_CASE("multibase: names") {
  for (const auto base : {Multibase::base16, Multibase::base58btc, Multibase::base64_url_pad}) {
    CHECK(multibase_by_name(name_of(base)) == base);
  }
  CHECK(name_of(Multibase::base32) == "base32");
  CHECK_FALSE(multibase_by_name("base99"));
}
