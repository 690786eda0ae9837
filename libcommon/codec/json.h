// JSON (RFC 8259) for JSON Lines and configuration: text to and from codec::Value.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "codec/value.h"

namespace p2p::codec {

struct JsonLimits {
  /// Bytes of text: more than any record or configuration of ours takes.
  std::size_t max_size = std::size_t{16} << 20;
  std::size_t max_depth = kMaxNesting;
};

/// Decodes the one value that `text` is, surrounding white space aside. Integers are exact from
/// -2^63 to 2^64 - 1, beyond them they are refused; what is written with a point or an exponent is
/// a double. Objects keep their order; a key twice is refused, as are text that is not UTF-8, lone
/// surrogates and comments. Code::parse with the byte where it went wrong, or Code::limit.
Result<Value> parse_json(std::string_view text, const JsonLimits& limits = {});

/// Called with a link as it is written, "bafy…".
using VisitLinkText = std::function<void(std::string_view)>;

/// Calls `visit` with each link of a dag-json block (codec/dag_json.h) in whatever spelling JSON
/// has for it: the text of every map whose one key is "/". Takes what parse_json takes, and keys
/// that stand twice, but builds no tree: memory is that of the longest text, and a little for each
/// level.
Result<void> walk_json_links(std::string_view text, const VisitLinkText& visit);

/// Appends `text` as a JSON string, safe in a line of output and in a script: besides what JSON
/// asks for, U+007F, U+2028 and U+2029 are escaped. Bytes that are not UTF-8 become U+FFFD, each
/// one: what must not be lost goes out as a byte string in another form.
void append_json_string(std::string& out, std::string_view text);

/// Appends `value` without white space, on one line. Doubles take their shortest form that reads
/// back the same, and always a point or an exponent. Code::unsupported for what JSON has no form
/// for: bytes, links, floats that are no numbers, and integers below -2^63, which parse_json would
/// refuse; Code::limit for nesting deeper than JsonLimits allows. Then `out` is as before.
Result<void> append_json(std::string& out, const Value& value);

}  // namespace p2p::codec
