// What the strict decoders tell of the values they meet, in the order in which they stand in the
// block: open and close for lists and maps, and key before each value of a map. A decoder is a walk
// that takes any such listener: one that builds a tree, one that looks for links, or none.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/value.h"

namespace p2p::codec {

struct IgnoreValues {
  void null() {}
  void boolean(bool) {}
  void integer(bool, std::uint64_t) {}
  void number(double) {}
  void text(std::string_view) {}
  void bytes(ByteView) {}
  void link(ByteView) {}
  void key(std::string_view) {}
  void open(bool) {}
  void close() {}
};

/// Called with each link's CID in binary form, borrowed.
using VisitLink = std::function<void(ByteView)>;

struct VisitLinks : IgnoreValues {
  explicit VisitLinks(const VisitLink& taker) : take(taker) {}
  void link(ByteView cid) { take(cid); }
  const VisitLink& take;
};

class BuildValue {
 public:
  void null() { put(Value()); }
  void boolean(bool value) { put(Value(value)); }
  void integer(bool negative, std::uint64_t n) { put(Value(Integer{negative, n})); }
  void number(double value) { put(Value(value)); }
  void text(std::string_view value) { put(Value(value)); }
  void bytes(ByteView value) { put(Value(to_bytes(value))); }
  void link(ByteView cid) { put(Value(Link{to_bytes(cid)})); }
  void key(std::string_view key) { key_ = key; }
  void open(bool is_map) {
    open_.push_back(put(is_map ? Value(Value::Map()) : Value(Value::List())));
  }
  void close() { open_.pop_back(); }

  Value take() { return std::move(root_); }

 private:
  /// Puts the value where it belongs. An open one stays where it is until it is closed, for nothing
  /// is added to those around it meanwhile.
  Value* put(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    auto& parent = open_.back()->any();
    if (auto* list = std::get_if<Value::List>(&parent)) {
      return &list->emplace_back(std::move(value));
    }
    return &std::get<Value::Map>(parent).emplace_back(key_, std::move(value)).second;
  }

  Value root_;
  std::vector<Value*> open_;
  std::string key_;
};

}  // namespace p2p::codec
