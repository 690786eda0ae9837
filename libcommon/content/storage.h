// Bytes outside memory, as interfaces: this layer does no I/O of its own.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/error.h"

namespace p2p::content {

/// Something that can be read at any place.
class Storage {
 public:
  virtual ~Storage() = default;
  /// Fills `into` with the bytes at `offset`, and returns how many there were: fewer only at the
  /// end.
  virtual Result<std::size_t> read_at(std::uint64_t offset, MutableBytes into) = 0;
};

/// Room for what does not fit into memory, gone when it is destroyed.
class Scratch : public Storage {
 public:
  /// Puts `data` at the end, and returns where that is.
  virtual Result<std::uint64_t> append(ByteView data) = 0;
};

/// Scratch in memory: for tests, and where a bound is known.
class MemoryScratch final : public Scratch {
 public:
  Result<std::size_t> read_at(std::uint64_t offset, MutableBytes into) override {
    if (offset >= bytes_.size()) return std::size_t{0};
    const auto there = ByteView(bytes_).subspan(static_cast<std::size_t>(offset));
    const auto size = std::min(there.size(), into.size());
    std::copy_n(there.data(), size, into.data());
    return size;
  }
  Result<std::uint64_t> append(ByteView data) override {
    const std::uint64_t at = bytes_.size();
    p2p::append(bytes_, data);
    return at;
  }

 private:
  Bytes bytes_;
};

}  // namespace p2p::content
