#include "crypto/blake3.h"

#include <algorithm>

#include "base/endian.h"
#include "crypto/blake3_kernel.h"

namespace p2p::crypto {
namespace {

using blake3_kernel::Batch;
using blake3_kernel::kChunkEnd;
using blake3_kernel::kChunkStart;
using blake3_kernel::Kernel;
using blake3_kernel::kInitial;
using blake3_kernel::kParent;
using blake3_kernel::kRoot;

constexpr std::size_t kBlocks = kBlake3ChunkSize / kBlake3BlockSize;

#if defined(__x86_64__)

// libgcc has asked the processor, and whether the system saves the registers, before main: asking
// again is slow, for virtual machines trap it.
Blake3Kernel best_kernel() {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")) {
    return Blake3Kernel::avx512;
  }
  if (__builtin_cpu_supports("avx2")) return Blake3Kernel::avx2;
  return __builtin_cpu_supports("sse4.1") ? Blake3Kernel::sse41 : Blake3Kernel::portable;
}

const Kernel& find(Blake3Kernel kernel) {
  if (kernel == Blake3Kernel::best) kernel = best_kernel();
  switch (kernel) {
    case Blake3Kernel::sse41:
      return blake3_kernel::sse41();
    case Blake3Kernel::avx2:
      return blake3_kernel::avx2();
    case Blake3Kernel::avx512:
      return blake3_kernel::avx512();
    case Blake3Kernel::best:
    case Blake3Kernel::portable:
      break;
  }
  return blake3_kernel::portable();
}

#else

Blake3Kernel best_kernel() { return Blake3Kernel::portable; }

const Kernel& find(Blake3Kernel) { return blake3_kernel::portable(); }

#endif

Digest32 bytes_of(const std::array<std::uint32_t, 8>& words) {
  Digest32 bytes;
  for (std::size_t i = 0; i < 8; ++i) store_le(&bytes[4 * i], words[i]);
  return bytes;
}

Digest32 compress(const Blake3Node& node, std::uint8_t more_flags) {
  auto state = node.state;
  find(Blake3Kernel::best)
      .compress(state, node.block.data(), node.block_size, node.counter, node.flags | more_flags);
  return bytes_of(state);
}

std::size_t chunks_in(std::size_t bytes) {
  return std::max<std::size_t>(1, bytes / kBlake3ChunkSize + (bytes % kBlake3ChunkSize != 0));
}

/// The chaining values of the nodes of one level of a subtree, at most as many as kMostNodes.
/// Subtrees are reduced this far and no further where there is a subtree beside them, so that the
/// parents of both fill the kernel.
constexpr std::size_t kMostNodes = 16;

/// Reduces `bytes` to at most `width` nodes (at least two where it has two chunks) in `out`, which
/// has room for twice as many; says how many.
std::size_t reduce(ByteView bytes, std::uint64_t first_chunk, std::size_t width, Digest32* out,
                   Blake3Kernel kernel) {
  const std::size_t chunks = chunks_in(bytes.size());
  if (chunks <= width) {
    blake3_chunks(bytes, first_chunk, {out, chunks}, kernel);
    return chunks;
  }
  const std::size_t left = std::bit_floor(chunks - 1);
  std::array<Digest32, 2 * kMostNodes> nodes;
  const std::size_t lefts =
      reduce(bytes.first(left * kBlake3ChunkSize), first_chunk, width, nodes.data(), kernel);
  const std::size_t all = lefts + reduce(bytes.subspan(left * kBlake3ChunkSize), first_chunk + left,
                                         width, nodes.data() + lefts, kernel);
  blake3_parents({nodes.data(), all / 2 * 2}, {out, all / 2}, kernel);
  if (all % 2 != 0) out[all / 2] = nodes[all - 1];
  return all / 2 + all % 2;
}

}  // namespace

bool blake3_kernel_available(Blake3Kernel kernel) { return kernel <= best_kernel(); }

