// Reading what is named on the command line: files, and "-" for standard input.
#pragma once

#include <string>

#include "base/error.h"
#include "cli/console.h"
#include "cli/progress.h"
#include "files/file.h"

namespace p2p::hash {

/// Streams files, one at a time, with one progress line.
class Source {
 public:
  explicit Source(cli::Console& console);

  /// Hands all bytes of `name` to `take`, in pieces of at most files::kPieceSize. An error's `why`
  /// is the system's own words.
  Result<void> read(const std::string& name, const files::File::Take& take);

 private:
  cli::Console& console_;
  cli::Progress progress_;
};

}  // namespace p2p::hash
