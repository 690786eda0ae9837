#include "files/listing.h"

#include <dirent.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/system_error.h"
#include "files/walk.h"

namespace p2p::files {

namespace {

/// Entries are read this much at a time: a few hundred, as many as a system call is good for.
constexpr std::size_t kReadSize = 32 * 1024;

/// Names are kept in pages, so that memory grows, and is given back, by and by.
constexpr std::size_t kPageSize = 256 * 1024;

/// Of a record, before the name: kind, and the name's size in two bytes.
constexpr std::size_t kHeadSize = 3;

/// The kind as the directory knows it; some file systems do not say.
Result<Kind> kind_of(int directory, const dirent64& entry) {
  switch (entry.d_type) {
    case DT_REG:
      return Kind::regular;
    case DT_DIR:
      return Kind::directory;
    case DT_LNK:
      return Kind::symlink;
    case DT_UNKNOWN:
      break;
    default:
      return Kind::other;
  }
  P2P_TRY(const Status status, status_at(directory, entry.d_name, false));
  return status.kind;
}

}  // namespace

Result<Listing> Listing::read(int directory,
                              const std::function<bool(std::string_view)>& leave_out) {
  Listing listing;
  alignas(dirent64) std::array<char, kReadSize> buffer;
  for (;;) {
    const ssize_t got = ::getdents64(directory, buffer.data(), buffer.size());
    if (got < 0) return system_failure(errno);
    if (got == 0) break;
    for (ssize_t at = 0; at < got;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
      at += entry->d_reclen;
      const std::string_view name = entry->d_name;
      if (name == "." || name == ".." || (leave_out && leave_out(name))) continue;
      P2P_TRY(const Kind kind, kind_of(directory, *entry));
      P2P_CHECK(listing.add(name, kind));
    }
  }
  listing.sort();
  return listing;
}

Result<void> Listing::add(std::string_view name, Kind kind) {
  const std::size_t size = kHeadSize + name.size();
  if (pages_.empty() || pages_.back().size() + size > kPageSize) {
    if (pages_.size() == UINT32_MAX / kPageSize) return fail(Code::limit, "too many entries");
    pages_.emplace_back();
    // The first page grows as it must: most directories are small.
    if (pages_.size() > 1) pages_.back().reserve(kPageSize);
  }
  Bytes& page = pages_.back();
  page.push_back(static_cast<std::uint8_t>(kind));
  page.push_back(static_cast<std::uint8_t>(name.size()));
  page.push_back(static_cast<std::uint8_t>(name.size() >> 8));
  append(page, name);
  ++size_;
  return {};
}

Listing::Entry Listing::entry(std::uint32_t place) const {
  const ByteView record = ByteView(pages_[place / kPageSize]).subspan(place % kPageSize);
  const std::size_t size = record[1] | std::size_t{record[2]} << 8;
  return {as_text(record.subspan(kHeadSize, size)), static_cast<Kind>(record[0])};
}

void Listing::sort() {
  // Where the records begin: page * kPageSize + place in it.
  std::vector<std::uint32_t> places;
  places.reserve(size_);
  for (std::size_t page = 0; page < pages_.size(); ++page) {
    for (std::size_t at = 0; at < pages_[page].size();) {
      places.push_back(static_cast<std::uint32_t>(page * kPageSize + at));
      at += kHeadSize + entry(places.back()).name.size();
    }
  }
  std::ranges::sort(places, {}, [this](std::uint32_t place) { return entry(place).name; });
  Listing sorted;
  for (const auto place : places) {
    const auto next = entry(place);
    // It was all in as many pages before: there is room for as many once more.
    static_cast<void>(sorted.add(next.name, next.kind));
  }
  *this = std::move(sorted);
}

std::optional<Listing::Entry> Listing::next() {
  if (!pages_.empty() && at_ == pages_.front().size()) {
    pages_.pop_front();
    at_ = 0;
  }
  if (pages_.empty()) return std::nullopt;
  const auto next = entry(static_cast<std::uint32_t>(at_));
  at_ += kHeadSize + next.name.size();
  return next;
}

}  // namespace p2p::files
