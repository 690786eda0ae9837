// Names of files in messages, quoted as GNU programs do it, so that they can be pasted into a
// shell.
#pragma once

#include <string>
#include <string_view>

namespace p2p::hash {

/// `name` as it is where a shell would take it so; else in '…', or in "…" where it holds only a
/// single quote, with $'\n' for what cannot be printed. UTF-8 counts as printable.
std::string shell_quote(std::string_view name);

}  // namespace p2p::hash
