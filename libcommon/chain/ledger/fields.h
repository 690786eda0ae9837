// Strict dag-cbor, as far as blocks and transactions need it: definite lengths, shortest forms, no
// tags, no floats. Read token by token, so that nothing is built that is then thrown away.
#pragma once

#include <algorithm>
#include <string>

#include "codec/cbor.h"

namespace p2p::chain {

/// Reads one item after another; each call says what it expects, and anything else is Code::parse.
class FieldReader {
 public:
  explicit FieldReader(ByteView raw) : reader_(raw) {}

  Result<std::uint64_t> integer() {
    P2P_TRY(const auto token, expect(codec::CborToken::Kind::unsigned_integer, "an integer"));
    return token.value;
  }
  /// Borrowed from the input.
  Result<ByteView> bytes(std::size_t max_size) {
    P2P_TRY(const auto token, expect(codec::CborToken::Kind::bytes, "bytes"));
    if (token.bytes.size() > max_size) {
      return fail(Code::parse, "bytes longer than " + std::to_string(max_size));
    }
    return token.bytes;
  }
  template <std::size_t N>
  Result<void> bytes_into(std::array<std::uint8_t, N>& out) {
    P2P_TRY(const ByteView raw, bytes(N));
    if (raw.size() != N) return fail(Code::parse, "not " + std::to_string(N) + " bytes");
    std::copy(raw.begin(), raw.end(), out.begin());
    return {};
  }
  /// Borrowed from the input; not checked to be UTF-8.
  Result<std::string_view> text(std::size_t max_size) {
    P2P_TRY(const auto token, expect(codec::CborToken::Kind::text, "text"));
    if (token.bytes.size() > max_size) return fail(Code::parse, "text is too long");
    return token.text();
  }
  Result<std::uint64_t> array(std::uint64_t max_items) {
    P2P_TRY(const auto token, expect(codec::CborToken::Kind::array, "an array"));
    if (token.value > max_items) return fail(Code::parse, "an array of too many items");
    return token.value;
  }
  Result<std::uint64_t> map(std::uint64_t max_pairs) {
    P2P_TRY(const auto token, expect(codec::CborToken::Kind::map, "a map"));
    if (token.value > max_pairs) return fail(Code::parse, "a map of too many entries");
    return token.value;
  }
  Result<void> key(std::string_view name) {
    P2P_TRY(const std::string_view found, text(name.size()));
    if (found != name) return fail(Code::parse, "key " + std::string(name) + " is missing");
    return {};
  }
  /// One whole item of any kind, as it is.
  Result<ByteView> item() {
    const ByteView rest = reader_.rest();
    const std::size_t start = reader_.offset();
    P2P_CHECK(reader_.skip());
    return rest.first(reader_.offset() - start);
  }
  Result<void> end() const {
    if (!reader_.at_end()) return fail(Code::parse, "bytes after the end");
    return {};
  }

 private:
  Result<codec::CborToken> expect(codec::CborToken::Kind kind, std::string_view what) {
    P2P_TRY(auto token, reader_.next());
    if (token.kind != kind || token.indefinite || !token.minimal()) {
      return fail(Code::parse, std::string(what) + " expected at byte " +
                                   std::to_string(token.offset) + ", in its shortest form");
    }
    return token;
  }

  codec::CborReader reader_;
};

}  // namespace p2p::chain
