#include "content/car/reader.h"

#include <set>

#include "base/varint.h"
#include "unit/car/fixtures.h"

using namespace p2p;
using namespace p2p::car;

namespace {

using Lines = std::vector<std::string>;

struct Outcome {
  Transcript said;
  std::optional<Error> error;
};

Outcome read(ByteView file, std::size_t piece) {
  Outcome outcome;
  Reader reader(outcome.said);
  while (!file.empty()) {
    const auto part = file.first(std::min(piece, file.size()));
    file = file.subspan(part.size());
    if (auto fed = reader.feed(part); !fed) {
      outcome.error = fed.error();
      return outcome;
    }
  }
  if (auto end = reader.finish(); !end) outcome.error = end.error();
  return outcome;
}

Outcome read(ByteView file) { return read(file, file.size()); }

}  // namespace

// Offsets and lengths as carv1-basic.json gives them.
TEST_CASE("the basic CARv1 fixture reads as published") {
  const auto outcome = read(unhex(kBasicV1));
  REQUIRE_FALSE(outcome.error);
  CHECK(outcome.said.lines ==
        Lines{"header 1 2 0",
              "100 137 55 bafyreihyrpefhacm6kkp4ql6j6udakdit7g3dmkzfriqfykhjw6cad5lrm",
              "192 228 97 QmNX6Tffavsya4xgBi2VJQnSuqy9GsxongxZZ9uZBqp16d",
              "325 362 4 bafkreifw7plhl6mofk6sfvhnfh64qmkq73oeqwl6sloru6rehaoujituke",
              "366 402 94 QmWXZxVQ9yZfhQxLD35eDR8LiMRsYtHxYqTFCBbJoiJVys",
              "496 533 4 bafkreiebzrnroamgos2adnbpgw5apo3z4iishhbdx77gldnbk57d4zdio4",
              "537 572 47 QmdwjhxpxzcMsR3qUuj7vUL8pbA7MgR3GAxWi2GLHjsKCT",
              "619 656 4 bafkreidbxzk2ryxwwtqxem4l3xyyjvw35yu4tcct4cqeqxwo47zhxgxqwq",
              "660 697 18 bafyreidj5idub6mapiupjwjsyyxhyhedxycv4vihfsicm2vt46o7morwlm"});
}

TEST_CASE("the basic CARv2 fixture reads as published, up to its index") {
  const auto outcome = read(unhex(kBasicV2));
  REQUIRE_FALSE(outcome.error);
  REQUIRE(outcome.said.lines.size() == 6);
  CHECK(outcome.said.lines[0] == "header 2 1 51");
  CHECK(hex_encode(ByteView(outcome.said.index).first(8)) == "0100000028000000");
}

TEST_CASE("any split gives the same events") {
  for (const auto fixture : {kBasicV1, kBasicV2}) {
    const Bytes file = unhex(fixture);
    const auto whole = read(file);
    for (std::size_t piece = 1; piece < 200; ++piece) {
      CAPTURE(piece);
      const auto split = read(file, piece);
      CHECK_FALSE(split.error);
      CHECK(split.said.lines == whole.said.lines);
      CHECK(split.said.blocks == whole.said.blocks);
      CHECK(split.said.index == whole.said.index);
    }
  }
}

TEST_CASE("headers are written as published") {
  const Bytes file = unhex(kBasicV1);
  ByteView rest = file;
  const auto size = read_varint(rest).value();
  const auto header = decode_header(rest.first(static_cast<std::size_t>(size)));
  REQUIRE(header);
  CHECK(header->version == 1);
  CHECK(equal(encode_header(header->roots), ByteView(file).first(100)));

  const Bytes v2 = unhex(kBasicV2);
  const auto decoded = decode_v2_header(ByteView(v2).subspan(kPragma.size(), kV2HeaderSize));
  REQUIRE(decoded);
  CHECK(decoded->data_offset == 51);
  CHECK(decoded->data_size == 448);
  CHECK(decoded->index_offset == 499);
  CHECK(equal(encode_v2_header(*decoded), ByteView(v2).subspan(kPragma.size(), kV2HeaderSize)));
}

