#include "record/record.h"

#include <algorithm>

namespace p2p::record {

Record& Record::set(std::string name, Value value) {
  const auto field = std::ranges::find(fields_, name, &Field::name);
  if (field != fields_.end()) {
    field->value = std::move(value);
  } else {
    fields_.push_back({std::move(name), std::move(value)});
  }
  return *this;
}

const Value* Record::find(std::string_view name) const {
  const auto field = std::ranges::find(fields_, name, &Field::name);
  return field == fields_.end() ? nullptr : &field->value;
}

std::optional<bool> Record::boolean(std::string_view name) const {
  const auto* value = get<bool>(name);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

std::optional<std::uint64_t> Record::integer(std::string_view name) const {
  const auto* value = get<std::uint64_t>(name);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

std::optional<double> Record::number(std::string_view name) const {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (const auto* real = std::get_if<double>(value)) return *real;
  if (const auto* whole = std::get_if<std::uint64_t>(value)) return static_cast<double>(*whole);
  if (const auto* whole = std::get_if<std::int64_t>(value)) return static_cast<double>(*whole);
  return std::nullopt;
}

Record record_of(const Error& error) {
  Record record("error");
  record.set("code", name_of(error.code));
  const auto add = [&](const char* name, const std::string& text) {
    if (!text.empty()) record.set(name, text);
  };
  add("doing", error.doing);
  add("subject", error.subject);
  add("why", error.why);
  add("hint", error.hint);
  return record;
}

}  // namespace p2p::record
