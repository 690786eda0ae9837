// What p2p-hash says about the files it was given, in sha256sum's words or as records.
#pragma once

#include <string>
#include <string_view>

#include "cli/console.h"
#include "record/record.h"

namespace p2p::hash {

/// `p2p-hash: NAME: why` on stderr, the name quoted for a shell where it needs to be; with --json
/// or
/// --cbor an error record too.
void complain(cli::Console& console, const std::string& name, const Error& error);

/// Sets `path`, and `path_raw` where the name is not UTF-8.
void set_path(record::Record& record, const std::string& name);

/// "NAME: OK" or whatever the word is, as -c prints it: a newline in the name is escaped, for only
/// that would make two lines of one, and coreutils leaves all else as it is.
void say_word(cli::Console& console, const std::string& name, std::string_view word);
/// OK, unless --quiet, or with `why` FAILED; otherwise the same as a `verdict` record.
void say_verdict(cli::Console& console, const std::string& name, const Error* why);

}  // namespace p2p::hash