std::string_view blake3_kernel_name() {
  switch (best_kernel()) {
    case Blake3Kernel::avx512:
      return "avx512";
    case Blake3Kernel::avx2:
      return "avx2";
    case Blake3Kernel::sse41:
      return "sse4.1";
    case Blake3Kernel::best:
    case Blake3Kernel::portable:
      break;
  }
  return "portable";
}

Digest32 Blake3Node::chaining_value() const { return compress(*this, 0); }

Digest32 Blake3Node::root() const {
  // The counter of the root's compression counts blocks of output, not chunks.
  Blake3Node node = *this;
  node.counter = 0;
  return compress(node, kRoot);
}

void Blake3Node::root(MutableBytes out) const {
  for (std::uint64_t i = 0; !out.empty(); ++i) {
    const auto bytes =
        blake3_kernel::output_block(state, block.data(), block_size, i, flags | kRoot);
    const auto part = out.first(std::min(out.size(), bytes.size()));
    std::copy_n(bytes.begin(), part.size(), part.begin());
    out = out.subspan(part.size());
  }
}

Blake3Node blake3_parent(const Digest32& left, const Digest32& right) {
  Blake3Node node{kInitial, {}, 0, kBlake3BlockSize, kParent};
  std::ranges::copy(left, node.block.begin());
  std::ranges::copy(right, node.block.begin() + 32);
  return node;
}

Blake3Node blake3_chunk(ByteView bytes, std::uint64_t index, Blake3Kernel kernel) {
  const Kernel& code = find(kernel);
  Blake3Node node{kInitial, {}, index, 0, kChunkStart};
  while (bytes.size() > kBlake3BlockSize) {
    code.compress(node.state, bytes.data(), kBlake3BlockSize, index, node.flags);
    bytes = bytes.subspan(kBlake3BlockSize);
    node.flags = 0;
  }
  std::ranges::copy(bytes, node.block.begin());
  node.block_size = static_cast<std::uint8_t>(bytes.size());
  node.flags |= kChunkEnd;
  return node;
}

Blake3Node blake3_subtree(ByteView bytes, std::uint64_t first_chunk, Blake3Kernel kernel) {
  if (bytes.size() <= kBlake3ChunkSize) return blake3_chunk(bytes, first_chunk, kernel);
  std::array<Digest32, 2 * kMostNodes> nodes;
  // At least two, or two chunks would be reduced to no pair.
  const std::size_t width = std::max<std::size_t>(2, find(kernel).width);
  std::size_t count = reduce(bytes, first_chunk, width, nodes.data(), kernel);
  for (; count > 2; count = count / 2 + count % 2) {
    blake3_parents({nodes.data(), count / 2 * 2}, {nodes.data(), count / 2}, kernel);
    if (count % 2 != 0) nodes[count / 2] = nodes[count - 1];
  }
  return blake3_parent(nodes[0], nodes[1]);
}

void blake3_chunks(ByteView bytes, std::uint64_t first_chunk, std::span<Digest32> out,
                   Blake3Kernel kernel) {
  const std::size_t whole = bytes.size() / kBlake3ChunkSize;
  if (whole > 0) {
    find(kernel).hash_batch({.input = bytes.data(),
                             .count = whole,
                             .blocks = kBlocks,
                             .first = first_chunk,
                             .step = 1,
                             .flags = 0,
                             .start = kChunkStart,
                             .end = kChunkEnd,
                             .out = out[0].data()});
  }
  if (whole < out.size()) {
    out[whole] =
        blake3_chunk(bytes.subspan(whole * kBlake3ChunkSize), first_chunk + whole).chaining_value();
  }
}

void blake3_parents(std::span<const Digest32> children, std::span<Digest32> out,
                    Blake3Kernel kernel) {
  if (out.empty()) return;
  find(kernel).hash_batch({.input = children[0].data(),
                           .count = out.size(),
                           .blocks = 1,
                           .first = 0,
                           .step = 0,
                           .flags = kParent,
                           .start = 0,
                           .end = 0,
                           .out = out[0].data()});
}

