#include "crypto/sha256_many.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/endian.h"
#include "crypto/sha256_lanes.h"
#include "crypto/sha256_ni.h"

namespace p2p::crypto {
namespace {

constexpr std::size_t kBlockSize = 64;
/// Sixteen lanes take as long as this many messages by twos.
constexpr std::size_t kFewestLanes = 8;

MessageParts parts_of(const MessageParts& message) { return message; }
MessageParts parts_of(ByteView message) { return {message}; }

#if defined(__x86_64__)

/// A message as runs of blocks, its padding included (FIPS 180-4, section 5.1.1).
class Blocks {
 public:
  explicit Blocks(const MessageParts& parts) : parts_(parts) {
    for (const auto& part : parts_) bits_ += 8 * std::uint64_t{part.size()};
  }
  // The run under way may be in the buffer.
  Blocks(const Blocks&) = delete;
  Blocks& operator=(const Blocks&) = delete;

  const std::uint8_t* run() const { return run_; }
  /// How many blocks there are at run(); 0 when the message is done.
  std::size_t count() const { return count_; }

  void advance(std::size_t blocks) {
    run_ += blocks * kBlockSize;
    count_ -= blocks;
    if (count_ == 0) next();
  }
  /// To be called once before the first run.
  void next() {
    std::size_t filled = 0;
    for (; part_ < parts_.size(); ++part_) {
      ByteView& part = parts_[part_];
      if (filled == 0 && part.size() >= kBlockSize) {
        run_ = part.data();
        count_ = part.size() / kBlockSize;
        part = part.subspan(count_ * kBlockSize);
        return;
      }
      const std::size_t taken = std::min(part.size(), kBlockSize - filled);
      std::copy_n(part.begin(), taken, buffer_.begin() + static_cast<std::ptrdiff_t>(filled));
      part = part.subspan(taken);
      filled += taken;
      if (filled == kBlockSize) {
        run_ = buffer_.data();
        count_ = 1;
        return;
      }
    }
    if (padded_) return;
    padded_ = true;
    std::fill(buffer_.begin() + static_cast<std::ptrdiff_t>(filled), buffer_.end(), 0);
    buffer_[filled] = 0x80;
    run_ = buffer_.data();
    count_ = filled + 1 + sizeof bits_ <= kBlockSize ? 1 : 2;
    store_be(&buffer_[count_ * kBlockSize - sizeof bits_], bits_);
  }

 private:
  MessageParts parts_;
  std::size_t part_ = 0;
  std::uint64_t bits_ = 0;
  bool padded_ = false;
  std::array<std::uint8_t, 2 * kBlockSize> buffer_;
  const std::uint8_t* run_ = nullptr;
  std::size_t count_ = 0;
};

P2P_SHA_NI void load_block(Lane& lane, const std::uint8_t* block) {
  const __m128i big_endian = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
  const auto* words = reinterpret_cast<const __m128i*>(block);
  lane.w0 = _mm_shuffle_epi8(_mm_loadu_si128(words), big_endian);
  lane.w1 = _mm_shuffle_epi8(_mm_loadu_si128(words + 1), big_endian);
  lane.w2 = _mm_shuffle_epi8(_mm_loadu_si128(words + 2), big_endian);
  lane.w3 = _mm_shuffle_epi8(_mm_loadu_si128(words + 3), big_endian);
}

P2P_SHA_NI void load_state(Lane& lane, const Sha256State& s) {
  lane.abef = _mm_set_epi32(static_cast<int>(s[0]), static_cast<int>(s[1]), static_cast<int>(s[4]),
                            static_cast<int>(s[5]));
  lane.cdgh = _mm_set_epi32(static_cast<int>(s[2]), static_cast<int>(s[3]), static_cast<int>(s[6]),
                            static_cast<int>(s[7]));
}

P2P_SHA_NI void store_state(const Lane& lane, Sha256State& s) {
  alignas(16) std::uint32_t feba[4];
  alignas(16) std::uint32_t hgdc[4];
  _mm_store_si128(reinterpret_cast<__m128i*>(feba), lane.abef);
  _mm_store_si128(reinterpret_cast<__m128i*>(hgdc), lane.cdgh);
  s = {feba[3], feba[2], hgdc[3], hgdc[2], feba[1], feba[0], hgdc[1], hgdc[0]};
}

__attribute__((target("sha,sse4.1,ssse3"))) void run_two(Sha256State& a, const std::uint8_t* from_a,
                                                         Sha256State& b, const std::uint8_t* from_b,
                                                         std::size_t blocks) {
  Lane x;
  Lane y;
  load_state(x, a);
  load_state(y, b);
  for (; blocks > 0; --blocks, from_a += kBlockSize, from_b += kBlockSize) {
    const Lane x_before = x;
    const Lane y_before = y;
    load_block(x, from_a);
    load_block(y, from_b);
    compress_two(x, y);
    x.abef = _mm_add_epi32(x.abef, x_before.abef);
    x.cdgh = _mm_add_epi32(x.cdgh, x_before.cdgh);
    y.abef = _mm_add_epi32(y.abef, y_before.abef);
    y.cdgh = _mm_add_epi32(y.cdgh, y_before.cdgh);
  }
  store_state(x, a);
  store_state(y, b);
}

/// A message under way.
struct Place {
  Place(const MessageParts& message, Digest32& digest) : blocks(message), out(digest) {
    blocks.next();
  }

