// SHA-1 of several messages of one length at the same time, as torrents need it: their pieces are
// hashed one by one, and one SHA-1 alone is bound by its own latency even with SHA-NI. Eight at a
// time, one in each 32-bit column of AVX2 registers, go twice as fast on one core, and sixteen in
// those of AVX-512 five times.
//
// SHA-1 is broken as a proof of origin; it is here because BitTorrent's first version names by it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"

namespace p2p::crypto {

using Digest20 = std::array<std::uint8_t, 20>;

Digest20 sha1(ByteView data);

/// The implementations, for tests and benchmarks; callers use `best`.
enum class Sha1Path { best, single, avx2, avx512 };
/// Whether this processor can run it.
bool sha1_path_available(Sha1Path path);

class Sha1Lanes {
 public:
  /// More messages at a time gain nothing.
  static constexpr std::size_t kMost = 16;

  /// `count` messages, from 1 to kMost.
  explicit Sha1Lanes(std::size_t count, Sha1Path path = Sha1Path::best);
  Sha1Lanes(Sha1Lanes&&) noexcept;
  Sha1Lanes& operator=(Sha1Lanes&&) noexcept;
  ~Sha1Lanes();

  std::size_t count() const { return count_; }

  /// The next `size` bytes of each message, a multiple of 64. `data` has count() pointers.
  void update(std::span<const std::uint8_t* const> data, std::size_t size);
  /// update() of zeros in all messages, which go half as fast again.
  void update_zeros(std::size_t size);
  /// The last `size` bytes of each message, any number of them; the digests go to `out`, which has
  /// count() places. The lanes start anew.
  void finish(std::span<const std::uint8_t* const> data, std::size_t size, std::span<Digest20> out);

 private:
  struct Single;
  void restart();
  void compress(const std::uint8_t* const* data, std::size_t blocks);

  std::size_t count_;
  std::uint64_t total_ = 0;
  /// The columns: state word by state word, a lane each.
  alignas(64) std::array<std::array<std::uint32_t, kMost>, 5> state_;
  bool avx512_ = false;
  std::unique_ptr<Single> single_;  // where lanes are hashed one after the other
};

}  // namespace p2p::crypto
