#include "codec/dag_json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/basen.h"
#include "base/utf8.h"

namespace p2p::codec {
namespace {

constexpr std::string_view kLinkHead = "{\"/\":\"";
constexpr std::string_view kBytesHead = "{\"/\":{\"bytes\":\"";
constexpr std::string_view kHexDigits = "0123456789abcdef";

/// A version 0 CID: sha2-256, 32 bytes.
bool is_cid_v0(ByteView cid) { return cid.size() == 34 && cid[0] == 0x12 && cid[1] == 0x20; }

/// The letter after a backslash for characters that have one, or 0.
char short_escape(char c) {
  switch (c) {
    case '\b':
      return 'b';
    case '\t':
      return 't';
    case '\n':
      return 'n';
    case '\f':
      return 'f';
    case '\r':
      return 'r';
    case '"':
    case '\\':
      return c;
    default:
      return 0;
  }
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20; }

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (const char letter = short_escape(c)) {
      out += '\\';
      out += letter;
    } else if (is_control(c)) {
      out += "\\u00";
      out += kHexDigits[static_cast<unsigned char>(c) >> 4];
      out += kHexDigits[static_cast<unsigned char>(c) & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

/// ECMAScript's Number::toString: plain digits from 1e-6 to below 1e21, else an exponent.
std::string float_text(double value) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::scientific)
                       .ptr;
  std::string_view shortest(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  std::string out;
  if (shortest.starts_with('-')) {
    out += '-';
    shortest.remove_prefix(1);
  }
  const auto e = shortest.find('e');
  std::string digits(1, shortest[0]);
  if (e > 1) digits += shortest.substr(2, e - 2);
  int exponent = 0;
  const auto sign = shortest[e + 1];
  std::from_chars(shortest.data() + e + 2, shortest.data() + shortest.size(), exponent);
  if (sign == '-') exponent = -exponent;

  const int count = static_cast<int>(digits.size());
  if (exponent >= 21 || exponent < -6) {
    out += digits[0];
    if (count > 1) out.append(".").append(digits, 1);
    return out + (exponent < 0 ? "e-" : "e+") + std::to_string(std::abs(exponent));
  }
  if (exponent < 0) {
    return out + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  }
  if (count <= exponent + 1) {
    return out + digits + std::string(static_cast<std::size_t>(exponent + 1 - count), '0') + ".0";
  }
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  return out.append(digits, 0, whole).append(".").append(digits, whole);
}

std::string integer_text(const Integer& integer) {
  if (!integer.negative) return std::to_string(integer.n);
  if (integer.n == UINT64_MAX) return "-18446744073709551616";
  return "-" + std::to_string(integer.n + 1);
}

std::string link_text(ByteView cid) {
  return is_cid_v0(cid) ? base58_encode(cid) : "b" + base32_encode(cid);
}

/// The strict walk over one block. A listener is told of every value (codec/value_builder.h).
template <class Listener>
class Walk {
 public:
  Walk(ByteView block, Listener& listener) : in_(as_text(block)), listener_(listener) {}

  Result<void> run() {
    P2P_CHECK(value());
    while (depth_ > 0) P2P_CHECK(item());
    if (at_ != in_.size()) return broken("bytes after the value", at_);
    return {};
  }

 private:
  struct Frame {
    bool is_map = false;
    bool first = true;
    std::string last_key;
  };

  std::unexpected<Error> broken(std::string_view what, std::size_t at) const {
    if (at >= in_.size()) what = "the value is cut short";
    return fail(Code::parse, "dag-json: " + std::string(what) + " at byte " + std::to_string(at));
  }

  std::string_view rest() const { return in_.substr(at_); }
  bool take(std::string_view token) {
    if (!rest().starts_with(token)) return false;
    at_ += token.size();
    return true;
  }

  /// The next item of the innermost list or map, or its end.
  Result<void> item() {
    auto& frame = frames_[depth_ - 1];
    if (take(frame.is_map ? "}" : "]")) {
      --depth_;
      listener_.close();
      return {};
    }
    if (!frame.first && !take(",")) {
      return broken(frame.is_map ? "neither , nor }" : "neither , nor ]", at_);
    }
    if (frame.is_map) P2P_CHECK(key(frame));
    frame.first = false;
    return value();
  }

  Result<void> key(Frame& frame) {
    const auto start = at_;
    P2P_TRY(std::string name, string());
    if (!frame.first && name <= frame.last_key) {
      return broken(name == frame.last_key ? "map key that stands twice" : "map keys out of order",
                    start);
    }
    if (!take(":")) return broken("no : after a map key", at_);
    listener_.key(name);
    frame.last_key = std::move(name);
    return {};
  }

  Result<void> value() {
    if (take("null")) return listener_.null(), Result<void>();
    if (take("true")) return listener_.boolean(true), Result<void>();
    if (take("false")) return listener_.boolean(false), Result<void>();
    if (rest().starts_with(kLinkHead)) return link();
    if (rest().starts_with(kBytesHead)) return bytes();
    if (take("{")) return open(true);
    if (take("[")) return open(false);
    if (rest().starts_with('"')) {
      P2P_TRY(const std::string text, string());
      listener_.text(text);
      return {};
    }
    return number();
  }

  Result<void> open(bool is_map) {
    if (depth_ == kMaxNesting) {
      return fail(Code::limit, "dag-json: deeper than " + std::to_string(kMaxNesting) +
                                   " levels at byte " + std::to_string(at_ - 1));
    }
    if (frames_.size() == depth_) frames_.emplace_back();
    auto& frame = frames_[depth_++];
    frame.is_map = is_map;
    frame.first = true;
    listener_.open(is_map);
    return {};
  }

  Result<void> link() {
    at_ += kLinkHead.size() - 1;
    const auto start = at_;
    P2P_TRY(const std::string text, string());
    Result<Bytes> cid = text.starts_with('b') ? base32_decode(std::string_view(text).substr(1))
                                              : base58_decode(text);
    // One text for one CID: version 0 in base58, all others in base32.
    if (!cid || cid->empty() || link_text(*cid) != text) {
      return broken("link that is not a CID in its standard form", start);
    }
    if (!take("}")) return broken("map with a link beside other keys", at_);
    listener_.link(*cid);
    return {};
  }

  Result<void> bytes() {
    at_ += kBytesHead.size() - 1;
    const auto start = at_;
    P2P_TRY(const std::string text, string());
    const auto value = base64_decode(text, Base64::standard);
    if (!value) return broken("bytes that are not base64 without padding", start);
    if (!take("}}")) return broken("map with bytes beside other keys", at_);
    listener_.bytes(*value);
    return {};
  }

  Result<std::string> string() {
    const auto start = at_;
    if (!take("\"")) return broken("no string", at_);
    std::string text;
    while (at_ < in_.size() && in_[at_] != '"') {
      if (is_control(in_[at_])) return broken("control character in a string", at_);
      if (in_[at_] == '\\') {
        P2P_CHECK(escape(text));
      } else {
        text += in_[at_++];
      }
    }
    if (!take("\"")) return broken("string without an end", at_);
    if (!is_utf8(text)) return broken("text that is not UTF-8", start);
    return text;
  }

  /// One escape, which must be the one way to write its character.
  Result<void> escape(std::string& text) {
    for (int code = 0; code < 0x80; ++code) {
      const char c = static_cast<char>(code);
      if (!is_control(c) && short_escape(c) == 0) continue;
      std::string spelled;
      append_string(spelled, std::string_view(&c, 1));
      if (take(std::string_view(spelled).substr(1, spelled.size() - 2))) {
        text += c;
        return {};
      }
    }
    return broken("escape that is not the shortest way to write a character", at_);
  }

  Result<void> number() {
    const auto start = at_;
    const auto size = rest().find_first_not_of("+-.0123456789eE");
    const auto token = rest().substr(0, size);
    if (token.empty()) return broken("no value", at_);
    const bool is_float = token.find_first_of(".eE") != std::string_view::npos;
    if (is_float ? !real(token) : !integer(token)) {
      return broken(is_float ? "float not in its shortest form"
                             : "integer beyond 64 bits or not in its shortest form",
                    start);
    }
    at_ += token.size();
    return {};
  }

  bool real(std::string_view token) {
    double value = 0;
    const auto read = std::from_chars(token.data(), token.data() + token.size(), value);
    if (read.ec != std::errc() || !std::isfinite(value) || float_text(value) != token) return false;
    listener_.number(value);
    return true;
  }

  bool integer(std::string_view token) {
    if (token == "-18446744073709551616") {
      listener_.integer(true, UINT64_MAX);
      return true;
    }
    Integer value;
    value.negative = token.starts_with('-');
    const auto digits = token.substr(value.negative ? 1 : 0);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value.n);
    if (read.ec != std::errc() || (value.negative && value.n == 0)) return false;
    if (value.negative) --value.n;
    if (integer_text(value) != token) return false;
    listener_.integer(value.negative, value.n);
    return true;
  }

  std::string_view in_;
  std::size_t at_ = 0;
  Listener& listener_;
  std::size_t depth_ = 0;
  std::vector<Frame> frames_;
};

std::unexpected<Error> unencodable(const char* why) {
  return fail(Code::invalid_argument, std::string("dag-json has no form for ") + why);
}

Result<void> put_text(std::string& out, std::string_view text) {
  if (!is_utf8(text)) return unencodable("text that is not UTF-8");
  append_string(out, text);
  return {};
}

/// Recursion is bounded by `depth`, the number of lists and maps around `value`.
Result<void> encode(std::string& out, const Value& value, std::size_t depth);

Result<void> put_map(std::string& out, const Value::Map& map, std::size_t depth) {
  std::vector<const Value::Map::value_type*> sorted;
  sorted.reserve(map.size());
  for (const auto& entry : map) sorted.push_back(&entry);
  std::ranges::sort(sorted, {},
                    [](const auto* entry) -> const std::string& { return entry->first; });
  const auto start = out.size();
  const std::string* last = nullptr;
  for (const auto* entry : sorted) {
    out += last == nullptr ? '{' : ',';
    if (last != nullptr && *last == entry->first) return unencodable("a map with a key twice");
    last = &entry->first;
    P2P_CHECK(put_text(out, entry->first));
    out += ':';
    P2P_CHECK(encode(out, entry->second, depth));
  }
  if (last == nullptr) out += '{';
  out += '}';
  const auto written = std::string_view(out).substr(start);
  if (written.starts_with(kLinkHead) || written.starts_with(kBytesHead)) {
    return unencodable("a map that reads as a link or as bytes");
  }
  return {};
}

Result<void> encode(std::string& out, const Value& value, std::size_t depth) {
  if ((value.list() || value.map()) && depth == kMaxNesting) {
    return fail(Code::limit, "deeper than " + std::to_string(kMaxNesting) + " levels");
  }
  if (value.is_null()) {
    out += "null";
  } else if (const auto* boolean = value.boolean()) {
    out += *boolean ? "true" : "false";
  } else if (const auto* integer = std::get_if<Integer>(&value.any())) {
    out += integer_text(*integer);
  } else if (const auto* number = value.number()) {
    if (!std::isfinite(*number)) return unencodable("a float that is no number");
    out += float_text(*number);
  } else if (const auto* text = value.text()) {
    return put_text(out, *text);
  } else if (const auto* bytes = value.bytes()) {
    out.append(kBytesHead).append(base64_encode(*bytes, Base64::standard)).append("\"}}");
  } else if (const auto* list = value.list()) {
    out += '[';
    for (const auto& item : *list) {
      if (&item != &list->front()) out += ',';
      P2P_CHECK(encode(out, item, depth + 1));
    }
    out += ']';
  } else if (const auto* map = value.map()) {
    return put_map(out, *map, depth + 1);
  } else if (const auto* link = value.link()) {
    if (link->cid.empty()) return unencodable("an empty link");
    out.append(kLinkHead).append(link_text(link->cid)).append("\"}");
  }
  return {};
}

}  // namespace

Result<Value> decode_dag_json(ByteView block) {
  BuildValue tree;
  P2P_CHECK(Walk(block, tree).run());
  return tree.take();
}

Result<void> walk_dag_json(ByteView block, const VisitLink& visit) {
  VisitLinks links(visit);
  return Walk(block, links).run();
}

Result<std::string> encode_dag_json(const Value& value) {
  std::string out;
  P2P_CHECK(encode(out, value, 0));
  return out;
}

}  // namespace p2p::codec
