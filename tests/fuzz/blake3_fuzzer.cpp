// LAYERS: p2p_crypto
// OPTIONS: -max_len=256
// Every BLAKE3 kernel gives the same digest, whole, in any pieces and from subtrees; SHA-256 of
// many messages and CRC-32C by instruction give what they give one by one. The input: three bytes
// of length, then bytes that are the data's seed and the sizes of the pieces.
#include "fuzz/require.h"

#include <algorithm>
#include <vector>

#include "crypto/blake3.h"
#include "crypto/crc32c.h"
#include "crypto/sha256_many.h"

using namespace p2p;
using crypto::Blake3Kernel;

namespace {

/// Enough for every kernel's width twice over, and for what most inputs have: four chunks.
constexpr std::size_t kMostBytes = 24'000;
constexpr std::size_t kMostlyBytes = 4'096;

/// The sizes of the pieces, over and over: small ones, and some of several chunks.
std::size_t piece_size(ByteView sizes, std::size_t index) {
  if (sizes.empty()) return 1000;
  const std::size_t byte = sizes[index % sizes.size()];
  return byte < 128 ? byte + 1 : (byte - 127) * 512;
}

crypto::Digest32 in_pieces(ByteView data, ByteView sizes, Blake3Kernel kernel) {
  crypto::Blake3 running(kernel);
  for (std::size_t i = 0; !data.empty(); ++i) {
    const auto piece = data.first(std::min(piece_size(sizes, i), data.size()));
    running.update(piece);
    data = data.subspan(piece.size());
  }
  return running.digest();
}

/// From aligned subtrees of 2^n chunks, n as the sizes say and alignment allows.
crypto::Digest32 from_subtrees(ByteView data, ByteView sizes, Blake3Kernel kernel) {
  crypto::Blake3Tree tree;
  for (std::size_t i = 0; !data.empty() || tree.chunks() == 0; ++i) {
    std::uint64_t chunks = std::uint64_t{1} << (piece_size(sizes, i) % 8);
    while (tree.chunks() % chunks != 0) chunks /= 2;
    const std::size_t size = std::min<std::uint64_t>(chunks * 1024, data.size());
    tree.push(crypto::blake3_subtree(data.first(size), tree.chunks(), kernel),
              std::max<std::size_t>(1, (size + 1023) / 1024));
    data = data.subspan(size);
  }
  return tree.top().root();
}

void check_sha256(ByteView data, ByteView sizes) {
  std::vector<ByteView> messages;
  for (std::size_t i = 0; i < 40 && !data.empty(); ++i) {
    messages.push_back(data.first(std::min(piece_size(sizes, i) - 1, data.size())));
    data = data.subspan(std::max<std::size_t>(1, messages.back().size()));
  }
  std::vector<crypto::Digest32> found(messages.size());
  for (const auto path : {crypto::Sha256Path::best, crypto::Sha256Path::two_by_two}) {
    crypto::sha256_many(messages, found, path);
    for (std::size_t i = 0; i < found.size(); ++i) require(found[i] == crypto::sha256(messages[i]));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  if (size < 3) return 0;
  const std::size_t most = one_in(64, {input, size}) ? kMostBytes : kMostlyBytes;
  const std::size_t length = (input[0] | input[1] << 8 | input[2] << 16) % most;
  const ByteView sizes(input + 3, size - 3);
  Bytes data(length);
  std::uint32_t state = static_cast<std::uint32_t>(length);
  for (const std::uint8_t byte : sizes) state = state * 31 + byte;
  for (auto& byte : data) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<std::uint8_t>(state >> 24);
  }
  const auto expected = crypto::blake3(data, Blake3Kernel::portable);
  for (const auto kernel : {Blake3Kernel::portable, Blake3Kernel::sse41, Blake3Kernel::avx2,
                            Blake3Kernel::avx512, Blake3Kernel::best}) {
    if (!crypto::blake3_kernel_available(kernel)) continue;
    require(crypto::blake3(data, kernel) == expected);
    require(in_pieces(data, sizes, kernel) == expected);
    require(from_subtrees(data, sizes, kernel) == expected);
  }
  check_sha256(data, sizes);
  require(crypto::crc32c(0, data) == crypto::crc32c(0, data, crypto::Crc32cPath::portable));
  return 0;
}
