// Multibase: text that says how it is encoded, https://github.com/multiformats/multibase.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"

namespace p2p::multiformats {

/// The value is the prefix character.
enum class Multibase : char {
  base16 = 'f',
  base16_upper = 'F',
  base32 = 'b',
  base32_upper = 'B',
  base36 = 'k',
  base36_upper = 'K',
  base58btc = 'z',
  base64 = 'm',
  base64_pad = 'M',
  base64_url = 'u',
  base64_url_pad = 'U',
};

/// Longer texts are Code::limit: nothing we name by multibase (CIDs, keys, certificate hashes)
/// comes near it, and it bounds the work a hostile text causes.
inline constexpr std::size_t kMaxMultibaseText = 4096;

/// "base32", "base58btc", …: the table's name.
std::string_view name_of(Multibase base);
std::optional<Multibase> multibase_by_name(std::string_view name);

/// The prefix and `bytes` in that base.
std::string multibase_encode(Multibase base, ByteView bytes);

struct MultibaseText {
  Multibase base;
  Bytes bytes;
};

/// Reads any of the bases above. Bases 16, 32 and 36 take letters of either case, as the
/// specification asks; else there is one text for one value: no stray bits, no optional padding.
/// An unknown prefix is Code::unsupported.
Result<MultibaseText> multibase_decode(std::string_view text);

}  // namespace p2p::multiformats
