#include "codec/bencode.h"

#include <array>
#include <charconv>
#include <string>

namespace p2p::codec {
namespace {

using detail::BencodeToken;
using Kind = BencodeNode::Kind;

// The kind of a token that ends a list, a dictionary or the document.
constexpr std::uint32_t kEnd = 4;

constexpr bool is_digit(std::uint8_t c) { return c >= '0' && c <= '9'; }

std::uint32_t number_of(Kind kind) { return static_cast<std::uint32_t>(kind); }

/// The digits of a decimal number at the front of `text`, as many as there are.
std::size_t count_digits(ByteView text) {
  std::size_t n = 0;
  while (n < text.size() && is_digit(text[n])) ++n;
  return n;
}

}  // namespace

class BencodeDecoder {
 public:
  explicit BencodeDecoder(ByteView in) { document_.bytes_ = in; }

  Result<BencodeDocument> run() {
    if (in().size() > kMaxBencodeSize) {
      return fail(Code::limit, "larger than " + std::to_string(kMaxBencodeSize) + " bytes");
    }
    do {
      P2P_CHECK(step());
    } while (depth_ > 0);
    P2P_CHECK(push(kEnd));
    if (at_ < in().size()) note_flaw("bytes after the value", at_);
    return std::move(document_);
  }

 private:
  struct Frame {
    std::uint32_t token;
    bool is_dict;
    bool value_due;  ///< of a dictionary: its key has been read
    bool has_key;
    ByteView last_key;
  };

  ByteView in() const { return document_.bytes_; }

  static std::unexpected<Error> broken(std::string what, std::size_t offset) {
    return fail(Code::parse, std::move(what) + " at byte " + std::to_string(offset));
  }

  void note_flaw(const char* what, std::size_t offset) {
    if (!document_.flaw_) {
      document_.flaw_ = std::string(what) + " at byte " + std::to_string(offset);
    }
  }

  Result<void> push(std::uint32_t kind) {
    if (document_.tokens_.size() > kMaxBencodeTokens) {
      return fail(Code::limit, "more than " + std::to_string(kMaxBencodeTokens) + " values");
    }
    document_.tokens_.push_back({static_cast<std::uint32_t>(at_), 1, kind});
    return {};
  }

  /// Reads one value, or one end.
  Result<void> step() {
    if (at_ == in().size()) return broken("cut short", at_);
    const auto c = in()[at_];
    Frame* frame = depth_ > 0 ? &frames_[depth_ - 1] : nullptr;
    if (c == 'e' && frame) return close(*frame);
    if (frame && frame->is_dict) {
      if (!frame->value_due) return key(*frame);
      frame->value_due = false;
    }
    if (is_digit(c)) {
      P2P_CHECK(string());
      return {};
    }
    if (c == 'i') return integer();
    if (c == 'l' || c == 'd') return open(c == 'd');
    return broken("no value", at_);
  }

  Result<void> open(bool is_dict) {
    if (depth_ == frames_.size()) {
      return fail(Code::limit, "deeper than " + std::to_string(kMaxBencodeDepth) +
                                   " levels at byte " + std::to_string(at_));
    }
    const auto token = static_cast<std::uint32_t>(document_.tokens_.size());
    P2P_CHECK(push(number_of(is_dict ? Kind::dict : Kind::list)));
    frames_[depth_++] = {token, is_dict, false, false, {}};
    ++at_;
    return {};
  }

  Result<void> close(const Frame& frame) {
    if (frame.value_due) return broken("key without a value", at_);
    P2P_CHECK(push(kEnd));
    auto& tokens = document_.tokens_;
    tokens[frame.token].next = static_cast<std::uint32_t>(tokens.size()) - frame.token;
    --depth_;
    ++at_;
    return {};
  }

  Result<void> key(Frame& frame) {
    const std::size_t offset = at_;
    if (!is_digit(in()[at_])) return broken("key that is no string", at_);
    P2P_TRY(const ByteView key, string());
    if (frame.has_key && !less(frame.last_key, key)) {
      note_flaw(equal(frame.last_key, key) ? "key that stands twice" : "unsorted key", offset);
    }
    frame.last_key = key;
    frame.has_key = true;
    frame.value_due = true;
    return {};
  }

