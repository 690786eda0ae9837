// Unsigned 256-bit integers: targets and cumulative work. Exact; arithmetic wraps modulo 2^256, as
// Bitcoin's arith_uint256 does, and where that must not happen the caller asks first.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace p2p::chain {

class U256 {
 public:
  constexpr U256() = default;
  constexpr U256(std::uint64_t value) : limbs_{value, 0, 0, 0} {}

  static constexpr U256 max() {
    U256 all;
    all.limbs_.fill(~std::uint64_t{0});
    return all;
  }
  /// Of exactly 32 bytes, least significant first: how a block hash is read as a number.
  static U256 from_le(ByteView bytes);
  /// Of exactly 32 bytes, most significant first: how the store sorts by work.
  static U256 from_be(ByteView bytes);
  /// 1 to 64 hex digits, most significant first.
  static std::optional<U256> parse_hex(std::string_view text);

  std::array<std::uint8_t, 32> to_le() const;
  std::array<std::uint8_t, 32> to_be() const;
  /// 64 lower-case hex digits.
  std::string hex() const;
  /// Decimal, without leading zeros.
  std::string decimal() const;

  /// The position of the highest set bit plus one; 0 for 0.
  unsigned bit_length() const;
  constexpr bool is_zero() const { return (limbs_[0] | limbs_[1] | limbs_[2] | limbs_[3]) == 0; }
  /// The lowest 64 bits.
  constexpr std::uint64_t low64() const { return limbs_[0]; }
  /// The nearest double: for people, never for a decision.
  double approximate() const;

  U256 operator~() const;
  U256& operator+=(const U256& other);
  U256& operator-=(const U256& other);
  U256& operator<<=(unsigned bits);
  U256& operator>>=(unsigned bits);
  friend U256 operator+(U256 a, const U256& b) { return a += b; }
  friend U256 operator-(U256 a, const U256& b) { return a -= b; }
  friend U256 operator<<(U256 a, unsigned bits) { return a <<= bits; }
  friend U256 operator>>(U256 a, unsigned bits) { return a >>= bits; }
  friend U256 operator*(const U256& a, const U256& b);
  /// Rounds down. `divisor` must not be zero.
  friend U256 operator/(const U256& dividend, const U256& divisor);
  friend U256 operator%(const U256& dividend, const U256& divisor);

  friend bool operator==(const U256&, const U256&) = default;
  friend std::strong_ordering operator<=>(const U256& a, const U256& b);

 private:
  struct Division;
  static Division divide(const U256& dividend, const U256& divisor);

  std::array<std::uint64_t, 4> limbs_{};  // least significant first
};

/// Whether a·b passes 2^256 - 1.
bool multiply_overflows(const U256& a, const U256& b);

}  // namespace p2p::chain
