// Strict dag-json, https://ipld.io/specs/codecs/dag-json/spec: JSON that carries the whole IPLD
// data model, bytes and links as maps with the one key "/".
//
// The specification leaves the spelling of strings and floats open; here it is that of RFC 8785,
// which js-dag-json and go-ipld-prime write too, so that every value has exactly one encoding:
// - no white space, map keys sorted by their bytes, none twice;
// - in strings only what must be is escaped, as \b \t \n \f \r \" \\ or else \u00xx in lower case;
// - integers from -2^64 to 2^64 - 1 without leading zeros, and no -0;
// - floats in ECMAScript's shortest form, and ".0" behind where that is neither a point nor an
//   exponent, so that they stay floats; no NaN and no infinities;
// - links as {"/":"b…"} in base32 or as {"/":"Qm…"}; bytes as {"/":{"bytes":"…"}} in base64 without
//   padding; no other map whose first key "/" has text, or a map that begins with text under
//   "bytes".
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "codec/value.h"
#include "codec/value_builder.h"

namespace p2p::codec {

/// Decodes the one value that `block` is. What is not in the form above is Code::parse (or
/// Code::limit for the depth) with the byte offset where it goes wrong. A link's CID is only
/// decoded to its bytes, not looked into.
Result<Value> decode_dag_json(ByteView block);

/// The same checks without a tree, and calls `visit` with each link's CID, in the order of the
/// block, up to the first error.
Result<void> walk_dag_json(ByteView block, const VisitLink& visit);

/// The one encoding of `value`; maps need not be sorted. Code::invalid_argument for what has none:
/// NaN and infinities, a key twice, text that is not UTF-8, maps that look like bytes or links, and
/// links that are neither version 0 nor 1; Code::limit for the depth.
Result<std::string> encode_dag_json(const Value& value);

}  // namespace p2p::codec
