#include "record/decode.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/basen.h"
#include "base/units.h"
#include "codec/cbor.h"
#include "codec/json.h"
#include "record/schema.h"

namespace p2p::record {
namespace {

/// A field as the document has it, before its schema is looked up. JSON and CBOR share the tree;
/// `json` says which forms stand for bytes and large integers.
struct RawField {
  std::string_view name;
  const codec::Value& value;
  bool json;
};

std::optional<Value> whole(const codec::Value& raw) {
  if (const auto n = raw.integer<std::uint64_t>()) return Value(*n);
  if (const auto n = raw.integer<std::int64_t>()) return Value(*n);
  return std::nullopt;
}

/// A decimal integer in a JSON string.
std::optional<Value> whole_text(std::string_view text) {
  constexpr std::uint64_t kMost = ~std::uint64_t{0};
  if (!text.starts_with('-')) {
    const auto n = parse_number(text, 0, kMost);
    return n ? std::optional<Value>(*n) : std::nullopt;
  }
  const auto n = parse_number(text.substr(1), 1, std::uint64_t{1} << 63);
  if (!n) return std::nullopt;
  return Value(-1 - static_cast<std::int64_t>(*n - 1));
}

std::optional<Value> text_list(const codec::Value::List& list) {
  std::vector<std::string> texts;
  for (const auto& item : list) {
    if (item.text() == nullptr) return std::nullopt;
    texts.push_back(*item.text());
  }
  return Value(std::move(texts));
}

std::optional<Value> bytes_of(const RawField& field, Result<Bytes> (*decode)(std::string_view)) {
  if (!field.json) {
    return field.value.bytes() == nullptr ? std::nullopt
                                          : std::optional<Value>(*field.value.bytes());
  }
  if (field.value.text() == nullptr) return std::nullopt;
  auto bytes = decode(*field.value.text());
  return bytes ? std::optional<Value>(std::move(*bytes)) : std::nullopt;
}

Result<Bytes> padded_base64(std::string_view text) { return base64_decode(text); }

bool in_json_range(const Value& value) {
  if (const auto* n = std::get_if<std::uint64_t>(&value)) return *n <= kMaxJsonInteger;
  return std::get<std::int64_t>(value) >= -static_cast<std::int64_t>(kMaxJsonInteger);
}

/// The value as `kind` demands; none where it is something else.
std::optional<Value> value_of(const RawField& field, Kind kind) {
  const auto& raw = field.value;
  switch (kind) {
    case Kind::boolean:
    case Kind::outcome:
      return raw.boolean() == nullptr ? std::nullopt : std::optional<Value>(*raw.boolean());
    case Kind::integer:
    case Kind::big: {
      auto value = field.json && raw.text() != nullptr ? whole_text(*raw.text()) : whole(raw);
      if (value && kind == Kind::integer && !in_json_range(*value)) return std::nullopt;
      return value;
    }
    case Kind::number: {
      if (const auto n = raw.integer<std::int64_t>()) return Value(static_cast<double>(*n));
      if (const auto n = raw.integer<std::uint64_t>()) return Value(static_cast<double>(*n));
      const bool finite = raw.number() != nullptr && std::isfinite(*raw.number());
      return finite ? std::optional<Value>(*raw.number()) : std::nullopt;
    }
    case Kind::text:
      return raw.text() == nullptr ? std::nullopt : std::optional<Value>(*raw.text());
    case Kind::texts:
      return raw.list() == nullptr ? std::nullopt : text_list(*raw.list());
    case Kind::bytes:
      return bytes_of(field, padded_base64);
    case Kind::id:
      return bytes_of(field, hex_decode);
  }
  return std::nullopt;
}

/// The value of a field that no schema knows, as far as a Record can hold it.
std::optional<Value> natural_value(const RawField& field) {
  const auto& raw = field.value;
  if (raw.boolean() != nullptr) return Value(*raw.boolean());
  if (raw.number() != nullptr) return value_of(field, Kind::number);
  if (raw.text() != nullptr) return Value(*raw.text());
  if (raw.bytes() != nullptr) return Value(*raw.bytes());
  if (raw.list() != nullptr) return text_list(*raw.list());
  return whole(raw);
}

constexpr std::string_view kBase64Suffix = "_b64";

/// The names that are not fields: those of the record itself, and the longer one that bytes have in
/// JSON.
bool is_taken(std::string_view name) {
  return name == "type" || name == "v" || name.ends_with(kBase64Suffix);
}

/// In JSON, bytes go by their longer name and everything else by its own. The longer name is no
/// field's own, so no record holds a field of such a name: written, it could stand twice.
Result<void> add_field(Record& record, const Schema* schema, const RawField& field) {
  if (field.value.is_null()) return {};
  auto name = field.name;
  const bool base64 = name.ends_with(kBase64Suffix);
  if (base64) name.remove_suffix(kBase64Suffix.size());
  if (base64 && is_taken(name)) return {};
  const auto* known = schema == nullptr ? nullptr : schema->field(name);
  const bool wants_base64 = field.json && known != nullptr && known->kind == Kind::bytes;
  if (wants_base64 && !base64) {
    return fail(Code::parse, "field \"" + std::string(name) + "\" must be base64, named \"" +
                                 std::string(name) + "_b64\"");
  }
  if (known == nullptr || base64 != wants_base64) {
    std::optional<Value> value;
    if (!base64) value = natural_value(field);
    if (base64 && field.json && known == nullptr) value = value_of(field, Kind::bytes);
    if (value) record.set(std::string(name), std::move(*value));
    return {};
  }
  auto value = value_of(field, known->kind);
  if (!value) {
    return fail(Code::parse, "field \"" + std::string(field.name) + "\" is not of kind " +
                                 std::string(name_of(known->kind)));
  }
  record.set(std::string(name), std::move(*value));
  return {};
}

Result<Record> decode_map(const codec::Value::Map& map, bool json) {
  const auto find = [&](std::string_view key) -> const codec::Value* {
    const auto entry = std::ranges::find(map, key, [](const auto& pair) { return pair.first; });
    return entry == map.end() ? nullptr : &entry->second;
  };
  const auto* type = find("type");
  if (type == nullptr || type->text() == nullptr) {
    return fail(Code::parse, "record has no \"type\"");
  }
  std::uint64_t version = 1;
  if (const auto* v = find("v")) {
    const auto n = v->integer<std::uint64_t>();
    if (!n) return fail(Code::parse, "record's \"v\" is not a whole number");
    version = *n;
  }
  Record record(*type->text(), version);
  const auto* schema = find_schema(record.type());
  for (const auto& [name, value] : map) {
    if (name == "type" || name == "v") continue;
    P2P_CHECK(add_field(record, schema, {name, value, json}));
  }
  return record;
}

/// A string, definite or in chunks.
Result<Bytes> read_string(codec::CborReader& in, const codec::CborToken& head) {
  if (!head.indefinite) return to_bytes(head.bytes);
  Bytes whole;
  while (true) {
    P2P_TRY(const auto chunk, in.next());
    if (chunk.kind == codec::CborToken::Kind::end) return whole;
    append(whole, chunk.bytes);
  }
}

/// One item as a tree of the kinds a record knows; all others, and what nests deeper than a list of
/// scalars, are passed over and read as null.
Result<codec::Value> read_item(codec::CborReader& in, bool inside_list) {
  using Kind = codec::CborToken::Kind;
  auto ahead = in;
  P2P_TRY(const auto token, ahead.next());
  const bool opaque = token.kind == Kind::map || token.kind == Kind::tag ||
                      (token.kind == Kind::array && inside_list);
  if (opaque) {
    P2P_CHECK(in.skip());
    return codec::Value();
  }
  in = ahead;
  switch (token.kind) {
    case Kind::unsigned_integer:
      return codec::Value(codec::Integer{false, token.value});
    case Kind::negative_integer:
      return codec::Value(codec::Integer{true, token.value});
    case Kind::boolean:
      return codec::Value(token.value != 0);
    case Kind::number:
      return codec::Value(token.number);
    case Kind::bytes: {
      P2P_TRY(auto bytes, read_string(in, token));
      return codec::Value(std::move(bytes));
    }
    case Kind::text: {
      P2P_TRY(const auto bytes, read_string(in, token));
      return codec::Value(to_text(bytes));
    }
    case Kind::array: {
      codec::Value::List list;
      for (std::uint64_t i = 0; token.indefinite || i < token.value; ++i) {
        if (token.indefinite && !in.at_end() && in.rest()[0] == 0xff) {
          P2P_CHECK(in.next());
          break;
        }
        P2P_TRY(auto item, read_item(in, true));
        list.push_back(std::move(item));
      }
      return codec::Value(std::move(list));
    }
    default:
      return codec::Value();
  }
}

}  // namespace

Result<Record> decode_json(std::string_view line) {
  P2P_TRY(const auto value, codec::parse_json(line));
  if (value.map() == nullptr) return fail(Code::parse, "not a JSON object");
  return decode_map(*value.map(), true);
}

Result<Record> decode_cbor(ByteView item) {
  codec::CborReader in(item);
  P2P_TRY(const auto head, in.next());
  if (head.kind != codec::CborToken::Kind::map) return fail(Code::parse, "not a CBOR map");
  codec::Value::Map map;
  std::set<std::string> names;
  for (std::uint64_t i = 0; head.indefinite || i < head.value; ++i) {
    if (head.indefinite && !in.at_end() && in.rest()[0] == 0xff) break;
    P2P_TRY(const auto name, read_item(in, true));
    if (name.text() == nullptr) return fail(Code::parse, "CBOR map has a key that is not text");
    if (!names.insert(*name.text()).second) {
      return fail(Code::parse, "field \"" + *name.text() + "\" stands twice");
    }
    P2P_TRY(auto value, read_item(in, false));
    map.emplace_back(*name.text(), std::move(value));
  }
  return decode_map(map, false);
}

}  // namespace p2p::record
