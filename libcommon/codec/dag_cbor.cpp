#include "codec/dag_cbor.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/utf8.h"
#include "codec/cbor.h"
#include "codec/value_builder.h"

namespace p2p::codec {
namespace {

using Kind = CborToken::Kind;

constexpr std::uint64_t kLinkTag = 42;
// Links are a byte string whose first byte says "binary" in multibase.
constexpr std::uint8_t kBinaryPrefix = 0;

/// The order of map keys: as their encodings, so shorter ones first.
bool key_less(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

std::unexpected<Error> broken(const char* what, std::size_t offset) {
  return fail(Code::parse, std::string(what) + " at byte " + std::to_string(offset));
}

/// The walk over one block, strict unless it may have any form.
template <class Builder>
class Walk {
 public:
  Walk(ByteView block, Builder& builder, Form form = Form::canonical)
      : block_(block), reader_(block), builder_(builder), strict_(form == Form::canonical) {}

  Result<void> run() {
    P2P_CHECK(value());
    while (depth_ > 0) {
      auto& frame = frames_[depth_ - 1];
      if (frame.left == 0) {
        --depth_;
        builder_.close();
        continue;
      }
      --frame.left;
      if (frame.is_map) P2P_CHECK(key(frame));
      P2P_CHECK(value());
    }
    if (!reader_.at_end()) return broken("bytes after the value", reader_.offset());
    return {};
  }

 private:
  // Without initializers: most blocks use a few of the frames, and zeroing all would cost as much
  // as the walk.
  struct Frame {
    std::uint64_t left;  ///< items, or pairs of a map
    bool is_map;
    const char* last_key;  ///< null before the first
    std::size_t last_key_size;
  };

  Result<void> read(CborToken& token) {
    if (!reader_.next(token)) return fail(reader_.next().error());
    if (token.indefinite) return broken("indefinite length", token.offset);
    if (!strict_) return {};
    if (!token.minimal()) return broken("integer or length not in its shortest form", token.offset);
    if (token.kind == Kind::text && !is_utf8(token.text())) {
      return broken("text that is not UTF-8", token.offset);
    }
    return {};
  }

  Result<void> key(Frame& frame) {
    CborToken token;
    P2P_CHECK(read(token));
    if (token.kind != Kind::text) return broken("map key that is not text", token.offset);
    const auto name = token.text();
    const std::string_view last(frame.last_key, frame.last_key_size);
    if (strict_ && frame.last_key && !key_less(last, name)) {
      return broken(last == name ? "map key that stands twice" : "map keys out of order",
                    token.offset);
    }
    frame.last_key = name.data();
    frame.last_key_size = name.size();
    builder_.key(name);
    return {};
  }

  Result<void> value() {
    // Tags that mean nothing here stand before the value that they are of.
    do {
      tagged_ = false;
      P2P_CHECK(item());
    } while (tagged_);
    return {};
  }

  Result<void> item() {
    CborToken token;
    P2P_CHECK(read(token));
    switch (token.kind) {
      case Kind::unsigned_integer:
        builder_.integer(false, token.value);
        return {};
      case Kind::negative_integer:
        builder_.integer(true, token.value);
        return {};
      case Kind::bytes:
        builder_.bytes(token.bytes);
        return {};
      case Kind::text:
        builder_.text(token.text());
        return {};
      case Kind::boolean:
        builder_.boolean(token.value != 0);
        return {};
      case Kind::null:
        builder_.null();
        return {};
      case Kind::number:
        if (strict_ && token.size != 9) {
          return broken("float of other than 64 bits", token.offset);
        }
        if (strict_ && !std::isfinite(token.number)) {
          return broken("float that is no number", token.offset);
        }
        builder_.number(token.number);
        return {};
      case Kind::array:
      case Kind::map:
        return open(token);
      case Kind::tag:
        return link(token);
      case Kind::undefined:
        if (strict_) return broken("undefined", token.offset);
        builder_.null();
        return {};
      case Kind::end:
        break;
    }
    return broken("misplaced break", token.offset);
  }

  Result<void> open(const CborToken& token) {
    const bool is_map = token.kind == Kind::map;
    // Each item takes a byte at least; a pair two.
    const std::uint64_t left = block_.size() - reader_.offset();
    if (token.value > (is_map ? left / 2 : left)) {
      return broken("list or map that is cut short", token.offset);
    }
    if (depth_ == frames_.size()) {
      return fail(Code::limit, "deeper than " + std::to_string(kMaxNesting) + " levels at byte " +
                                   std::to_string(token.offset));
    }
    frames_[depth_++] = {token.value, is_map, nullptr, 0};
    builder_.open(is_map);
    return {};
  }

  Result<void> link(const CborToken& tag) {
    if (tag.value != kLinkTag) {
      if (strict_) return broken("tag other than 42", tag.offset);
      tagged_ = true;
      return {};
    }
    CborToken inner;
    P2P_CHECK(read(inner));
    if (inner.kind != Kind::bytes || inner.bytes.size() < 2 || inner.bytes[0] != kBinaryPrefix) {
      return broken("link that is not bytes after a 0x00 prefix", inner.offset);
    }
    builder_.link(inner.bytes.subspan(1));
    return {};
  }

  ByteView block_;
  CborReader reader_;
  Builder& builder_;
  const bool strict_;
  bool tagged_ = false;
  std::size_t depth_ = 0;
  std::array<Frame, kMaxNesting> frames_;
};

std::unexpected<Error> unencodable(const char* why) {
  return fail(Code::invalid_argument, std::string("dag-cbor has no form for ") + why);
}

/// Recursion is bounded by `depth`, the number of lists and maps around `value`.
Result<void> encode(CborWriter& out, const Value& value, std::size_t depth);

Result<void> put_text(CborWriter& out, std::string_view text) {
  if (!is_utf8(text)) return unencodable("text that is not UTF-8");
  out.text(text);
  return {};
}

Result<void> put_map(CborWriter& out, const Value::Map& map, std::size_t depth) {
  std::vector<const Value::Map::value_type*> sorted;
  sorted.reserve(map.size());
  for (const auto& entry : map) sorted.push_back(&entry);
  std::sort(sorted.begin(), sorted.end(),
            [](const auto* a, const auto* b) { return key_less(a->first, b->first); });
  out.map(map.size());
  const std::string* last = nullptr;
  for (const auto* entry : sorted) {
    if (last && *last == entry->first) return unencodable("a map with a key twice");
    last = &entry->first;
    P2P_CHECK(put_text(out, entry->first));
    P2P_CHECK(encode(out, entry->second, depth));
  }
  return {};
}

Result<void> encode(CborWriter& out, const Value& value, std::size_t depth) {
  const auto& any = value.any();
  const bool nests = value.list() || value.map();
  if (nests && depth == kMaxNesting) {
    return fail(Code::limit, "deeper than " + std::to_string(kMaxNesting) + " levels");
  }
  if (value.is_null()) {
    out.null();
  } else if (const auto* boolean = value.boolean()) {
    out.boolean(*boolean);
  } else if (const auto* integer = std::get_if<Integer>(&any)) {
    integer->negative ? out.negative(integer->n) : out.integer(integer->n);
  } else if (const auto* number = value.number()) {
    if (!std::isfinite(*number)) return unencodable("a float that is no number");
    out.number(*number);
  } else if (const auto* text = value.text()) {
    return put_text(out, *text);
  } else if (const auto* bytes = value.bytes()) {
    out.bytes(*bytes);
  } else if (const auto* list = value.list()) {
    out.array(list->size());
    for (const auto& item : *list) P2P_CHECK(encode(out, item, depth + 1));
  } else if (const auto* map = value.map()) {
    return put_map(out, *map, depth + 1);
  } else if (const auto* link = value.link()) {
    if (link->cid.empty()) return unencodable("an empty link");
    Bytes prefixed{kBinaryPrefix};
    append(prefixed, link->cid);
    out.tag(kLinkTag).bytes(prefixed);
  }
  return {};
}

}  // namespace

Result<Value> decode_dag_cbor(ByteView block) {
  BuildValue tree;
  P2P_CHECK(Walk(block, tree).run());
  return tree.take();
}

Result<void> walk_dag_cbor(ByteView block, const VisitLink& visit, Form form) {
  VisitLinks links(visit);
  return Walk(block, links, form).run();
}

Result<Bytes> encode_dag_cbor(const Value& value) {
  Bytes block;
  CborWriter out(block);
  P2P_CHECK(encode(out, value, 0));
  return block;
}

}  // namespace p2p::codec
