#include "record/reader.h"

#include <algorithm>

#include "base/utf8.h"
#include "record/decode.h"
#include "record/schema.h"

namespace p2p::record {
namespace {

bool is_space(std::uint8_t byte) {
  return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

bool is_blank(std::string_view line) { return std::ranges::all_of(as_bytes(line), is_space); }

std::unexpected<Error> too_long() {
  return fail(Code::limit, "longer than " + std::to_string(kMaxItemSize) + " bytes");
}

}  // namespace

Reader::Reader(std::string text_type) : text_type_(std::move(text_type)) {}

void Reader::feed(ByteView data) {
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(taken_));
  taken_ = 0;
  append(buffer_, data);
}

Result<std::optional<Record>> Reader::next() {
  if (failed_) return fail(*failed_);
  auto record = read();
  if (record) {
    if (*record) ++count_;
    return record;
  }
  failed_ = std::move(record.error());
  failed_->why = "record " + std::to_string(count_ + 1) + ": " + failed_->why;
  return fail(*failed_);
}

Result<std::optional<Record>> Reader::read() {
  if (!format_) {
    // Dropped as it comes, so that it makes no difference how the input is split.
    const auto first = std::ranges::find_if_not(rest(), is_space);
    taken_ += static_cast<std::size_t>(first - rest().begin());
    if (rest().empty()) return std::nullopt;
    // A CBOR map's first byte never begins UTF-8, nor is it white space.
    const auto byte = rest().front();
    const bool cbor = byte >= 0xa0 && byte <= 0xbf;
    format_ = cbor ? Format::cbor : byte == '{' ? Format::json : Format::text;
  }
  return format_ == Format::cbor ? next_item() : next_line();
}

Result<std::optional<Record>> Reader::next_line() {
  while (true) {
    const auto text = as_text(rest());
    const auto newline = text.find('\n', scanned_);
    const bool last = newline == text.npos;
    if (std::min(newline, text.size()) > kMaxItemSize) return too_long();
    if (last && (!ended_ || text.empty())) {
      scanned_ = text.size();
      return std::nullopt;
    }
    auto line = text.substr(0, newline);
    taken_ += last ? text.size() : newline + 1;
    scanned_ = 0;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (is_blank(line)) continue;
    if (format_ == Format::text) return text_record(line);
    auto record = decode_json(line);
    if (!record && last) {
      return fail(Code::parse, "cut short, or " + std::move(record.error().why));
    }
    if (!record) return fail(std::move(record.error()));
    return std::move(*record);
  }
}

Result<std::optional<Record>> Reader::next_item() {
  if (rest().empty()) return std::nullopt;
  P2P_TRY(const auto size, scanner_.scan(rest()));
  if (!size) {
    if (ended_) return fail(Code::parse, "cut short");
    return std::nullopt;
  }
  const auto item = rest().first(*size);
  taken_ += *size;
  P2P_TRY(auto record, decode_cbor(item));
  return record;
}

Record Reader::text_record(std::string_view line) const {
  Record record(text_type_);
  const auto first = line.substr(0, line.find('\t'));
  const auto* schema = find_schema(text_type_);
  if (schema == nullptr) return record;
  for (const auto& field : schema->fields) {
    if (field.column != 1) continue;
    if (field.kind == Kind::bytes) return record.set(std::string(field.name), as_bytes(first));
    return record.set(std::string(field.name), repair_utf8(first));
  }
  return record;
}

}  // namespace p2p::record
