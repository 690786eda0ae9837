#include "multiformats/cid.h"

#include <doctest/doctest.h>

#include "base/basen.h"
#include "support/hex.h"

using namespace p2p;
using namespace p2p::multiformats;
using p2p::test::unhex;

namespace {

Multihash abc() { return Multihash::of(crypto::HashAlg::sha2_256, as_bytes("abc")); }
const std::string kAbcHex = "1220ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

}  // namespace

TEST_CASE("multicodec: names") {
  CHECK(name_of(Codec::bitcoin_block) == "bitcoin-block");
  CHECK(name_of(static_cast<Codec>(0xbeef)) == "0xbeef");
  CHECK(name_of(static_cast<Codec>(0)) == "0x0");
  CHECK(codec_by_name("dag-cbor") == Codec::dag_cbor);
  CHECK_FALSE(codec_by_name("dag_cbor"));
  CHECK_FALSE(codec_by_name(""));
}

TEST_CASE("cid: js-multiformats' version 0 vectors") {
  const auto cid = Cid::v0(abc());
  REQUIRE(cid);
  CHECK(hex_encode(cid->bytes()) == kAbcHex);
  CHECK(cid->text() == "QmatYkNGZnELf8cAGdyJpUca2PyY4szai3RHyyWofNY1pY");
  CHECK(cid->text(Multibase::base32) == cid->text());
  CHECK(cid->codec() == Codec::dag_pb);
  CHECK(cid->version() == 0);
  CHECK(Cid::parse(cid->text()) == *cid);
  CHECK(Cid::decode(cid->bytes()) == *cid);
  CHECK(cid->to_v1().text() == "bafybeif2pall7dybz7vecqka3zo24irdwabwdi4wc55jznaq75q7eaavvu");
  CHECK(cid->to_v1() != *cid);
}

TEST_CASE("cid: version 1 in every base, as the specification and js-multiformats have it") {
  // The example of the specification's README.
  const auto cid = Cid::parse("zb2rhe5P4gXftAwvA4eXQ5HJwsER2owDyS9sKaQRRVQPn93bA");
  REQUIRE(cid);
  CHECK(cid->version() == 1);
  CHECK(cid->codec() == Codec::raw);
  CHECK(cid->hash().code() == HashCode::sha2_256);
  CHECK(hex_encode(cid->hash().digest()) ==
        "6e6ff7950a36187a801613426e858dce686cd7d7e3c0fc42ee0330072d245c95");
  for (const auto base :
       {Multibase::base16, Multibase::base16_upper, Multibase::base32, Multibase::base32_upper,
        Multibase::base36, Multibase::base36_upper, Multibase::base58btc, Multibase::base64,
        Multibase::base64_pad, Multibase::base64_url, Multibase::base64_url_pad}) {
    CAPTURE(name_of(base));
    CHECK(Cid::parse(cid->text(base)) == *cid);
  }
  CHECK(cid->text(Multibase::base58btc) == "zb2rhe5P4gXftAwvA4eXQ5HJwsER2owDyS9sKaQRRVQPn93bA");
  const auto empty = Multihash::of(crypto::HashAlg::sha2_256, {});
  CHECK(Cid::v1(Codec::raw, empty).text() ==
        "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku");
  CHECK(Cid::v1(Codec::bitcoin_block, empty).bytes()[1] == 0xb0);
  CHECK(Cid::v1(Codec::bitcoin_block, empty).bytes()[2] == 0x01);
}

TEST_CASE("cid: read from the front, as a CAR section holds it") {
  for (const auto& cid : {*Cid::v0(abc()), Cid::v1(Codec::dag_cbor, abc())}) {
    Bytes section = cid.bytes();
    append(section, as_bytes("block"));
    ByteView in = section;
    CHECK(Cid::read(in) == cid);
    CHECK(as_text(in) == "block");
    CHECK_FALSE(Cid::decode(section));
    for (std::size_t size = 0; size < cid.bytes().size(); ++size) {
      ByteView cut = ByteView(section).first(size);
      CHECK(Cid::read(cut).error().code == Code::parse);
      CHECK(cut.size() == size);
    }
  }
}

TEST_CASE("cid: what is none") {
  for (const auto* text : {"", "z", "b", "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zIII",
                           "zQmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n",
                           "Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyf",
                           "/ipfs/bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
                           "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyk",
                           "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvykv", "xabc"}) {
    CAPTURE(text);
    CHECK_FALSE(Cid::parse(text));
  }
  for (const auto& hex : {std::string("02") + "55" + kAbcHex, "00" + kAbcHex, "8100" + kAbcHex,
                          "0155" + kAbcHex + "00", std::string("0155"), std::string("01"),
                          "01d500" + kAbcHex, "0155122100" + std::string(64, '1')}) {
    CAPTURE(hex);
    CHECK(Cid::decode(unhex(hex)).error().code == Code::parse);
  }
  CHECK_FALSE(Cid::v0(Multihash::of(crypto::HashAlg::sha2_512, {})));
  CHECK_FALSE(Cid::v0(*Multihash::wrap(HashCode::sha2_256, Bytes(31))));
  CHECK(Cid().text() == "");
}

TEST_CASE("cid: ordered by bytes") {
  const auto a = *Cid::v0(abc());
  const auto b = a.to_v1();
  CHECK(b < a);  // 01… before 12…
  CHECK(Cid::v1(Codec::raw, abc()) < b);
}
