#include "record/writer.h"

#include <cmath>

#include "base/basen.h"
#include "base/utf8.h"
#include "codec/cbor.h"
#include "codec/json.h"
#include "record/columns.h"

namespace p2p::record {
namespace {

/// The schema's kind for the field where the value is of that kind, else the value's own, so that
/// a record that breaks its schema is still written whole; check() finds it.
Kind kind_of(const Schema* schema, const Field& field) {
  const auto natural = natural_kind(field.value);
  const auto* known = schema == nullptr ? nullptr : schema->field(field.name);
  if (known == nullptr) return natural;
  const bool fits = known->kind == natural ||
                    (known->kind == Kind::outcome && natural == Kind::boolean) ||
                    (known->kind == Kind::big && natural == Kind::integer) ||
                    (known->kind == Kind::id && natural == Kind::bytes);
  return fits ? known->kind : natural;
}

/// Infinities and NaN have no form in JSON; a field without a number is one without a value.
bool is_writable(const Value& value) {
  const auto* number = std::get_if<double>(&value);
  return number == nullptr || std::isfinite(*number);
}

std::string quoted(std::string_view text) {
  std::string out;
  codec::append_json_string(out, text);
  return out;
}

struct JsonText {
  Kind kind;

  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::uint64_t value) const { return whole(std::to_string(value)); }
  std::string operator()(std::int64_t value) const { return whole(std::to_string(value)); }
  std::string operator()(double value) const {
    // With a point, so that no reader takes it for an integer, which may have bounds.
    auto digits = plain_text(value, Kind::number);
    return digits.find_first_of(".e") == digits.npos ? digits + ".0" : digits;
  }
  std::string operator()(const std::string& value) const { return quoted(value); }
  std::string operator()(const Bytes& value) const {
    return quoted(kind == Kind::id ? hex_encode(value) : base64_encode(value));
  }
  std::string operator()(const std::vector<std::string>& value) const {
    std::string out = "[";
    for (const auto& text : value) out += (out.size() > 1 ? "," : "") + quoted(text);
    return out + "]";
  }
  std::string whole(std::string digits) const {
    return kind == Kind::big ? "\"" + digits + "\"" : digits;
  }
};

struct CborItem {
  codec::CborWriter& writer;

  void operator()(bool value) const { writer.boolean(value); }
  void operator()(std::uint64_t value) const { writer.integer(value); }
  void operator()(std::int64_t value) const { writer.integer(value); }
  void operator()(double value) const { writer.number(value); }
  void operator()(const std::string& value) const { writer.text(repair_utf8(value)); }
  void operator()(const Bytes& value) const { writer.bytes(value); }
  void operator()(const std::vector<std::string>& value) const {
    writer.array(value.size());
    for (const auto& text : value) writer.text(repair_utf8(text));
  }
};

}  // namespace

void write(const Record& record, Format format, Bytes& out) {
  switch (format) {
    case Format::text:
      append(out, text_line(record));
      break;
    case Format::json:
      append(out, json_line(record));
      break;
    case Format::cbor:
      append(out, cbor_item(record));
      break;
  }
}

std::string text_line(const Record& record) {
  std::string line;
  const auto* schema = find_schema(record.type());
  if (schema == nullptr) {
    for (const auto& [name, value] : record.fields()) {
      if (!line.empty()) line += '\t';
      line += escape_text(plain_text(value, natural_kind(value)));
    }
    return line + '\n';
  }
  std::string pending;  // columns without a value, written once one with a value follows
  for (int column = 1;; ++column) {
    const auto cell = cell_at(*schema, record, column);
    if (cell.field == nullptr) break;
    if (column > 1) pending += '\t';
    const auto text = cell.value == nullptr
                          ? std::string()
                          : escape_text(plain_text(*cell.value, cell.field->kind));
    if (cell.value == nullptr) {
      pending += '-';
      continue;
    }
    line += pending;
    pending.clear();
    // The datum itself may be empty, such as an empty message; a later column may not.
    line += text.empty() && column > 1 ? "-" : text;
  }
  return line + '\n';
}

std::string json_line(const Record& record) {
  const auto* schema = find_schema(record.type());
  std::string out =
      "{\"type\":" + quoted(record.type()) + ",\"v\":" + std::to_string(record.version());
  for (const auto& field : record.fields()) {
    if (!is_writable(field.value)) continue;
    const auto kind = kind_of(schema, field);
    out += ',' + quoted(kind == Kind::bytes ? field.name + "_b64" : field.name) + ':';
    out += std::visit(JsonText{kind}, field.value);
  }
  return out + "}\n";
}

Bytes cbor_item(const Record& record) {
  Bytes fields;
  codec::CborWriter writer(fields);
  std::size_t count = 2;
  writer.text("type").text(repair_utf8(record.type())).text("v").integer(record.version());
  for (const auto& field : record.fields()) {
    if (!is_writable(field.value)) continue;
    writer.text(repair_utf8(field.name));
    std::visit(CborItem{writer}, field.value);
    ++count;
  }
  Bytes out;
  codec::CborWriter(out).map(count).raw(fields);
  return out;
}

std::string escape_text(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  while (!raw.empty()) {
    const auto length = utf8_length(raw);
    const auto lead = static_cast<std::uint8_t>(raw[0]);
    // Besides ASCII's controls: U+0080 to U+009F, which terminals obey, and the separators U+2028
    // and U+2029, at which some programs split lines.
    const bool control =
        lead < 0x20 || lead == 0x7f ||
        (length == 2 && lead == 0xc2 && static_cast<std::uint8_t>(raw[1]) < 0xa0) ||
        raw.starts_with("\xe2\x80\xa8") || raw.starts_with("\xe2\x80\xa9");
    const auto character = raw.substr(0, length == 0 ? 1 : length);
    raw.remove_prefix(character.size());
    if (length > 0 && !control) {
      out += character;
    } else if (lead == '\t') {
      out += "\\t";
    } else if (lead == '\n') {
      out += "\\n";
    } else if (lead == '\r') {
      out += "\\r";
    } else {
      for (const auto byte : as_bytes(character)) out += "\\x" + hex_encode(ByteView(&byte, 1));
    }
  }
  return out;
}

}  // namespace p2p::record
