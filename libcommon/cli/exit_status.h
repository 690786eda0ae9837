// How a tool ends: the same numbers in every tool.
#pragma once

#include "base/error.h"

namespace p2p::cli {

enum class ExitStatus : int {
  yes = 0,        ///< it worked, the answer is yes
  no = 1,         ///< the answer is no: no peer found, probe failed, checksum differs
  error = 2,      ///< usage, or an error that prevented an answer
  expired = 124,  ///< a deadline came first, as timeout(1) says it
};

/// The status of a tool that fails with `error`.
inline ExitStatus status_of(const Error& error) {
  return error.code == Code::timeout ? ExitStatus::expired : ExitStatus::error;
}

}  // namespace p2p::cli
