#include "files/listing.h"

#include <dirent.h>

#include <array>
#include <cerrno>
#include <memory>

#include "base/system_error.h"
#include "files/walk.h"

namespace p2p::files {

namespace {

/// Entries are read this much at a time: a few hundred, as many as a system call is good for.
constexpr std::size_t kReadSize = 32 * 1024;

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

Result<Listing> Listing::read(int directory, const LeaveOut& leave_out, std::size_t memory) {
  Listing listing(memory);
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
      const char value = static_cast<char>(kind);
      P2P_CHECK(listing.sorter_.add(name, {&value, 1}));
    }
  }
  P2P_CHECK(listing.sorter_.finish());
  return listing;
}

Result<Listing> Listing::of(const std::string& path, std::size_t depth) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), ::closedir);
  if (!folder) return system_failure(errno);
  return read(::dirfd(folder.get()), {}, share(depth));
}

Result<std::optional<Listing::Entry>> Listing::next() {
  P2P_TRY(const auto record, sorter_.next());
  if (!record) return std::nullopt;
  return Entry{record->key, static_cast<Kind>(record->value.front())};
}

}  // namespace p2p::files
