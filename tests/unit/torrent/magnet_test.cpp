#include "content/torrent/magnet.h"

#include <doctest/doctest.h>

#include "base/basen.h"

using namespace p2p;
using namespace p2p::torrent;

namespace {

const std::string kHex = "c9e15763f722f23e98a29decdfae341b98d53056";
const std::string kHex2 = "597b180c1a170a585dfc5e85d834d69013ceda174b8f357d5bb1a0ca509faf0a";

std::string why_not(std::string_view link) {
  const auto magnet = parse_magnet(link);
  return magnet ? "" : magnet.error().message();
}

}  // namespace

TEST_CASE("magnet: a hybrid's link, written and read back") {
  Magnet magnet;
  magnet.hashes.v1.emplace();
  magnet.hashes.v2.emplace();
  std::ranges::copy(*hex_decode(kHex), magnet.hashes.v1->begin());
  std::ranges::copy(*hex_decode(kHex2), magnet.hashes.v2->begin());
  magnet.name = "a b&ü";
  magnet.size = 5;
  magnet.trackers = {"http://t/a?x=1"};
  magnet.web_seeds = {"http://w/"};
  const std::string link = format_magnet(magnet);
  CHECK(link == "magnet:?xt=urn:btih:" + kHex + "&xt=urn:btmh:1220" + kHex2 +
                    "&dn=a%20b%26%C3%BC&xl=5&tr=http%3A%2F%2Ft%2Fa%3Fx%3D1&ws=http%3A%2F%2Fw%2F");
  const auto read = parse_magnet(link);
  REQUIRE(read);
  CHECK(*read == magnet);
}

TEST_CASE("magnet: other programs' forms") {
  const auto base32 = parse_magnet("magnet:?xt=urn:btih:ZHQVOY7XELZD5GFCTXWN7LRUDOMNKMCW");
  REQUIRE(base32);
  CHECK(hex_encode(*base32->hashes.v1) == kHex);
  const auto numbered = parse_magnet("MAGNET:?dn=x+y&tr.1=a&TR.2=b&so=1-3&xt.1=urn%3abtih%3A" +
                                     kHex + "&xt=urn:sha1:abc&junk&=&xl=many");
  REQUIRE(numbered);
  CHECK(numbered->name == "x y");
  CHECK(numbered->trackers == std::vector<std::string>{"a", "b"});
  CHECK_FALSE(numbered->size);
}

TEST_CASE("magnet: what is none") {
  CHECK(why_not("") == "no magnet link");
  CHECK(why_not("http://x") == "no magnet link");
  CHECK(why_not("magnet:?") == "no infohash in the link");
  CHECK(why_not("magnet:?xt=urn:btih:") == "an infohash of the wrong length");
  CHECK(why_not("magnet:?xt=urn:btih:" + kHex.substr(1)) ==
        "an infohash that is neither hex nor base32");
  CHECK(why_not("magnet:?xt=urn:btih:" + kHex + "00") == "an infohash of the wrong length");
  CHECK(why_not("magnet:?xt=urn:btmh:1114" + kHex) == "an infohash that is no SHA-256 multihash");
  CHECK(why_not("magnet:?xt=urn:btmh:1220" + kHex) == "an infohash of the wrong length");
  CHECK(why_not("magnet:?xt=urn:btih:" + kHex + "&xt=urn:btih:d" + kHex.substr(1)) ==
        "two different infohashes of one version");
  CHECK(why_not("magnet:?dn=" + std::string(kMaxMagnetSize, 'x')) ==
        "a magnet link of more than 64 KiB");
  // A '%' that escapes nothing spoils its own parameter only.
  CHECK(parse_magnet("magnet:?dn=%zz&xt=urn:btih:" + kHex)->name.empty());
}
