// Records: what flows through pipes between the tools. Start here; then record/schema.h (which
// records there are), record/writer.h and record/reader.h (their three encodings).
//
// A record is flat: a type, a schema version, and named fields in the order they were set.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace p2p::record {

/// A whole number is held as uint64 unless it is negative, so that equal numbers are equal values.
using Value = std::variant<bool, std::uint64_t, std::int64_t, double, std::string, Bytes,
                           std::vector<std::string>>;

struct Field {
  std::string name;
  Value value;

  friend bool operator==(const Field&, const Field&) = default;
};

class Record {
 public:
  explicit Record(std::string type, std::uint64_t version = 1)
      : type_(std::move(type)), version_(version) {}

  const std::string& type() const { return type_; }
  std::uint64_t version() const { return version_; }
  const std::vector<Field>& fields() const { return fields_; }

  // Setting a field again replaces its value where it stands. Each returns the record, so that
  // calls chain. Text must be UTF-8; writers repair it where it is not.
  Record& set(std::string name, Value value);
  Record& set(std::string name, std::same_as<bool> auto value) {
    return put<bool>(std::move(name), value);
  }
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Record& set(std::string name, T value) {
    if constexpr (std::signed_integral<T>) {
      if (value < 0) return put<std::int64_t>(std::move(name), value);
    }
    return put<std::uint64_t>(std::move(name), static_cast<std::uint64_t>(value));
  }
  Record& set(std::string name, double value) { return put<double>(std::move(name), value); }
  Record& set(std::string name, std::string value) {
    return put<std::string>(std::move(name), std::move(value));
  }
  Record& set(std::string name, std::string_view value) {
    return put<std::string>(std::move(name), std::string(value));
  }
  Record& set(std::string name, const char* value) {
    return put<std::string>(std::move(name), std::string(value));
  }
  Record& set(std::string name, ByteView value) {
    return put<Bytes>(std::move(name), to_bytes(value));
  }
  Record& set(std::string name, Bytes value) {
    return put<Bytes>(std::move(name), std::move(value));
  }
  Record& set(std::string name, std::vector<std::string> value) {
    return put<std::vector<std::string>>(std::move(name), std::move(value));
  }
  /// Leaves the field out where there is no value.
  template <class T>
  Record& set(std::string name, std::optional<T> value) {
    return value ? set(std::move(name), std::move(*value)) : *this;
  }

  // The field's value, or nothing where it is missing or of another kind.
  const Value* find(std::string_view name) const;
  const std::string* text(std::string_view name) const { return get<std::string>(name); }
  const Bytes* bytes(std::string_view name) const { return get<Bytes>(name); }
  const std::vector<std::string>* texts(std::string_view name) const {
    return get<std::vector<std::string>>(name);
  }
  std::optional<bool> boolean(std::string_view name) const;
  /// A whole number that is not negative.
  std::optional<std::uint64_t> integer(std::string_view name) const;
  /// Any number.
  std::optional<double> number(std::string_view name) const;

  friend bool operator==(const Record&, const Record&) = default;

 private:
  template <class T>
  Record& put(std::string name, T value) {
    return set(std::move(name), Value(std::in_place_type<T>, std::move(value)));
  }
  template <class T>
  const T* get(std::string_view name) const {
    const auto* value = find(name);
    return value == nullptr ? nullptr : std::get_if<T>(value);
  }

  std::string type_;
  std::uint64_t version_;
  std::vector<Field> fields_;
};

/// The `error` record of an error: code, doing, subject, why, hint; empty parts are left out.
Record record_of(const Error& error);

}  // namespace p2p::record
