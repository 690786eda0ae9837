// --verify: content against what names it. What kind of file that is, its first bytes say.
#include "codec/bencode.h"
#include "files/file.h"
#include "mode.h"
#include "verify_car.h"
#include "verify_torrent.h"

namespace p2p::hash {

namespace {

constexpr std::size_t kHeadSize = 2;

/// A torrent is a dictionary: 'd', and then a key, which begins with its length.
bool looks_like_torrent(ByteView head) {
  return head.size() == kHeadSize && head[0] == 'd' && head[1] >= '0' && head[1] <= '9';
}

class VerifyMode : public Mode {
 public:
  explicit VerifyMode(const Options& options) : options_(options) {}

  void declare(cli::Command& command) override {
    command.usage("p2p-hash --verify TORRENT FILE").usage("p2p-hash --verify CAR [CAR]...");
    command.group("Verifying")
        .text("--verify", "TORRENT|CAR", names_,
              "check a download: FILE is what the torrent holds, or the folder that it is in, and "
              "links must point where the torrent says; of a CAR, that every block is what its CID "
              "says, and that none is missing; - is standard input",
              cli::Complete::file);
    command
        .environment("TMPDIR",
                     "where temporary files go that archives and proofs may need; else /var/tmp")
        .example("p2p-hash --verify album.torrent ~/Downloads",
                 "which files and pieces are bad or missing")
        .example("ipfs dag export CID | p2p-hash --verify -", "whether that is all of it");
  }

  std::string_view chosen() const override { return names_ ? "--verify" : ""; }

  bool defaults_to_stdin() const override { return false; }

  Result<cli::ExitStatus> run(cli::Console& console) override {
    auto file = files::File::open_operand(*names_);
    const auto head = file ? file->peek(kHeadSize).value_or(ByteView()) : ByteView();
    if (!looks_like_torrent(head)) {
      std::vector<std::string> names{*names_};
      names.insert(names.end(), options_.files.begin(), options_.files.end());
      return verify_cars(console, options_, names, std::move(file));
    }
    if (options_.files.size() != 1 || options_.files.front() == "-") {
      return usage("--verify of a torrent needs one FILE, its content");
    }
    const auto torrent = file->read_whole(codec::kMaxBencodeSize);
    if (!torrent) return fail(Error(torrent.error()).during("read", *names_));
    return verify_torrent(console, options_, *names_, *torrent, options_.files.front());
  }

 private:
  const Options& options_;
  std::optional<std::string> names_;
};

}  // namespace

std::unique_ptr<Mode> verify_mode(const Options& options) {
  return std::make_unique<VerifyMode>(options);
}

}  // namespace p2p::hash
