#include "car_out.h"

#include "base/path.h"
#include "mode.h"

namespace p2p::hash {

void CarOut::declare(cli::Command& command) {
  command
      .text("--car", "FILE", path_,
            "write all blocks to FILE, too, as a CAR with the CIDs as its roots; - is standard "
            "output, and the lines go to standard error",
            cli::Complete::file)
      .number("--car-version", "N", version_, {1, 2},
              "1, or 2 with an index, which needs a regular file");
}

Result<void> CarOut::left_out() const {
  P2P_CHECK(only_with(wanted(), "--car", "with --cid"));
  return only_with(version_ != 1, "--car-version", "with --car");
}

Result<void> CarOut::begin(cli::Console& console) {
  if (!wanted()) return only_with(version_ != 1, "--car-version", "with --car");
  random_ = crypto::system_random();
  if (to_stdout()) {
    if (version_ == 2) return usage("--car-version 2 cannot go to a pipe: its index comes first");
    if (console.format() != record::Format::text) {
      return usage("--car - leaves no place for records");
    }
    P2P_CHECK(refuse_terminal(console));
    builder_ = std::make_unique<files::CarBuilder>(*random_, files::temporary_folder());
    return {};
  }
  P2P_TRY(auto file, files::OutputFile::create(*path_));
  file_.emplace(std::move(file));
  if (version_ == 2 && !file_->regular()) {
    return usage("--car-version 2 needs a regular file");
  }
  // The temporary copy of all blocks is as large as the result, so it goes where that goes.
  builder_ = std::make_unique<files::CarBuilder>(
      *random_, file_->regular() ? folder_of(*path_) : files::temporary_folder());
  return {};
}

content::BlockSink CarOut::sink() { return wanted() ? builder_->sink() : content::BlockSink(); }

Result<void> CarOut::finish(cli::Console& console, const std::vector<multiformats::Cid>& roots,
                            bool single_blocks) {
  using Reach = files::CarBuilder::Reach;
  const auto reach = single_blocks ? Reach::roots : Reach::dag;
  P2P_CHECK(builder_->finish());
  if (to_stdout()) {
    return builder_->write_v1(roots, reach, [&](ByteView bytes) -> Result<void> {
      console.out().write(bytes);
      return {};
    });
  }
  if (version_ == 2) {
    P2P_CHECK(builder_->write_v2(roots, reach, *file_));
  } else {
    P2P_CHECK(
        builder_->write_v1(roots, reach, [&](ByteView bytes) { return file_->write(bytes); }));
  }
  return file_->commit();
}

}  // namespace p2p::hash
