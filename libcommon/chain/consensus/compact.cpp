#include "chain/consensus/compact.h"

namespace p2p::chain {

namespace {
constexpr std::uint32_t kSign = 0x00800000;
constexpr std::uint32_t kMantissa = 0x007fffff;
}  // namespace

Compact decode_compact(std::uint32_t bits) {
  const unsigned exponent = bits >> 24;
  std::uint32_t mantissa = bits & kMantissa;
  Compact out;
  if (exponent <= 3) {
    mantissa >>= 8 * (3 - exponent);
    out.target = mantissa;
  } else {
    // Shifts of 256 and more leave zero, as in the original; `overflow` reports them.
    const unsigned shift = 8 * (exponent - 3);
    if (shift < 256) out.target = U256(mantissa) << shift;
  }
  out.negative = mantissa != 0 && (bits & kSign) != 0;
  out.overflow = mantissa != 0 && (exponent > 34 || (mantissa > 0xff && exponent > 33) ||
                                   (mantissa > 0xffff && exponent > 32));
  return out;
}

std::uint32_t encode_compact(const U256& target) {
  unsigned size = (target.bit_length() + 7) / 8;
  std::uint64_t mantissa =
      size <= 3 ? target.low64() << (8 * (3 - size)) : (target >> (8 * (size - 3))).low64();
  // A mantissa whose top bit is set would read as negative: one more byte of exponent.
  if ((mantissa & kSign) != 0) {
    mantissa >>= 8;
    ++size;
  }
  return static_cast<std::uint32_t>(mantissa) | (size << 24);
}

std::optional<U256> target_of(std::uint32_t bits, const U256& limit) {
  const Compact compact = decode_compact(bits);
  if (compact.negative || compact.overflow || compact.target.is_zero() || compact.target > limit) {
    return std::nullopt;
  }
  return compact.target;
}

U256 work_of(const U256& target) {
  // 2^256 does not fit; ~target / (target + 1) + 1 is the same number.
  if (target == U256::max()) return 1;
  return ~target / (target + 1) + 1;
}

U256 work_of_bits(std::uint32_t bits) {
  const auto target = target_of(bits, U256::max());
  return target ? work_of(*target) : U256();
}

}  // namespace p2p::chain
