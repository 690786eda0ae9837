#if defined(__x86_64__)

#define P2P_VECTOR_TARGET "avx512f,avx512vl,tune=icelake-server"

#include "crypto/blake3_simd.h"
#include "crypto/vector128.h"
#include "crypto/vector256.h"
#include "crypto/vector512.h"

namespace p2p::crypto::blake3_kernel {
namespace {

struct Rotate128 {
  template <int Bits>
  P2P_VECTOR_INLINE static __m128i right(__m128i a) {
    return _mm_ror_epi32(a, Bits);
  }
};

struct Rotate256 {
  template <int Bits>
  P2P_VECTOR_INLINE static __m256i right(__m256i a) {
    return _mm256_ror_epi32(a, Bits);
  }
};

using One = Vector128<Rotate128>;
using Half = Vector256<Rotate256>;

void hash_batch(const Batch& batch) {
  Batch rest = batch;
  for (; rest.count > Half::kLanes; rest = rest_of(rest, std::min(rest.count, Vector512::kLanes))) {
    hash_lanes<Vector512>(rest);
  }
  // What is left goes at once, in the shape with the shortest wait that has room for it.
  if (rest.count > 4) {
    hash_lanes<Half>(rest);
  } else if (rest.count > 1) {
    hash_rows<Vector512>(rest);
  } else if (rest.count == 1) {
    hash_rows<One>(rest);
  }
}

}  // namespace

const Kernel& avx512() {
  static constexpr Kernel kKernel{
      .width = Vector512::kLanes, .compress = compress_one<One>, .hash_batch = hash_batch};
  return kKernel;
}

}  // namespace p2p::crypto::blake3_kernel

#endif
