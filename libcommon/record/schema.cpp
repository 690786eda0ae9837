#include "record/schema.h"

#include <algorithm>
#include <cmath>

#include "base/utf8.h"
#include "record/columns.h"
#include "record/schema_table.h"

namespace p2p::record {
namespace {

bool is_whole(const Value& value, bool bounded) {
  if (const auto* n = std::get_if<std::uint64_t>(&value)) return !bounded || *n <= kMaxJsonInteger;
  if (const auto* n = std::get_if<std::int64_t>(&value)) {
    return !bounded || *n >= -static_cast<std::int64_t>(kMaxJsonInteger);
  }
  return false;
}

bool is_of(Kind kind, const Value& value) {
  switch (kind) {
    case Kind::boolean:
    case Kind::outcome:
      return std::holds_alternative<bool>(value);
    case Kind::integer:
      return is_whole(value, true);
    case Kind::big:
      return is_whole(value, false);
    case Kind::number: {
      const auto* number = std::get_if<double>(&value);
      return number != nullptr && std::isfinite(*number);
    }
    case Kind::text: {
      const auto* text = std::get_if<std::string>(&value);
      return text != nullptr && is_utf8(*text);
    }
    case Kind::texts: {
      const auto* texts = std::get_if<std::vector<std::string>>(&value);
      return texts != nullptr && std::ranges::all_of(*texts, is_utf8);
    }
    case Kind::bytes:
    case Kind::id:
      return std::holds_alternative<Bytes>(value);
  }
  return false;
}

}  // namespace

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::boolean:
      return "boolean";
    case Kind::outcome:
      return "outcome";
    case Kind::integer:
      return "integer";
    case Kind::big:
      return "big";
    case Kind::number:
      return "number";
    case Kind::text:
      return "text";
    case Kind::texts:
      return "texts";
    case Kind::bytes:
      return "bytes";
    case Kind::id:
      return "id";
  }
  return "unknown";
}

const FieldSchema* Schema::field(std::string_view name) const {
  const auto found = std::ranges::find(fields, name, &FieldSchema::name);
  return found == fields.end() ? nullptr : &*found;
}

std::span<const Schema> schemas() { return kSchemas; }

const Schema* find_schema(std::string_view type) {
  const auto found = std::ranges::find(kSchemas, type, &Schema::type);
  return found == kSchemas.end() ? nullptr : &*found;
}

Result<void> check(const Record& record) {
  const auto wrong = [&](const std::string& why) {
    return fail(Code::mismatch, "check", "record of type \"" + record.type() + "\"", why);
  };
  const auto* schema = find_schema(record.type());
  if (schema == nullptr) return wrong("no such type");
  if (record.version() != schema->version) {
    return wrong("version " + std::to_string(record.version()) + " is not " +
                 std::to_string(schema->version));
  }
  for (const auto& field : schema->fields) {
    if (field.presence == Presence::required && record.find(field.name) == nullptr) {
      return wrong("field \"" + std::string(field.name) + "\" is missing");
    }
  }
  for (const auto& [name, value] : record.fields()) {
    const auto* field = schema->field(name);
    if (field == nullptr) return wrong("no such field as \"" + name + "\"");
    if (!is_of(field->kind, value)) {
      return wrong("field \"" + name + "\" is not of kind " + std::string(name_of(field->kind)));
    }
  }
  return {};
}

std::string datum(const Record& record) {
  const auto* schema = find_schema(record.type());
  if (schema == nullptr) return {};
  const auto cell = cell_at(*schema, record, 1);
  return cell.value == nullptr ? std::string() : plain_text(*cell.value, cell.field->kind);
}

std::string schema_markdown() {
  std::string out;
  for (const auto& schema : kSchemas) {
    out += "\n### " + std::string(schema.type) + "\n\n" + std::string(schema.meaning) +
           " Version " + std::to_string(schema.version) + ".\n\n";
    out += "| field | kind | | column | meaning |\n|---|---|---|---|---|\n";
    for (const auto& field : schema.fields) {
      out += "| `" + std::string(field.name) + "` | " + std::string(name_of(field.kind)) + " | " +
             (field.presence == Presence::required ? "always" : "") + " | " +
             (field.column > 0 ? std::to_string(field.column) : "") + " | " +
             std::string(field.meaning) + " |\n";
    }
  }
  return out;
}

}  // namespace p2p::record
