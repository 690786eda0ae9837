#include "chain/consensus/u256.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/basen.h"
#include "base/endian.h"

namespace p2p::chain {

namespace {

/// Half-limbs, least significant first: their products fit 64 bits, so no wider type is needed.
using Digits = std::array<std::uint32_t, 8>;

Digits digits_of(const std::array<std::uint64_t, 4>& limbs) {
  Digits out;
  for (std::size_t i = 0; i < 4; ++i) {
    out[2 * i] = static_cast<std::uint32_t>(limbs[i]);
    out[2 * i + 1] = static_cast<std::uint32_t>(limbs[i] >> 32);
  }
  return out;
}

std::array<std::uint64_t, 4> limbs_of(const Digits& digits) {
  std::array<std::uint64_t, 4> out;
  for (std::size_t i = 0; i < 4; ++i) {
    out[i] = digits[2 * i] | (std::uint64_t{digits[2 * i + 1]} << 32);
  }
  return out;
}

std::size_t significant(const Digits& digits) {
  std::size_t count = digits.size();
  while (count > 0 && digits[count - 1] == 0) --count;
  return count;
}

}  // namespace

struct U256::Division {
  U256 quotient;
  U256 remainder;
};

U256 U256::from_le(ByteView bytes) {
  U256 out;
  for (std::size_t i = 0; i < 4; ++i) out.limbs_[i] = load_le<std::uint64_t>(&bytes[8 * i]);
  return out;
}

U256 U256::from_be(ByteView bytes) {
  U256 out;
  for (std::size_t i = 0; i < 4; ++i) out.limbs_[3 - i] = load_be<std::uint64_t>(&bytes[8 * i]);
  return out;
}

std::optional<U256> U256::parse_hex(std::string_view text) {
  if (text.empty() || text.size() > 64) return std::nullopt;
  const auto raw = hex_decode(std::string(64 - text.size(), '0') + std::string(text));
  if (!raw) return std::nullopt;
  return from_be(*raw);
}

std::array<std::uint8_t, 32> U256::to_le() const {
  std::array<std::uint8_t, 32> out;
  for (std::size_t i = 0; i < 4; ++i) store_le(&out[8 * i], limbs_[i]);
  return out;
}

std::array<std::uint8_t, 32> U256::to_be() const {
  std::array<std::uint8_t, 32> out;
  for (std::size_t i = 0; i < 4; ++i) store_be(&out[8 * i], limbs_[3 - i]);
  return out;
}

std::string U256::hex() const { return hex_encode(to_be()); }

std::string U256::decimal() const {
  std::string out;
  U256 rest = *this;
  do {
    const Division step = divide(rest, 10);
    out += static_cast<char>('0' + step.remainder.low64());
    rest = step.quotient;
  } while (!rest.is_zero());
  std::reverse(out.begin(), out.end());
  return out;
}

unsigned U256::bit_length() const {
  for (unsigned i = 4; i-- > 0;) {
    if (limbs_[i] != 0) return 64 * i + static_cast<unsigned>(std::bit_width(limbs_[i]));
  }
  return 0;
}

double U256::approximate() const {
  double out = 0;
  for (int i = 3; i >= 0; --i) {
    out = std::ldexp(out, 64) + static_cast<double>(limbs_[static_cast<std::size_t>(i)]);
  }
  return out;
}

U256 U256::operator~() const {
  U256 out;
  for (std::size_t i = 0; i < 4; ++i) out.limbs_[i] = ~limbs_[i];
  return out;
}

U256& U256::operator+=(const U256& other) {
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::uint64_t sum = limbs_[i] + other.limbs_[i];
    const std::uint64_t total = sum + carry;
    carry = static_cast<std::uint64_t>(sum < limbs_[i]) | static_cast<std::uint64_t>(total < sum);
    limbs_[i] = total;
  }
  return *this;
}

U256& U256::operator-=(const U256& other) {
  std::uint64_t borrow = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::uint64_t difference = limbs_[i] - other.limbs_[i];
    const std::uint64_t total = difference - borrow;
    borrow = static_cast<std::uint64_t>(limbs_[i] < other.limbs_[i]) |
             static_cast<std::uint64_t>(difference < borrow);
    limbs_[i] = total;
  }
  return *this;
}

U256& U256::operator<<=(unsigned bits) {
  const auto from = limbs_;
  limbs_.fill(0);
  const unsigned limbs = bits / 64;
  const unsigned shift = bits % 64;
  for (unsigned i = limbs; i < 4; ++i) {
    limbs_[i] = from[i - limbs] << shift;
    if (shift != 0 && i > limbs) limbs_[i] |= from[i - limbs - 1] >> (64 - shift);
  }
  return *this;
}

