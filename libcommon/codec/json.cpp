#include "codec/json.h"

#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "base/utf8.h"
#include "codec/value_builder.h"

namespace p2p::codec {
namespace {

using nlohmann::json;

enum class Keys { unique, any };

/// Hands the events of nlohmann's parser to a listener (codec/value_builder.h). That parser keeps
/// no stack of its own, and so never sees more depth than is allowed here. A handler's false ends
/// the parse.
template <class Listener>
class Events final : public nlohmann::json_sax<json> {
 public:
  Events(Listener& listener, std::size_t max_depth, Keys keys)
      : listener_(listener), max_depth_(max_depth), unique_(keys == Keys::unique) {}

  bool null() override { return listener_.null(), true; }
  bool boolean(bool value) override { return listener_.boolean(value), true; }
  bool number_integer(std::int64_t value) override { return integer(Integer::of(value)); }
  bool number_unsigned(std::uint64_t value) override { return integer(Integer::of(value)); }
  bool number_float(double value, const std::string& text) override {
    if (text.find_first_of(".eE") == std::string::npos) {
      return refuse(Code::parse, "integer " + text.substr(0, 40) + " is beyond 64 bits");
    }
    return listener_.number(value), true;
  }
  bool string(std::string& value) override { return listener_.text(value), true; }
  bool binary(json::binary_t&) override { return refuse(Code::internal, "binary in JSON"); }
  bool start_object(std::size_t) override { return open(true); }
  bool start_array(std::size_t) override { return open(false); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(std::string& key) override {
    if (unique_ && !keys_.back().insert(key).second) {
      return refuse(Code::parse, "key \"" + repair_utf8(key.substr(0, 40)) + "\" stands twice");
    }
    return listener_.key(key), true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    return refuse(Code::parse, "malformed JSON at byte " + std::to_string(position));
  }

  Result<void> outcome() {
    if (error_) return fail(std::move(*error_));
    return {};
  }

 private:
  bool refuse(Code code, std::string why) {
    error_.emplace(code, std::move(why));
    return false;
  }

  bool integer(Integer value) { return listener_.integer(value.negative, value.n), true; }

  bool open(bool is_map) {
    if (keys_.size() == max_depth_) {
      return refuse(Code::limit, "JSON nests deeper than " + std::to_string(max_depth_));
    }
    keys_.emplace_back();
    return listener_.open(is_map), true;
  }

  bool close() {
    keys_.pop_back();
    return listener_.close(), true;
  }

  Listener& listener_;
  const std::size_t max_depth_;
  const bool unique_;
  std::vector<std::unordered_set<std::string>> keys_;  ///< of each list and map that is open
  std::optional<Error> error_;
};

template <class Listener>
Result<void> parse(std::string_view text, const JsonLimits& limits, Keys keys, Listener& listener) {
  if (text.size() > limits.max_size) {
    return fail(Code::limit, "JSON is longer than " + std::to_string(limits.max_size) + " bytes");
  }
  Events events(listener, limits.max_depth, keys);
  json::sax_parse(text.begin(), text.end(), &events);
  return events.outcome();
}

/// Looks for maps whose one key is "/", over text.
class LinkTexts : public IgnoreValues {
 public:
  explicit LinkTexts(const VisitLinkText& visit) : visit_(visit) {}

  void key(std::string_view name) {
    auto& map = open_.back();
    map.text.reset();
    map.may_be_link = ++map.keys == 1 && name == "/";
  }
  void text(std::string_view value) {
    if (!open_.empty() && open_.back().may_be_link) open_.back().text = value;
  }
  void open(bool) { open_.emplace_back(); }
  void close() {
    const auto link = std::move(open_.back().text);
    open_.pop_back();
    if (link) visit_(*link);
  }

 private:
  struct Level {
    std::size_t keys = 0;  ///< none in a list
    bool may_be_link = false;
    std::optional<std::string> text;
  };

  const VisitLinkText& visit_;
  std::vector<Level> open_;
};

void append_escape(std::string& out, std::uint32_t code) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kDigits[(code >> shift) & 15];
}

void append_control(std::string& out, char c) {
  switch (c) {
    case '\b':
      out += "\\b";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\r':
      out += "\\r";
      return;
    default:
      append_escape(out, static_cast<std::uint8_t>(c));
      return;
  }
}

void append_double(std::string& out, double value) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  const std::string_view written(text.data(), static_cast<std::size_t>(end - text.data()));
  out += written;
  if (written.find_first_of(".e") == std::string_view::npos) out += ".0";
}

std::unexpected<Error> unsupported(const char* what) {
  return fail(Code::unsupported, std::string("JSON has no form for ") + what);
}

/// Recursion is bounded by `depth`, the number of lists and objects around `value`.
Result<void> write(std::string& out, const Value& value, std::size_t depth) {
  if ((value.list() || value.map()) && depth == JsonLimits().max_depth) {
    return fail(Code::limit, "JSON nests deeper than " + std::to_string(depth));
  }
  if (value.is_null()) {
    out += "null";
  } else if (const auto* boolean = value.boolean()) {
    out += *boolean ? "true" : "false";
  } else if (const auto positive = value.integer<std::uint64_t>()) {
    out += std::to_string(*positive);
  } else if (const auto negative = value.integer<std::int64_t>()) {
    out += std::to_string(*negative);
  } else if (const auto* number = value.number()) {
    if (!std::isfinite(*number)) return unsupported("a float that is no number");
    append_double(out, *number);
  } else if (const auto* text = value.text()) {
    append_json_string(out, *text);
  } else if (const auto* list = value.list()) {
    out += '[';
    for (const auto& item : *list) {
      if (&item != &list->front()) out += ',';
      P2P_CHECK(write(out, item, depth + 1));
    }
    out += ']';
  } else if (const auto* map = value.map()) {
    out += '{';
    for (const auto& entry : *map) {
      if (&entry != &map->front()) out += ',';
      append_json_string(out, entry.first);
      out += ':';
      P2P_CHECK(write(out, entry.second, depth + 1));
    }
    out += '}';
  } else {
    return unsupported(value.bytes() ? "bytes" : value.link() ? "links" : "integers below -2^63");
  }
  return {};
}

}  // namespace

Result<Value> parse_json(std::string_view text, const JsonLimits& limits) {
  BuildValue tree;
  P2P_CHECK(parse(text, limits, Keys::unique, tree));
  return tree.take();
}

Result<void> walk_json_links(std::string_view text, const VisitLinkText& visit) {
  LinkTexts links(visit);
  return parse(text, {}, Keys::any, links);
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto length = utf8_length(text);
    const auto c = text.front();
    const auto character = text.substr(0, length);
    if (length == 0) {
      out += "\xef\xbf\xbd";
    } else if (length > 1) {
      if (character == "\xe2\x80\xa8" || character == "\xe2\x80\xa9") {
        append_escape(out, character.back() == '\xa8' ? 0x2028 : 0x2029);
      } else {
        out += character;
      }
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<std::uint8_t>(c) < 0x20 || c == 0x7f) {
      append_control(out, c);
    } else {
      out += c;
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

Result<void> append_json(std::string& out, const Value& value) {
  const auto before = out.size();
  auto written = write(out, value, 0);
  if (!written) out.resize(before);
  return written;
}

}  // namespace p2p::codec