  Blocks blocks;
  Sha256State state = kSha256Initial;
  Digest32& out;
};

using Places = std::array<std::optional<Place>, kSha256Lanes>;

/// All of `active`, as far as the shortest run goes.
void advance_all(std::span<Place* const> active) {
  std::uint32_t* states[kSha256Lanes];
  const std::uint8_t* inputs[kSha256Lanes];
  std::size_t blocks = active[0]->blocks.count();
  for (std::size_t i = 0; i < kSha256Lanes; ++i) {
    Place& place = *active[std::min(i, active.size() - 1)];
    states[i] = place.state.data();
    inputs[i] = place.blocks.run();
    blocks = std::min(blocks, place.blocks.count());
  }
  sha256_lanes(states, inputs, blocks);
  for (auto* place : active) place->blocks.advance(blocks);
}

void advance_two(Place& a, Place& b) {
  const std::size_t blocks = std::min(a.blocks.count(), b.blocks.count());
  run_two(a.state, a.blocks.run(), b.state, b.blocks.run(), blocks);
  a.blocks.advance(blocks);
  b.blocks.advance(blocks);
}

/// Beside itself: that takes no longer than alone.
void advance_one(Place& place) {
  Sha256State same = place.state;
  const std::size_t blocks = place.blocks.count();
  run_two(place.state, place.blocks.run(), same, place.blocks.run(), blocks);
  place.blocks.advance(blocks);
}

template <class Message>
void side_by_side(std::span<const Message> messages, std::span<Digest32> digests, bool lanes) {
  Places places;
  const std::size_t width = lanes ? kSha256Lanes : 2;
  std::size_t next = 0;
  for (;;) {
    Place* active[kSha256Lanes];
    std::size_t count = 0;
    for (std::size_t i = 0; i < width; ++i) {
      auto& place = places[i];
      if (place && place->blocks.count() == 0) {
        for (std::size_t word = 0; word < 8; ++word) {
          store_be(&place->out[4 * word], place->state[word]);
        }
        place.reset();
      }
      if (!place && next < messages.size()) {
        place.emplace(parts_of(messages[next]), digests[next]);
        ++next;
      }
      if (place) active[count++] = &*place;
    }
    if (lanes && count >= kFewestLanes) {
      advance_all({active, count});
    } else if (count > 1) {
      advance_two(*active[0], *active[1]);
    } else if (count == 1) {
      advance_one(*active[0]);
    } else {
      return;
    }
  }
}

#else

template <class Message>
void side_by_side(std::span<const Message>, std::span<Digest32>, bool) {}

#endif

template <class Message>
void hash_all(std::span<const Message> messages, std::span<Digest32> digests, Sha256Path path) {
  if (path != Sha256Path::one_by_one && messages.size() > 1 && has_sha_ni()) {
    const bool lanes = path == Sha256Path::best && sha256_lanes_available();
    side_by_side(messages, digests, lanes && messages.size() >= kFewestLanes);
    return;
  }
  for (std::size_t i = 0; i < messages.size(); ++i) {
    Hasher hasher(HashAlg::sha2_256);
    for (const auto& part : parts_of(messages[i])) hasher.update(part);
    const auto digest = hasher.finish();
    std::ranges::copy(digest, digests[i].begin());
  }
}

}  // namespace

void sha256_many(std::span<const MessageParts> messages, std::span<Digest32> digests,
                 Sha256Path path) {
  hash_all(messages, digests, path);
}

void sha256_many(std::span<const ByteView> messages, std::span<Digest32> digests, Sha256Path path) {
  hash_all(messages, digests, path);
}

}  // namespace p2p::crypto