TEST_CASE("a file cut anywhere but between sections is cut short") {
  const Bytes v1 = unhex(kBasicV1);
  const std::set<std::size_t> ends = {100, 192, 325, 366, 496, 537, 619, 660};
  for (std::size_t size = 0; size < v1.size(); ++size) {
    CAPTURE(size);
    const auto outcome = read(ByteView(v1).first(size));
    CHECK(outcome.error.has_value() == !ends.contains(size));
    if (outcome.error) CHECK(outcome.error->code == Code::parse);
  }
  const Bytes v2 = unhex(kBasicV2);
  for (std::size_t size = 0; size < 499; ++size) {
    CAPTURE(size);
    CHECK(read(ByteView(v2).first(size)).error.has_value());
  }
}

TEST_CASE("skipping over blocks finds the same sections") {
  for (const auto fixture : {kBasicV1, kBasicV2}) {
    const Bytes file = unhex(fixture);
    const auto whole = read(file);
    Transcript said;
    Reader reader(said, true);
    while (reader.offset() < file.size()) {
      REQUIRE(reader.feed(ByteView(file).subspan(reader.offset(), 1)));
      reader.skip(reader.to_skip());
    }
    REQUIRE(reader.finish());
    CHECK(said.lines == whole.said.lines);
    CHECK(said.blocks.empty());
  }
}

TEST_CASE("lengths are bounded before anything is kept for them") {
  const auto with_section = [](Bytes length) {
    Bytes file = car_of({raw_block("a").cid}, {});
    append(file, length);
    file.resize(file.size() + 40);
    return read(file);
  };
  // 2^63, and 2^63 - 1.
  const auto over = with_section(unhex("80808080808080808001"));
  REQUIRE(over.error);
  CHECK(over.error->code == Code::parse);
  CHECK(over.error->why == "a length that is no varint below 2^63 at byte 59");
  const auto most = with_section(unhex("ffffffffffffffff7f"));
  REQUIRE(most.error);
  CHECK(most.error->code == Code::limit);
  CHECK(most.error->why ==
        "a section of 9223372036854775807 bytes, where 4194304 are allowed, at byte 59");
  CHECK(with_section(unhex("00")).error->why == "an empty section at byte 59");
  CHECK(with_section(unhex("8100")).error->code == Code::parse);

  Bytes header;
  append_varint(header, kMaxHeaderSize + 1);
  header.push_back(0xa2);
  CHECK(read(header).error->code == Code::limit);
}

TEST_CASE("what is no CAR is told as such") {
  const auto why = [](ByteView file) { return read(file).error.value().why; };
  CHECK(why({}) == "not a CAR: it is empty");
  CHECK(why(as_bytes("\x0ahello world")) == "not a CAR: its header is no dag-cbor");
  CHECK(why(unhex("00")) == "not a CAR: an empty header at byte 0");
  CHECK(why(unhex("0aa16776657273696f6e03")) == "CAR version 3 is not known here");
  CHECK(why(unhex("0aa16776657273696f6e01")) ==
        "a CAR header must have version and roots, and nothing else");
  CHECK(why(unhex("02a0f6")) == "not a CAR: its header is no dag-cbor");
  CHECK(why(unhex("01a0")) == "not a CAR: its header has no version");
  // go-car's badsectionlength: a section whose CID cannot be read.
  Bytes file = car_of({raw_block("a").cid}, {});
  append(file, unhex("0301ffff"));
  CHECK(why(file).starts_with("a section whose CID cannot be read"));
}

TEST_CASE("a CARv2 header that contradicts itself is refused") {
  const Bytes inner = car_of({raw_block("a").cid}, {raw_block("a")});
  const auto wrapped = [&](V2Header header) {
    Bytes file(kPragma.begin(), kPragma.end());
    append(file, encode_v2_header(header));
    append(file, inner);
    return read(file);
  };
  const auto size = inner.size();
  CHECK_FALSE(wrapped({false, 51, size, 0}).error);
  CHECK(wrapped({false, 50, size, 0}).error);
  CHECK(wrapped({false, 51, size - 1, 0}).error);
  CHECK(wrapped({false, 51, size + 1, 0}).error);
  CHECK(wrapped({false, 51, UINT64_MAX, 0}).error);
  CHECK(wrapped({false, UINT64_MAX, 1, 0}).error);
  CHECK(wrapped({false, 51, size, 51}).error);
  CHECK(wrapped({false, 51, 0, 0}).error);
  CHECK(wrapped({false, 51, 5, 0}).error);
  // A CARv2 within a CARv2.
  Bytes nested(kPragma.begin(), kPragma.end());
  append(nested, encode_v2_header({false, 51, 11, 0}));
  append(nested, kPragma);
  CHECK(read(nested).error);
}
