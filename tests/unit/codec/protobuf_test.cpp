#include "codec/protobuf.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/basen.h"
#include "support/hex.h"

using namespace p2p;
using codec::ProtoField;
using codec::ProtoReader;
using codec::ProtoWriter;
using p2p::test::unhex;

namespace {

Result<std::vector<ProtoField>> fields_of(ByteView message) {
  std::vector<ProtoField> fields;
  ProtoReader reader(message);
  for (;;) {
    P2P_TRY(const auto field, reader.next());
    if (!field) return fields;
    fields.push_back(*field);
  }
}

}  // namespace

TEST_CASE("the examples of the encoding guide") {
  CHECK(hex_encode(ProtoWriter().varint(1, 150).message()) == "089601");
  CHECK(hex_encode(ProtoWriter().text(2, "testing").message()) == "120774657374696e67");
  ProtoWriter inner;
  inner.varint(1, 150);
  CHECK(hex_encode(ProtoWriter().bytes(3, inner.message()).message()) == "1a03089601");
}

TEST_CASE("every type goes both ways, and bytes are borrowed") {
  ProtoWriter writer;
  writer.varint(1, ~std::uint64_t{0}).fixed64(2, 0x0102030405060708).boolean(536870911, true);
  writer.bytes(4, Bytes(200, 7)).bytes(5, {});
  auto message = writer.take();
  CHECK(writer.message().empty());
  append(message, unhex("35efbeadde"));  // field 6, fixed32
  const auto fields = fields_of(message);
  REQUIRE(fields);
  REQUIRE(fields->size() == 6);
  CHECK(fields->at(0).is_varint(1));
  CHECK(fields->at(0).value == ~std::uint64_t{0});
  CHECK(fields->at(1).type == ProtoField::Type::fixed64);
  CHECK(fields->at(1).value == 0x0102030405060708);
  CHECK(fields->at(2).number == 536870911);
  CHECK(fields->at(2).value == 1);
  CHECK(fields->at(3).is_bytes(4));
  CHECK(to_bytes(fields->at(3).bytes) == Bytes(200, 7));
  CHECK(fields->at(3).bytes.data() > message.data());
  CHECK(fields->at(3).bytes.data() < message.data() + message.size());
  CHECK(fields->at(4).bytes.empty());
  CHECK(fields->at(5).type == ProtoField::Type::fixed32);
  CHECK(fields->at(5).value == 0xdeadbeef);
}

TEST_CASE("an empty message is a message") { CHECK(fields_of({})->empty()); }

TEST_CASE("over-long varints are allowed, as protobuf does") {
  const auto message = unhex("0896818000");
  const auto fields = fields_of(message);
  REQUIRE(fields);
  CHECK(fields->at(0).value == 150);
}

TEST_CASE("malformed messages are refused") {
  for (const auto* hex : {"08", "0880", "08ffffffffffffffffffff01", "08ffffffffffffffffff02",
                          "0001", "808080801001", "0901020304050607", "0d010203", "120361",
                          "12ffffffffffffffffff01", "0b0c", "0c", "0e", "0f", "0896011203"}) {
    CAPTURE(hex);
    const auto fields = fields_of(unhex(hex));
    REQUIRE_FALSE(fields);
    CHECK(fields.error().code == Code::parse);
  }
}

TEST_CASE("a message that is cut short is refused or ends between two fields") {
  const auto message = ProtoWriter().varint(1, 300).bytes(2, Bytes(5, 1)).fixed64(3, 9).take();
  std::size_t whole = 0;
  for (std::size_t cut = 0; cut < message.size(); ++cut) {
    if (fields_of(ByteView(message).first(cut))) ++whole;
  }
  CHECK(whole == 3);
}
