#if defined(__x86_64__)

#define P2P_VECTOR_TARGET "sse4.1"

#include "crypto/blake3_simd.h"
#include "crypto/vector128.h"

namespace p2p::crypto::blake3_kernel {
namespace {

using Vector = Vector128<RotateInTwo>;

void hash_batch(const Batch& batch) {
  Batch rest = batch;
  for (; rest.count > 1; rest = rest_of(rest, std::min(rest.count, Vector::kLanes))) {
    hash_lanes<Vector>(rest);
  }
  if (rest.count > 0) hash_rows<Vector>(rest);
}

}  // namespace

const Kernel& sse41() {
  static constexpr Kernel kKernel{
      .width = Vector::kLanes, .compress = compress_one<Vector>, .hash_batch = hash_batch};
  return kKernel;
}

}  // namespace p2p::crypto::blake3_kernel

#endif