U256& U256::operator>>=(unsigned bits) {
  const auto from = limbs_;
  limbs_.fill(0);
  const unsigned limbs = bits / 64;
  const unsigned shift = bits % 64;
  for (unsigned i = 0; i + limbs < 4; ++i) {
    limbs_[i] = from[i + limbs] >> shift;
    if (shift != 0 && i + limbs + 1 < 4) limbs_[i] |= from[i + limbs + 1] << (64 - shift);
  }
  return *this;
}

U256 operator*(const U256& a, const U256& b) {
  const Digits x = digits_of(a.limbs_);
  const Digits y = digits_of(b.limbs_);
  Digits product{};
  for (std::size_t i = 0; i < 8; ++i) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; i + j < 8; ++j) {
      carry += product[i + j] + std::uint64_t{x[i]} * y[j];
      product[i + j] = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
  }
  U256 out;
  out.limbs_ = limbs_of(product);
  return out;
}

// Knuth, The Art of Computer Programming, volume 2, 4.3.1, algorithm D, in base 2^32.
U256::Division U256::divide(const U256& dividend, const U256& divisor) {
  if (dividend < divisor) return {U256(), dividend};
  const Digits v = digits_of(divisor.limbs_);
  const std::size_t n = significant(v);
  const Digits u = digits_of(dividend.limbs_);
  const std::size_t m = significant(u);
  Digits quotient{};
  Division out;
  if (n == 1) {
    std::uint64_t rest = 0;
    for (std::size_t i = m; i-- > 0;) {
      rest = (rest << 32) | u[i];
      quotient[i] = static_cast<std::uint32_t>(rest / v[0]);
      rest %= v[0];
    }
    out.quotient.limbs_ = limbs_of(quotient);
    out.remainder = rest;
    return out;
  }
  // Normalised so that the divisor's top digit has its high bit set.
  const unsigned shift = static_cast<unsigned>(std::countl_zero(v[n - 1]));
  const Digits d = digits_of((divisor << shift).limbs_);
  std::array<std::uint32_t, 9> rest{};
  const Digits shifted = digits_of((dividend << shift).limbs_);
  std::copy(shifted.begin(), shifted.end(), rest.begin());
  rest[8] = shift == 0 ? 0 : u[7] >> (32 - shift);
  for (std::size_t j = m - n + 1; j-- > 0;) {
    const std::uint64_t top = (std::uint64_t{rest[j + n]} << 32) | rest[j + n - 1];
    std::uint64_t guess = top / d[n - 1];
    std::uint64_t left = top % d[n - 1];
    while (guess >> 32 != 0 || guess * d[n - 2] > ((left << 32) | rest[j + n - 2])) {
      --guess;
      left += d[n - 1];
      if (left >> 32 != 0) break;
    }
    std::uint64_t carry = 0;
    std::uint64_t borrow = 0;
    for (std::size_t i = 0; i < n; ++i) {
      carry += guess * d[i];
      const std::uint64_t take = (carry & 0xffffffff) + borrow;
      borrow = static_cast<std::uint64_t>(rest[i + j] < take);
      rest[i + j] = static_cast<std::uint32_t>(rest[i + j] - take);
      carry >>= 32;
    }
    const std::uint64_t take = carry + borrow;
    const bool too_much = rest[j + n] < take;
    rest[j + n] = static_cast<std::uint32_t>(rest[j + n] - take);
    if (too_much) {
      --guess;
      std::uint64_t back = 0;
      for (std::size_t i = 0; i < n; ++i) {
        back += std::uint64_t{rest[i + j]} + d[i];
        rest[i + j] = static_cast<std::uint32_t>(back);
        back >>= 32;
      }
      rest[j + n] = static_cast<std::uint32_t>(rest[j + n] + back);
    }
    quotient[j] = static_cast<std::uint32_t>(guess);
  }
  out.quotient.limbs_ = limbs_of(quotient);
  Digits low;
  std::copy(rest.begin(), rest.begin() + 8, low.begin());
  out.remainder.limbs_ = limbs_of(low);
  out.remainder >>= shift;
  return out;
}

U256 operator/(const U256& dividend, const U256& divisor) {
  return U256::divide(dividend, divisor).quotient;
}

U256 operator%(const U256& dividend, const U256& divisor) {
  return U256::divide(dividend, divisor).remainder;
}

std::strong_ordering operator<=>(const U256& a, const U256& b) {
  for (std::size_t i = 4; i-- > 0;) {
    if (a.limbs_[i] != b.limbs_[i]) return a.limbs_[i] <=> b.limbs_[i];
  }
  return std::strong_ordering::equal;
}

bool multiply_overflows(const U256& a, const U256& b) {
  return !a.is_zero() && b > U256::max() / a;
}

}  // namespace p2p::chain
