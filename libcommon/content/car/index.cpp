#include "content/car/index.h"

#include <algorithm>

#include "base/endian.h"
#include "base/varint.h"

namespace p2p::car {

using multiformats::HashCode;

namespace {

constexpr std::size_t kOffsetSize = 8;
constexpr std::size_t kBucketHeadSize = 12;

std::unexpected<Error> malformed(const char* what) {
  return fail(Code::parse, std::string("the CARv2 index ") + what);
}

void append_count(Bytes& out, std::size_t count) {
  append_le(out, static_cast<std::uint32_t>(count));
}

}  // namespace

Result<void> IndexReader::feed(ByteView data) {
  while (!data.empty()) {
    if (stage_ == Stage::done) return malformed("is followed by stray bytes");
    if (pending_.empty() && data.size() >= size_) {
      const auto bytes = data.first(size_);
      data = data.subspan(size_);
      P2P_CHECK(unit(bytes));
      continue;
    }
    const auto part = data.first(std::min(size_ - pending_.size(), data.size()));
    append(pending_, part);
    data = data.subspan(part.size());
    if (pending_.size() < size_) return {};
    const Bytes whole = std::exchange(pending_, {});
    P2P_CHECK(unit(whole));
  }
  return {};
}

Result<void> IndexReader::unit(ByteView bytes) {
  switch (stage_) {
    case Stage::format: {
      const auto format = read_varint(bytes);
      if (!format || !bytes.empty() ||
          (*format != kIndexSorted && *format != kMultihashIndexSorted)) {
        return fail(Code::unsupported, "the CARv2 index has a format that is not known here");
      }
      stage_ = *format == kIndexSorted ? Stage::widths : Stage::codes;
      size_ = 4;
      return {};
    }
    case Stage::codes:
      codes_left_ = load_le<std::uint32_t>(bytes.data());
      next_bucket();
      return {};
    case Stage::code: {
      const auto code = load_le<std::uint64_t>(bytes.data());
      if (code_ && code <= *code_) return malformed("has its hash functions out of order");
      code_ = code;
      stage_ = Stage::widths;
      size_ = 4;
      return {};
    }
    case Stage::widths:
      --codes_left_;
      widths_left_ = load_le<std::uint32_t>(bytes.data());
      last_width_ = 0;
      next_bucket();
      return {};
    case Stage::width:
      return enter_bucket(bytes);
    case Stage::entry:
      return entry(bytes);
    case Stage::done:
      break;
  }
  return {};
}

Result<void> IndexReader::enter_bucket(ByteView bytes) {
  const auto width = load_le<std::uint32_t>(bytes.data());
  const auto size = load_le<std::uint64_t>(bytes.data() + 4);
  if (width < kOffsetSize || width > kOffsetSize + multiformats::kMaxDigestSize) {
    return malformed("has digests of an impossible length");
  }
  if (width <= last_width_) return malformed("has its digest lengths out of order");
  if (size % width != 0) return malformed("has a list that is no whole number of entries");
  --widths_left_;
  width_ = last_width_ = width;
  entries_left_ = size / width;
  last_digest_.clear();
  next_bucket();
  return {};
}

Result<void> IndexReader::entry(ByteView bytes) {
  const auto digest = bytes.first(width_ - kOffsetSize);
  if (less(digest, last_digest_)) return malformed("has its digests out of order");
  last_digest_.assign(digest.begin(), digest.end());
  --entries_left_;
  IndexEntry entry{std::nullopt, digest, load_le<std::uint64_t>(bytes.data() + digest.size())};
  if (code_) entry.code = static_cast<HashCode>(*code_);
  P2P_CHECK(take_(entry));
  next_bucket();
  return {};
}

/// What comes after a count was read or an entry taken.
void IndexReader::next_bucket() {
  if (entries_left_ > 0) {
    stage_ = Stage::entry;
    size_ = width_;
  } else if (widths_left_ > 0) {
    stage_ = Stage::width;
    size_ = kBucketHeadSize;
  } else if (codes_left_ > 0) {
    stage_ = Stage::code;
    size_ = 8;
  } else {
    stage_ = Stage::done;
  }
}

Result<void> IndexReader::finish() const {
  if (stage_ != Stage::done) return malformed("is cut short");
  return {};
}

Result<void> IndexBuilder::add(const multiformats::Multihash& hash, std::uint64_t offset) {
  if (hash.code() == HashCode::identity) return {};
  const auto width = hash.digest().size() + kOffsetSize;
  const std::pair key(hash.code(), width);
  auto at = buckets_.find(key);
  if (at == buckets_.end()) {
    if (buckets_.size() == kMaxBuckets) {
      return fail(Code::limit, "blocks of too many hash functions for one index");
    }
    at = buckets_.emplace(key, std::make_unique<Sorter>(width, scratch_)).first;
  }
  // Sorted with the offset in big-endian order, so that blocks that stand twice come in order.
  Bytes record = hash.digest();
  append_be(record, offset);
  return at->second->add(record.data());
}

Result<void> IndexBuilder::write(const std::function<Result<void>(ByteView)>& put) {
  Bytes out;
  append_varint(out, kMultihashIndexSorted);
  std::map<HashCode, std::size_t> widths;
  for (const auto& [key, sorter] : buckets_) ++widths[key.first];
  append_count(out, widths.size());
  std::optional<HashCode> code;
  for (auto& [key, sorter] : buckets_) {
    if (code != key.first) {
      code = key.first;
      append_le(out, static_cast<std::uint64_t>(key.first));
      append_count(out, widths[key.first]);
    }
    append_le(out, static_cast<std::uint32_t>(key.second));
    append_le(out, static_cast<std::uint64_t>(sorter->size() * key.second));
    P2P_TRY(auto sorted, sorter->finish());
    for (;;) {
      P2P_TRY(const auto* record, sorted.next());
      if (record == nullptr) break;
      const auto digest_size = key.second - kOffsetSize;
      append(out, ByteView(record, digest_size));
      append_le(out, load_be<std::uint64_t>(record + digest_size));
      if (out.size() < 65536) continue;
      P2P_CHECK(put(out));
      out.clear();
    }
  }
  return put(out);
}

}  // namespace p2p::car
