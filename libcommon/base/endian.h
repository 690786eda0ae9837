// Fixed-width integers in big- and little-endian order.
#pragma once

#include <concepts>
#include <cstddef>

#include "base/bytes.h"

namespace p2p {

template <std::unsigned_integral T>
constexpr T load_be(const std::uint8_t* p) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>((value << 8) | p[i]);
  return value;
}

template <std::unsigned_integral T>
constexpr T load_le(const std::uint8_t* p) {
  T value = 0;
  for (std::size_t i = sizeof(T); i-- > 0;) value = static_cast<T>((value << 8) | p[i]);
  return value;
}

template <std::unsigned_integral T>
constexpr void store_be(std::uint8_t* p, T value) {
  for (std::size_t i = sizeof(T); i-- > 0; value = static_cast<T>(value >> 8)) {
    p[i] = static_cast<std::uint8_t>(value);
  }
}

template <std::unsigned_integral T>
constexpr void store_le(std::uint8_t* p, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i, value = static_cast<T>(value >> 8)) {
    p[i] = static_cast<std::uint8_t>(value);
  }
}

template <std::unsigned_integral T>
void append_be(Bytes& out, T value) {
  std::uint8_t raw[sizeof(T)];
  store_be(raw, value);
  append(out, ByteView(raw, sizeof(T)));
}

template <std::unsigned_integral T>
void append_le(Bytes& out, T value) {
  std::uint8_t raw[sizeof(T)];
  store_le(raw, value);
  append(out, ByteView(raw, sizeof(T)));
}

}  // namespace p2p