void Blake3Tree::push(const Blake3Node& subtree, std::uint64_t chunks) {
  if (chunks_ > 0) {
    // The last one has a right neighbour now. The left subtrees that wait are as many as the number
    // of chunks has one-bits.
    auto value = last_.chaining_value();
    const auto most = static_cast<std::size_t>(std::popcount(chunks_));
    while (depth_ + 1 > most) value = blake3_parent(waiting_[--depth_], value).chaining_value();
    waiting_[depth_++] = value;
  }
  last_ = subtree;
  chunks_ += chunks;
}

Blake3Node Blake3Tree::top() const {
  Blake3Node node = last_;
  for (std::size_t i = depth_; i-- > 0;) node = blake3_parent(waiting_[i], node.chaining_value());
  return node;
}

Blake3::Blake3(Blake3Kernel kernel) : kernel_(kernel), state_(kInitial) {}

Blake3Node Blake3::chunk_node() const {
  Blake3Node node{state_, {}, whole_chunks(), static_cast<std::uint8_t>(block_fill_), kChunkEnd};
  std::copy_n(block_.begin(), block_fill_, node.block.begin());
  if (blocks_done_ == 0) node.flags |= kChunkStart;
  return node;
}

/// Takes from `bytes` what the chunk under way has room for.
void Blake3::fill_chunk(ByteView& bytes) {
  while (!bytes.empty() && blocks_done_ * kBlake3BlockSize + block_fill_ < kBlake3ChunkSize) {
    if (block_fill_ == kBlake3BlockSize) {
      find(kernel_).compress(state_, block_.data(), kBlake3BlockSize, whole_chunks(),
                             blocks_done_ == 0 ? kChunkStart : 0);
      ++blocks_done_;
      block_fill_ = 0;
    }
    const std::size_t taken = std::min(bytes.size(), kBlake3BlockSize - block_fill_);
    std::copy_n(bytes.begin(), taken, block_.begin() + static_cast<std::ptrdiff_t>(block_fill_));
    block_fill_ += taken;
    bytes = bytes.subspan(taken);
  }
}

void Blake3::update(ByteView bytes) {
  while (!bytes.empty()) {
    const bool between_chunks = blocks_done_ == 0 && block_fill_ == 0;
    if (between_chunks && bytes.size() >= kBlake3ChunkSize) {
      // The largest subtree that begins here and is whole.
      std::uint64_t chunks = std::bit_floor(bytes.size() / kBlake3ChunkSize);
      if (const auto begun = whole_chunks(); begun > 0) {
        chunks = std::min(chunks, begun & (~begun + 1));
      }
      const std::size_t size = chunks * kBlake3ChunkSize;
      tree_.push(blake3_subtree(bytes.first(size), whole_chunks(), kernel_), chunks);
      bytes = bytes.subspan(size);
      continue;
    }
    fill_chunk(bytes);
    if (blocks_done_ * kBlake3BlockSize + block_fill_ == kBlake3ChunkSize) {
      tree_.push(chunk_node(), 1);
      state_ = kInitial;
      blocks_done_ = 0;
      block_fill_ = 0;
    }
  }
}

Blake3Node Blake3::node() const {
  const bool between_chunks = blocks_done_ == 0 && block_fill_ == 0;
  if (between_chunks && tree_.chunks() > 0) return tree_.top();
  if (tree_.chunks() == 0) return chunk_node();
  Blake3Tree tree = tree_;
  tree.push(chunk_node(), 1);
  return tree.top();
}

Digest32 blake3(ByteView bytes, Blake3Kernel kernel) {
  return blake3_subtree(bytes, 0, kernel).root();
}

}  // namespace p2p::crypto
