#include "chain/sync/messages.h"

#include <doctest/doctest.h>

#include "base/basen.h"

using namespace p2p;
using namespace p2p::chain;

namespace {

BlockId id_of(std::uint8_t number) {
  BlockId id;
  id.bytes.fill(number);
  return id;
}

std::vector<Request> samples() {
  Status status;
  status.genesis = id_of(1);
  status.tip = id_of(2);
  status.height = 70000;
  status.work = U256(12345) << 70;
  GetHeaders headers;
  for (std::uint8_t i = 0; i < kMaxLocator; ++i) headers.locator.push_back(id_of(i));
  headers.stop = id_of(200);
  GetBlocks blocks;
  for (std::uint8_t i = 0; i < kMaxBlocks; ++i) blocks.ids.push_back(id_of(i));
  return {status, headers, GetHeaders(), blocks, GetBlocks(), GetTransactions()};
}

}  // namespace

TEST_CASE("requests come back as they were, and fit their bound") {
  for (const Request& request : samples()) {
    const Bytes raw = encode(request);
    CHECK(raw.size() <= kMaxRequestSize);
    const auto back = decode_request(raw);
    REQUIRE(back);
    CHECK(*back == request);
  }
}

TEST_CASE("a request's bytes are those of its definition") {
  CHECK(hex_encode(encode(GetTransactions())) == "8103");
  GetBlocks blocks;
  blocks.ids.push_back(id_of(0xab));
  std::string id;
  for (int i = 0; i < 32; ++i) id += "ab";
  CHECK(hex_encode(encode(blocks)) == "8202815820" + id);
}

TEST_CASE("requests cut short, with more behind, or in another form are refused") {
  for (const Request& request : samples()) {
    Bytes raw = encode(request);
    for (std::size_t size = 0; size < raw.size(); ++size) {
      CHECK_FALSE(decode_request(ByteView(raw).first(size)));
    }
    raw.push_back(0);
    CHECK_FALSE(decode_request(raw));
  }
  CHECK_FALSE(decode_request(hex_decode("9f03ff").value()));          // indefinite
  CHECK_FALSE(decode_request(hex_decode("811803").value()));          // not the shortest form
  CHECK_FALSE(decode_request(hex_decode("8104").value()));            // unknown
  CHECK_FALSE(decode_request(hex_decode("820300").value()));          // too many items
  CHECK_FALSE(decode_request(hex_decode("820281581f").value()));      // an id of 31 bytes
  CHECK_FALSE(decode_request(hex_decode("82029a00ffffff").value()));  // 16 million ids
}

TEST_CASE("more ids than may be asked for are refused") {
  GetBlocks blocks;
  blocks.ids.resize(kMaxBlocks + 1);
  CHECK_FALSE(decode_request(encode(blocks)));
  GetHeaders headers;
  headers.locator.resize(kMaxLocator + 1);
  CHECK_FALSE(decode_request(encode(headers)));
}

TEST_CASE("headers come back, two thousand of them within the bound and not one more") {
  std::vector<BlockHeader> headers(kMaxHeaders);
  for (std::size_t i = 0; i < headers.size(); ++i) {
    headers[i].nonce = static_cast<std::uint32_t>(i);
    headers[i].prev = id_of(static_cast<std::uint8_t>(i));
  }
  const Bytes raw = encode_headers(headers);
  CHECK(raw.size() <= kMaxHeadersSize);
  CHECK(decode_headers(raw).value() == headers);
  CHECK(decode_headers(encode_headers({})).value().empty());
  headers.emplace_back();
  CHECK_FALSE(decode_headers(encode_headers(headers)));
}

TEST_CASE("headers that are cut short are refused") {
  const Bytes raw = encode_headers(std::vector<BlockHeader>(3));
  for (std::size_t size = 0; size < raw.size(); ++size) {
    CHECK_FALSE(decode_headers(ByteView(raw).first(size)));
  }
  CHECK_FALSE(decode_headers(hex_decode("82014102").value()));  // one byte of a header
}
