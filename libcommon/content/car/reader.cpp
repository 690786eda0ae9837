#include "content/car/reader.h"

#include <algorithm>

#include "base/varint.h"

namespace p2p::car {

using multiformats::Cid;

std::unexpected<Error> Reader::broken(std::string what, std::uint64_t at) const {
  return fail(Code::parse, std::move(what) + " at byte " + std::to_string(at));
}

void Reader::enter(Stage stage, std::uint64_t size) {
  stage_ = stage;
  size_ = static_cast<std::size_t>(size);
  pending_.clear();
  if (stage == Stage::header_length || stage == Stage::section_length) unit_start_ = at_;
}

void Reader::enter_gap(std::uint64_t size, Stage next) {
  if (size == 0) return enter(next);
  stage_ = Stage::gap;
  gap_ = size;
  next_ = next;
}

void Reader::skip(std::uint64_t bytes) {
  bytes = std::min(bytes, to_skip());
  at_ += bytes;
  gap_ -= bytes;
  if (stage_ == Stage::gap && gap_ == 0) {
    enter(next_);
    if (next_ == Stage::section_length) after_section();
  }
}

Result<void> Reader::feed(ByteView data) {
  while (!data.empty()) P2P_CHECK(advance(data));
  return {};
}

/// Takes at least one byte of `data`.
Result<void> Reader::advance(ByteView& data) {
  switch (stage_) {
    case Stage::header_length: {
      P2P_TRY(const auto size, take_varint(data));
      return size ? on_header_length(*size) : Result<void>();
    }
    case Stage::header: {
      const auto unit = take_unit(data);
      return unit ? on_header(*unit) : Result<void>();
    }
    case Stage::v2_header: {
      const auto unit = take_unit(data);
      return unit ? on_v2_header(*unit) : Result<void>();
    }
    case Stage::gap: {
      const auto size = std::min<std::uint64_t>(gap_, data.size());
      data = data.subspan(static_cast<std::size_t>(size));
      skip(size);
      return {};
    }
    case Stage::section_length: {
      P2P_TRY(const auto size, take_varint(data));
      return size ? on_section_length(*size) : Result<void>();
    }
    case Stage::section: {
      const auto unit = take_unit(data);
      return unit ? on_section(*unit) : Result<void>();
    }
    case Stage::padding: {
      const auto stray = std::ranges::find_if(data, [](std::uint8_t byte) { return byte != 0; });
      if (stray != data.end()) {
        return broken("bytes after the data of a CARv2 without an index",
                      at_ + static_cast<std::uint64_t>(stray - data.begin()));
      }
      at_ += data.size();
      data = {};
      return {};
    }
    case Stage::index:
      at_ += data.size();
      return listener_.on_index(std::exchange(data, {}));
  }
  return {};
}

/// A varint, once all of it is there.
Result<std::optional<std::uint64_t>> Reader::take_varint(ByteView& data) {
  while (!data.empty()) {
    pending_.push_back(data.front());
    data = data.subspan(1);
    ++at_;
    const auto varint = peek_varint(pending_);
    if (!varint) return broken("a length that is no varint below 2^63", unit_start_);
    if (*varint) return (*varint)->value;
  }
  return std::nullopt;
}

/// The next size_ bytes, once all are there: from `data` itself where it has them. Memory follows
/// what has come, not what was announced.
std::optional<ByteView> Reader::take_unit(ByteView& data) {
  const auto missing = size_ - pending_.size();
  const auto part = data.first(std::min(missing, data.size()));
  data = data.subspan(part.size());
  at_ += part.size();
  if (part.size() == size_) return part;
  append(pending_, part);
  if (pending_.size() < size_) return std::nullopt;
  return pending_;
}

Result<void> Reader::on_header_length(std::uint64_t size) {
  if (size == 0) return broken("not a CAR: an empty header", unit_start_);
  if (size > kMaxHeaderSize) {
    return fail(Code::limit, "not a CAR, or one whose header is larger than " +
                                 std::to_string(kMaxHeaderSize) + " bytes");
  }
  if (data_end_ && size > *data_end_ - std::min(*data_end_, at_)) {
    return broken("a header that runs past the data's end", unit_start_);
  }
  enter(Stage::header, size);
  return {};
}

Result<void> Reader::on_header(ByteView cbor) {
  P2P_TRY(auto decoded, decode_header(cbor));
  if (decoded.version == 2) {
    if (header_.v2) return broken("a CARv2 within a CARv2", unit_start_);
    if (at_ != kPragma.size()) return broken("a CARv2 header of another form", unit_start_);
    enter(Stage::v2_header, kV2HeaderSize);
    return {};
  }
  header_.roots = std::move(decoded.roots);
  header_.data_offset = unit_start_;
  P2P_CHECK(listener_.on_header(header_));
  enter(Stage::section_length);
  after_section();
  return {};
}

Result<void> Reader::on_v2_header(ByteView bytes) {
  P2P_TRY(header_.v2, decode_v2_header(bytes));
  header_.version = 2;
  data_end_ = header_.v2->data_offset + header_.v2->data_size;
  enter_gap(header_.v2->data_offset - at_, Stage::header_length);
  return {};
}

Result<void> Reader::on_section_length(std::uint64_t size) {
  if (size == 0) return broken("an empty section", unit_start_);
  if (size > kMaxSectionSize) {
    return fail(Code::limit, "a section of " + std::to_string(size) + " bytes, where " +
                                 std::to_string(kMaxSectionSize) + " are allowed, at byte " +
                                 std::to_string(unit_start_));
  }
  if (data_end_ && (at_ > *data_end_ || size > *data_end_ - at_)) {
    return broken("a section that runs past the data's end", unit_start_);
  }
  section_size_ = size;
  enter(Stage::section, skip_blocks_ ? std::min<std::uint64_t>(size, kMaxCidSize) : size);
  return {};
}

Result<void> Reader::on_section(ByteView bytes) {
  const auto start = at_ - bytes.size();
  Section section;
  section.offset = unit_start_;
  ByteView rest = bytes;
  auto cid = Cid::read(rest);
  if (!cid) return broken("a section whose CID cannot be read (" + cid.error().why + ")", start);
  section.cid = std::move(*cid);
  const auto cid_size = bytes.size() - rest.size();
  section.block_offset = start + cid_size;
  section.block_size = section_size_ - cid_size;
  if (!skip_blocks_) section.block = rest;
  P2P_CHECK(listener_.on_section(section));
  const auto left = section_size_ - bytes.size();
  enter_gap(left, Stage::section_length);
  if (left == 0) after_section();
  return {};
}

/// At the end of a version 2's data: what comes behind it.
void Reader::after_section() {
  if (!data_end_ || at_ != *data_end_) return;
  if (header_.v2->index_offset == 0) return enter(Stage::padding);
  enter_gap(header_.v2->index_offset - at_, Stage::index);
}

Result<void> Reader::finish() {
  if (at_ == 0) return fail(Code::parse, "not a CAR: it is empty");
  const auto cut = [&](const char* what) {
    return fail(Code::parse, "cut short at byte " + std::to_string(at_) + ", within " + what +
                                 " that starts at byte " + std::to_string(unit_start_));
  };
  switch (stage_) {
    case Stage::header_length:
    case Stage::header:
      if (!data_end_) return fail(Code::parse, "not a CAR, or cut short within its header");
      return cut("the header");
    case Stage::v2_header:
      return cut("the CARv2 header");
    case Stage::gap:
      if (next_ == Stage::section_length) return cut("the section");
      return cut("the CARv2 file");
    case Stage::section_length:
      if (!pending_.empty()) return cut("the section");
      if (data_end_) return cut("the CARv2 data");
      return {};
    case Stage::section:
      return cut("the section");
    case Stage::padding:
    case Stage::index:
      return {};
  }
  return {};
}

}  // namespace p2p::car
