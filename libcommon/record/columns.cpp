#include "record/columns.h"

#include <array>
#include <charconv>

#include "base/basen.h"

namespace p2p::record {
namespace {

std::string number_text(double value) {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return std::string(digits.data(), end);
}

std::string joined(const std::vector<std::string>& texts) {
  std::string line;
  for (const auto& text : texts) line += (line.empty() ? "" : " ") + text;
  return line;
}

struct PlainText {
  Kind kind;

  std::string operator()(bool value) const {
    if (kind == Kind::outcome) return value ? "ok" : "fail";
    return value ? "true" : "false";
  }
  std::string operator()(std::uint64_t value) const { return std::to_string(value); }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return number_text(value); }
  std::string operator()(const std::string& value) const { return value; }
  std::string operator()(const Bytes& value) const {
    return kind == Kind::id ? hex_encode(value) : to_text(value);
  }
  std::string operator()(const std::vector<std::string>& value) const { return joined(value); }
};

struct NaturalKind {
  Kind operator()(bool) const { return Kind::boolean; }
  Kind operator()(std::uint64_t value) const {
    return value <= kMaxJsonInteger ? Kind::integer : Kind::big;
  }
  Kind operator()(std::int64_t value) const {
    return value >= -static_cast<std::int64_t>(kMaxJsonInteger) ? Kind::integer : Kind::big;
  }
  Kind operator()(double) const { return Kind::number; }
  Kind operator()(const std::string&) const { return Kind::text; }
  Kind operator()(const Bytes&) const { return Kind::bytes; }
  Kind operator()(const std::vector<std::string>&) const { return Kind::texts; }
};

}  // namespace

Cell cell_at(const Schema& schema, const Record& record, int column) {
  Cell cell;
  for (const auto& field : schema.fields) {
    if (field.column != column) continue;
    cell.field = &field;
    cell.value = record.find(field.name);
    if (cell.value != nullptr) break;
  }
  return cell;
}

std::string plain_text(const Value& value, Kind kind) { return std::visit(PlainText{kind}, value); }

Kind natural_kind(const Value& value) { return std::visit(NaturalKind{}, value); }

}  // namespace p2p::record
