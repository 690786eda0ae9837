// UTF-8, RFC 3629: what may stand in a text field, and what to put where it does not.
#pragma once

#include <string>
#include <string_view>

namespace p2p {

/// Whether all of `text` is well-formed: no overlong forms, no surrogates, nothing past U+10FFFF.
bool is_utf8(std::string_view text);

/// `text` with each ill-formed byte replaced by U+FFFD; well-formed text comes back unchanged.
std::string repair_utf8(std::string_view text);

/// The length of the well-formed character at the front of `text`; 0 where there is none.
std::size_t utf8_length(std::string_view text);

}  // namespace p2p
