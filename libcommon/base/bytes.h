// Byte strings: the one vocabulary for owned and borrowed bytes.
//
// What stands in `base/` is in namespace p2p itself, for every layer speaks it.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace p2p {

/// Owned bytes.
using Bytes = std::vector<std::uint8_t>;
/// Borrowed bytes: valid only as long as their owner, never stored across a suspension.
using ByteView = std::span<const std::uint8_t>;
/// Borrowed bytes to write into.
using MutableBytes = std::span<std::uint8_t>;

/// The bytes of `text`, borrowed.
inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// `bytes` as text, borrowed; no encoding is checked.
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline Bytes to_bytes(ByteView view) { return Bytes(view.begin(), view.end()); }
inline Bytes to_bytes(std::string_view text) { return to_bytes(as_bytes(text)); }
inline std::string to_text(ByteView bytes) { return std::string(as_text(bytes)); }

inline void append(Bytes& out, ByteView more) { out.insert(out.end(), more.begin(), more.end()); }
inline void append(Bytes& out, std::string_view more) { append(out, as_bytes(more)); }

/// Equal in length and content. Not constant time: for public data only.
inline bool equal(ByteView a, ByteView b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

/// Bytewise lexicographic order, as dag-pb and dag-cbor sort by.
inline bool less(ByteView a, ByteView b) { return as_text(a) < as_text(b); }

}  // namespace p2p
