// Positional text encodings: base16, base32 (RFC 4648 lower case, unpadded, as multibase `b`),
// base36 (multibase `k`), base58btc, and base64 in its four forms. Decoders are strict: one text
// for one byte string, no white space, no stray trailing bits.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"

namespace p2p {

std::string hex_encode(ByteView bytes);
/// Accepts both cases.
Result<Bytes> hex_decode(std::string_view text);

std::string base32_encode(ByteView bytes);
/// Accepts lower case only.
Result<Bytes> base32_decode(std::string_view text);

std::string base36_encode(ByteView bytes);
/// Accepts lower case only; bounded as base58_decode is.
Result<Bytes> base36_decode(std::string_view text);

std::string base58_encode(ByteView bytes);
/// At most 1,024 characters, since the algorithm is quadratic; more is Code::limit.
Result<Bytes> base58_decode(std::string_view text);

enum class Base64 { standard, standard_padded, url, url_padded };
std::string base64_encode(ByteView bytes, Base64 form = Base64::standard_padded);
Result<Bytes> base64_decode(std::string_view text, Base64 form = Base64::standard_padded);

}  // namespace p2p
