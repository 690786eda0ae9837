// The tree that documents decode into: the IPLD data model, of which JSON is a part. Codecs differ
// in which of its kinds they can carry (JSON neither bytes nor links).
#pragma once

#include <concepts>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"

namespace p2p::codec {

/// Lists and maps (and CBOR's strings of indefinite length) nest at most this deep, whatever they
/// are written in: far beyond any record or block, and low enough for every recursive reader's
/// stack.
inline constexpr std::size_t kMaxNesting = 128;

/// Any integer of CBOR, -2^64 to 2^64 - 1.
struct Integer {
  bool negative = false;
  std::uint64_t n = 0;  ///< the value, or where negative, the value is -1 - n

  template <std::integral T>
  static constexpr Integer of(T value) {
    if constexpr (std::signed_integral<T>) {
      if (value < 0) return {true, ~static_cast<std::uint64_t>(value)};
    }
    return {false, static_cast<std::uint64_t>(value)};
  }
  /// The value, if T can hold it.
  template <std::integral T>
  constexpr std::optional<T> to() const {
    if (negative) {
      if constexpr (std::signed_integral<T>) {
        const auto most = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
        if (n <= most) return static_cast<T>(-1 - static_cast<std::int64_t>(n));
      }
      return std::nullopt;
    }
    if (n > static_cast<std::uint64_t>(std::numeric_limits<T>::max())) return std::nullopt;
    return static_cast<T>(n);
  }

  friend bool operator==(const Integer&, const Integer&) = default;
};

/// A CID in its binary form. This layer stands below multiformats and does not look into it.
struct Link {
  Bytes cid;

  friend bool operator==(const Link&, const Link&) = default;
};

class Value {
 public:
  using List = std::vector<Value>;
  /// In the order of the document; no key twice.
  using Map = std::vector<std::pair<std::string, Value>>;
  using Any =
      std::variant<std::monostate, bool, Integer, double, std::string, Bytes, List, Map, Link>;

  Value() = default;  ///< null
  Value(std::same_as<bool> auto value) : any_(value) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Value(T value) : any_(Integer::of(value)) {}
  Value(Integer value) : any_(value) {}
  Value(double value) : any_(value) {}
  Value(std::string value) : any_(std::move(value)) {}
  Value(std::string_view value) : any_(std::string(value)) {}
  Value(const char* value) : any_(std::string(value)) {}
  Value(Bytes value) : any_(std::move(value)) {}
  Value(List value) : any_(std::move(value)) {}
  Value(Map value) : any_(std::move(value)) {}
  Value(Link value) : any_(std::move(value)) {}

  const Any& any() const { return any_; }
  Any& any() { return any_; }

  /// The value if it is of this kind, else null (or nothing).
  bool is_null() const { return std::holds_alternative<std::monostate>(any_); }
  const bool* boolean() const { return std::get_if<bool>(&any_); }
  const double* number() const { return std::get_if<double>(&any_); }
  const std::string* text() const { return std::get_if<std::string>(&any_); }
  const Bytes* bytes() const { return std::get_if<Bytes>(&any_); }
  const List* list() const { return std::get_if<List>(&any_); }
  const Map* map() const { return std::get_if<Map>(&any_); }
  const Link* link() const { return std::get_if<Link>(&any_); }
  /// An integer that T can hold.
  template <std::integral T>
  std::optional<T> integer() const {
    const auto* integer = std::get_if<Integer>(&any_);
    return integer ? integer->to<T>() : std::nullopt;
  }

  /// The value under `key`, if this is a map that has it. Linear: maps are small.
  const Value* find(std::string_view key) const {
    if (const auto* entries = map()) {
      for (const auto& [name, value] : *entries) {
        if (name == key) return &value;
      }
    }
    return nullptr;
  }

  friend bool operator==(const Value&, const Value&) = default;

 private:
  Any any_;
};

}  // namespace p2p::codec
