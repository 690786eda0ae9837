// The operating system's error numbers (errno) in our vocabulary: one table for files and sockets.
#pragma once

#include "base/error.h"

namespace p2p {

/// Code::io for what nobody tells apart.
Code code_of_errno(int number);

/// The system's words: "No such file or directory".
std::string errno_text(int number);

/// The error for an errno, with the system's words.
std::unexpected<Error> system_failure(int number, std::string doing = {}, std::string subject = {});

}  // namespace p2p
