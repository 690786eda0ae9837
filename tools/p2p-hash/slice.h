// Proofs that a range of bytes belongs to a BLAKE3 hash: Bao slices, content/bao.h.
#pragma once

#include <optional>
#include <string>

#include "cli/console.h"
#include "cli/exit_status.h"
#include "crypto/hash.h"
#include "files/file.h"
#include "options.h"
#include "range.h"

namespace p2p::hash {

/// Writes the slice of the range of the one file in `options`, and says the file's hash on stderr.
Result<cli::ExitStatus> prove_slice(cli::Console& console, const Options& options,
                                    const RangeSpec& range);

/// Checks the slice in the file `name` as it is read, and gives `take` the bytes that it proves.
/// Without `range` it is that of the whole content.
Result<void> check_slice(const std::string& name, const crypto::Digest32& root,
                         const std::optional<RangeSpec>& range, const files::File::Take& take);

}  // namespace p2p::hash
