#include "files/spool.h"

#include <algorithm>
#include <array>

#include "base/endian.h"

namespace p2p::files {

namespace {

/// What is read at a time, unless one record is larger.
constexpr std::size_t kReadSize = 64 * 1024;

using Head = std::array<std::uint8_t, 4>;

}  // namespace

Result<std::uint64_t> Spool::append(ByteView record) {
  Head head;
  store_le(head.data(), static_cast<std::uint32_t>(record.size()));
  window_.clear();
  P2P_TRY(const auto place, file_.append(head));
  P2P_CHECK(file_.append(record));
  return place;
}

Result<ByteView> Spool::bytes_at(std::uint64_t place, std::size_t size) {
  const bool there = place >= window_place_ && size <= window_.size() &&
                     place - window_place_ <= window_.size() - size;
  if (!there) {
    window_.resize(std::max(kReadSize, size));
    window_place_ = place;
    P2P_TRY(const auto got, file_.read_at(place, window_));
    window_.resize(got);
    if (got < size) return fail(Code::corrupt, "a temporary file has shrunk");
  }
  return ByteView(window_).subspan(static_cast<std::size_t>(place - window_place_), size);
}

Result<std::optional<Spool::Record>> Spool::read(std::uint64_t place) {
  if (place >= file_.size()) return std::nullopt;
  P2P_TRY(const auto head, bytes_at(place, sizeof(Head)));
  const std::size_t size = load_le<std::uint32_t>(head.data());
  P2P_TRY(const auto whole, bytes_at(place, sizeof(Head) + size));
  return Record{whole.subspan(sizeof(Head)), place + whole.size()};
}

}  // namespace p2p::files
