// --check-proof: whether the blocks in a CAR prove bytes of a CID, or a slice bytes of a hash.
#include <algorithm>

#include "base/basen.h"
#include "base/utf8.h"
#include "car_source.h"
#include "content/car/unixfs_walk.h"
#include "files/output.h"
#include "mode.h"
#include "quote.h"
#include "range.h"
#include "report.h"
#include "slice.h"

namespace p2p::hash {

namespace {

class CheckProofMode : public Mode {
 public:
  explicit CheckProofMode(const Options& options) : options_(options) {}

  void declare(cli::Command& command) override {
    command
        .option(
            "--check-proof", "CID|HASH", "",
            [this](std::string_view text) -> Result<void> {
              // No CID is 64 digits of base 16: it would begin with an f.
              if (const auto hash = hex_decode(text); hash && hash->size() == hash_.size()) {
                std::ranges::copy(*hash, hash_.begin());
                what_ = What::slice;
                return {};
              }
              auto cid = multiformats::Cid::parse(text);
              if (!cid) {
                return fail(Code::invalid_argument, "'" + repair_utf8(text) +
                                                        "' is neither a CID (" + cid.error().why +
                                                        ") nor a BLAKE3 hash of 64 digits");
              }
              cid_ = std::move(*cid);
              what_ = What::car;
              return {};
            },
            "whether FILE, a CAR, proves the bytes of CID, or a Bao slice those of the BLAKE3 "
            "HASH; with --output they are written, too")
        .option(
            "--range", "RANGE", "",
            [this](std::string_view text) -> Result<void> {
              P2P_TRY(const auto range, RangeSpec::parse(text));
              range_ = range;
              return {};
            },
            "which bytes --check-proof looks at, if not all");
  }

  std::string_view chosen() const override { return what_ ? "--check-proof" : ""; }
  Takes takes() const override { return {.output = true}; }
  Result<void> left_out() const override {
    return only_with(range_.has_value(), "--range", "with --check-proof");
  }

  Result<cli::ExitStatus> run(cli::Console& console) override {
    if (options_.files.size() != 1) return usage("--check-proof takes one FILE");
    const auto& name = options_.files.front();
    const bool to_stdout = options_.output == "-";
    std::optional<files::OutputFile> output;
    if (options_.output && !to_stdout) {
      P2P_TRY(auto created, files::OutputFile::create(*options_.output));
      output.emplace(std::move(created));
    }
    // What is written was proven before: every block is compared with the CID that leads to it.
    auto proven = check(name, [&](ByteView data) -> Result<void> {
      if (output) return output->write(data);
      if (to_stdout) console.out().write(data);
      return {};
    });
    if (proven && output) proven = output->commit();
    if (!proven && proven.error().code == Code::io) return fail(std::move(proven).error());
    if (!to_stdout) say_verdict(console, name, proven ? nullptr : &proven.error());
    if (!proven) {
      console.message(console.tool() + ": " + shell_quote(name) + ": " + proven.error().why);
      // What opening the file came to says what was being done; a missing block does not.
      const bool block = proven.error().code == Code::not_found && proven.error().doing.empty();
      if (!range_ && block) {
        console.message("hint: without --range it is asked about all bytes");
      }
    }
    return proven ? cli::ExitStatus::yes : cli::ExitStatus::no;
  }

 private:
  Result<void> check(const std::string& name, const car::FileWalk::OnData& take) const {
    if (what_ == What::slice) return check_slice(name, hash_, range_, take);
    P2P_TRY(const auto source, CarSource::open(name));
    car::ByteRange range;
    if (range_) {
      P2P_TRY(const auto root, car::read_node(source->store(), cid_));
      P2P_TRY(range, range_->in(root.size));
    }
    car::FileWalk walk(source->store(), range, {}, take);
    P2P_CHECK(walk.run(cid_));
    return {};
  }

  enum class What { car, slice };

  const Options& options_;
  std::optional<What> what_;
  multiformats::Cid cid_;
  crypto::Digest32 hash_{};
  std::optional<RangeSpec> range_;
};

}  // namespace

std::unique_ptr<Mode> check_proof_mode(const Options& options) {
  return std::make_unique<CheckProofMode>(options);
}

}  // namespace p2p::hash
