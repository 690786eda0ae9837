// --car: what --cid names, as a CAR.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/console.h"
#include "content/block.h"
#include "crypto/random.h"
#include "files/car_build.h"

namespace p2p::hash {

class CarOut {
 public:
  void declare(cli::Command& command);
  Result<void> left_out() const;

  /// Whether there is to be one; then `sink` needs all blocks.
  bool wanted() const { return path_.has_value(); }
  /// Whether it goes to standard output, which then has no place for anything else.
  bool to_stdout() const { return path_ == "-"; }

  /// Sees to it that it can be written, before anything is read.
  Result<void> begin(cli::Console& console);
  content::BlockSink sink();
  /// Writes it. With `single_blocks` the roots are all there is, whatever they link to.
  Result<void> finish(cli::Console& console, const std::vector<multiformats::Cid>& roots,
                      bool single_blocks);

 private:
  std::optional<std::string> path_;
  std::uint64_t version_ = 1;
  std::unique_ptr<crypto::Random> random_;
  std::optional<files::OutputFile> file_;
  std::unique_ptr<files::CarBuilder> builder_;
};

}  // namespace p2p::hash
