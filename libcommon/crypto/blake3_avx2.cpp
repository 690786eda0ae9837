#if defined(__x86_64__)

#define P2P_VECTOR_TARGET "avx2"

#include "crypto/blake3_simd.h"
#include "crypto/vector128.h"
#include "crypto/vector256.h"

namespace p2p::crypto::blake3_kernel {
namespace {

struct RotateInTwo256 {
  template <int Bits>
  P2P_VECTOR_INLINE static __m256i right(__m256i a) {
    if constexpr (Bits == 16) {
      return _mm256_shuffle_epi8(
          a, _mm256_set_epi8(13, 12, 15, 14, 9, 8, 11, 10, 5, 4, 7, 6, 1, 0, 3, 2, 13, 12, 15, 14,
                             9, 8, 11, 10, 5, 4, 7, 6, 1, 0, 3, 2));
    } else if constexpr (Bits == 8) {
      return _mm256_shuffle_epi8(
          a, _mm256_set_epi8(12, 15, 14, 13, 8, 11, 10, 9, 4, 7, 6, 5, 0, 3, 2, 1, 12, 15, 14, 13,
                             8, 11, 10, 9, 4, 7, 6, 5, 0, 3, 2, 1));
    } else {
      return _mm256_or_si256(_mm256_srli_epi32(a, Bits), _mm256_slli_epi32(a, 32 - Bits));
    }
  }
};

using One = Vector128<RotateInTwo>;
using Vector = Vector256<RotateInTwo256>;

void hash_batch(const Batch& batch) {
  Batch rest = batch;
  // Eight lanes take hardly longer than one row alone, so few inputs are worth them too.
  for (; rest.count > 2; rest = rest_of(rest, std::min(rest.count, Vector::kLanes))) {
    hash_lanes<Vector>(rest);
  }
  if (rest.count == 2) {
    hash_rows<Vector>(rest);
  } else if (rest.count == 1) {
    hash_rows<One>(rest);
  }
}

}  // namespace

const Kernel& avx2() {
  static constexpr Kernel kKernel{
      .width = Vector::kLanes, .compress = compress_one<One>, .hash_batch = hash_batch};
  return kKernel;
}

}  // namespace p2p::crypto::blake3_kernel

#endif
