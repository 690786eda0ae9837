// Where a name stands in a sharded directory (https://specs.ipfs.tech/unixfs, "HAMT Sharded
// Directory"): each shard on the way takes the next bits of the name's hash, from the top, and
// writes them before the names of its links. Private to content/.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "content/murmur3.h"

namespace p2p::content {

/// Names that agree in all of them cannot be told apart.
inline constexpr unsigned kHamtHashBits = 64;

inline std::uint64_t hamt_hash(std::string_view name) { return murmur3_x64_64(as_bytes(name)); }

/// How many bits of the hash a shard takes; `fanout` is a power of two from kMinFanout on.
constexpr unsigned hamt_bits(std::uint64_t fanout) {
  return static_cast<unsigned>(std::countr_zero(fanout));
}

/// The slot in a shard, where those above it have taken `used` bits; hamt_bits of it must be left.
constexpr std::size_t hamt_slot(std::uint64_t hash, unsigned used, std::uint64_t fanout) {
  return hash >> (kHamtHashBits - used - hamt_bits(fanout)) & (fanout - 1);
}

/// Hexadecimal digits before a shard's names: as many as its highest slot has.
constexpr std::size_t hamt_prefix_size(std::uint64_t fanout) { return (hamt_bits(fanout) + 3) / 4; }

/// A slot as it stands before names, in upper case.
std::string hamt_prefix(std::size_t slot, std::uint64_t fanout);

}  // namespace p2p::content
