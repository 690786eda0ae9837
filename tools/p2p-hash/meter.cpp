#include "meter.h"

#include <chrono>

#include "base/path.h"
#include "files/listing.h"
#include "files/walk.h"

namespace p2p::hash {

namespace {

Time now() {
  return Time(
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

/// `depth` is how many folders are gone through with this one.
std::optional<std::uint64_t> size_below(const std::string& path, bool recursive,
                                        std::size_t depth = 1) {
  const auto status = files::path_status(path);
  if (!status) return 0;
  if (status->kind == files::Kind::regular) return status->size;
  if (status->kind != files::Kind::directory) return std::nullopt;
  if (!recursive) return 0;
  std::uint64_t total = 0;
  auto listing = files::Listing::of(path, depth);
  while (listing) {
    const auto entry = listing->next();
    if (!entry || !*entry) break;
    const auto [name, kind] = **entry;
    const bool counts = kind == files::Kind::regular || kind == files::Kind::directory;
    if (!counts) continue;
    total += size_below(join_path(path, std::string(name)), true, depth + 1).value_or(0);
  }
  return total;
}

}  // namespace

Meter::Meter(cli::Console& console) : console_(console), progress_(console) {}

void Meter::begin(std::string what, std::optional<std::uint64_t> total) {
  const std::lock_guard lock(mutex_);
  done_ = 0;
  progress_.begin(std::move(what), total, now());
}

void Meter::advance(std::uint64_t bytes) {
  const std::uint64_t done = done_ += bytes;
  if (!visible()) return;
  // Whoever holds it is drawing already.
  if (const std::unique_lock lock(mutex_, std::try_to_lock); lock) progress_.update(done, now());
}

void Meter::hide() {
  const std::lock_guard lock(mutex_);
  progress_.end();
}

void Meter::flush() {
  if (console_.out().empty()) return;
  hide();
  console_.out().flush();
}

std::string describe(const std::vector<std::string>& names) {
  return names.size() == 1 ? names.front() : std::to_string(names.size()) + " files";
}

std::optional<std::uint64_t> total_size(const std::vector<std::string>& names, bool recursive) {
  std::uint64_t total = 0;
  for (const auto& name : names) {
    const auto size = name == "-" ? std::nullopt : size_below(name, recursive);
    if (!size) return std::nullopt;
    total += *size;
  }
  return total;
}

}  // namespace p2p::hash