  Result<ByteView> string() {
    const ByteView rest = in().subspan(at_);
    const std::size_t digits = count_digits(rest);
    std::size_t size = 0;
    const auto* text = reinterpret_cast<const char*>(rest.data());
    const auto [end, error] = std::from_chars(text, text + digits, size);
    if (error != std::errc()) return broken("length out of range", at_);
    if (digits == rest.size()) return broken("cut short", in().size());
    if (rest[digits] != ':') return broken("length without a colon", at_ + digits);
    const ByteView body = rest.subspan(digits + 1);
    if (size > body.size()) return broken("string that is cut short", at_);
    if (digits > 1 && rest[0] == '0') note_flaw("needless zero", at_);
    P2P_CHECK(push(number_of(Kind::string)));
    at_ += digits + 1 + size;
    return body.first(size);
  }

  Result<void> integer() {
    const ByteView rest = in().subspan(at_ + 1);
    const std::size_t sign = !rest.empty() && rest[0] == '-' ? 1 : 0;
    const std::size_t digits = count_digits(rest.subspan(sign));
    const std::size_t size = sign + digits;
    if (size == rest.size()) return broken("cut short", in().size());
    if (digits == 0) return broken("integer without digits", at_);
    if (rest[size] != 'e') return broken("integer without an end", at_ + 1 + size);
    std::int64_t value = 0;
    const auto* text = reinterpret_cast<const char*>(rest.data());
    const auto [end, error] = std::from_chars(text, text + size, value);
    if (error != std::errc()) return broken("integer beyond 64 bits", at_);
    if (rest[sign] == '0' && digits > 1) note_flaw("needless zero", at_);
    if (sign == 1 && value == 0) note_flaw("minus zero", at_);
    P2P_CHECK(push(number_of(Kind::integer)));
    at_ += 1 + size + 1;
    return {};
  }

  BencodeDocument document_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::array<Frame, kMaxBencodeDepth> frames_;
};

Result<BencodeDocument> decode_bencode(ByteView in) { return BencodeDecoder(in).run(); }

ByteView BencodeNode::raw() const {
  return {bytes_ + token_->offset, bytes_ + token_[token_->next].offset};
}

std::optional<std::int64_t> BencodeNode::integer() const {
  if (kind() != Kind::integer) return std::nullopt;
  const auto text = as_text(raw());
  std::int64_t value = 0;  // the decoder has seen that it fits
  std::from_chars(text.data() + 1, text.data() + text.size() - 1, value);
  return value;
}

std::optional<ByteView> BencodeNode::string() const {
  if (kind() != Kind::string) return std::nullopt;
  const ByteView all = raw();
  return all.subspan(count_digits(all) + 1);
}

BencodeNode::Items BencodeNode::inside() const {
  return {bytes_, token_ + 1, token_ + token_->next - 1};
}

BencodeNode::Items BencodeNode::items() const {
  if (!is_list()) return {bytes_, token_, token_};
  return inside();
}

BencodeNode::Entries BencodeNode::entries() const {
  if (!is_dict()) return Entries({bytes_, token_, token_});
  return Entries(inside());
}

BencodeEntry BencodeNode::Entries::Iterator::operator*() const {
  auto value = at_;
  ++value;
  return {*(*at_).string(), *value};
}

std::optional<BencodeNode> BencodeNode::find(std::string_view key) const {
  for (const auto [name, value] : entries()) {
    if (as_text(name) == key) return value;
  }
  return std::nullopt;
}

BencodeWriter& BencodeWriter::integer(std::int64_t value) {
  append(out_, "i" + std::to_string(value) + "e");
  ++tokens_;
  return *this;
}

BencodeWriter& BencodeWriter::string(ByteView value) {
  string_of(value.size());
  append(out_, value);
  return *this;
}

BencodeWriter& BencodeWriter::string_of(std::size_t size) {
  append(out_, std::to_string(size) + ":");
  ++tokens_;
  return *this;
}

BencodeWriter& BencodeWriter::mark(char c) {
  out_.push_back(static_cast<std::uint8_t>(c));
  ++tokens_;
  return *this;
}

}  // namespace p2p::codec
