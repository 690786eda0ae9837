#include "source.h"

#include <chrono>
#include <optional>

namespace p2p::hash {

namespace {

/// What is read in less than this needs no flush before it: a reader downstream does not notice.
constexpr std::uint64_t kQuickSize = 1024 * 1024;

Time now() {
  return Time(
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

}  // namespace

Source::Source(cli::Console& console) : console_(console), progress_(console) {}

Result<void> Source::read(const std::string& name, const files::File::Take& take) {
  auto file = files::File::standard_input();
  if (name != "-") {
    P2P_TRY(file, files::File::open(name));
  }
  if (!file.regular() || file.size() > kQuickSize) console_.out().flush();
  if (!progress_.visible()) return file.read_all(take);

  progress_.begin(name, file.regular() ? std::optional(file.size()) : std::nullopt, now());
  std::uint64_t done = 0;
  auto result = file.read_all([&](ByteView piece) -> Result<void> {
    done += piece.size();
    progress_.update(done, now());
    return take(piece);
  });
  progress_.end();
  return result;
}

}  // namespace p2p::hash
