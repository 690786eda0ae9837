// Where a file is cut into the leaves of its tree, exactly as kubo cuts (boxo's chunker/): every so
// many bytes, or where a hash of the last few bytes says so, by Rabin fingerprints or by buzhash.
// The latter find the same cuts in what two versions of a file have in common.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"

namespace p2p::content {

/// kubo's bound on chunks: what is left of bitswap's block of 2 MiB when a leaf is framed.
inline constexpr std::size_t kMaxChunkSize = 2 * 1024 * 1024 - 256;

struct ChunkerSpec {
  enum class Kind { size, rabin, buzhash } kind = Kind::size;
  std::size_t min = 0;      ///< no chunk is shorter but the last; of `size` the same as max
  std::size_t average = 0;  ///< of rabin: what is aimed at, between the others
  std::size_t max = 0;      ///< no chunk is longer

  static constexpr ChunkerSpec fixed(std::size_t size) { return {Kind::size, size, size, size}; }
  /// kubo's spelling, which parse_chunker reads back.
  std::string text() const;
  friend bool operator==(const ChunkerSpec&, const ChunkerSpec&) = default;
};

/// `size-N`, `rabin`, `rabin-AVG`, `rabin-MIN-AVG-MAX` or `buzhash`, within kubo's bounds: no chunk
/// over kMaxChunkSize, MIN at least 16 and below AVG, AVG below MAX. One bound is ours: AVG alone
/// is at least 48, a third of which is Rabin's window; below it kubo never cuts at all.
/// Code::invalid_argument says which is broken.
Result<ChunkerSpec> parse_chunker(std::string_view text);

/// Finds the cuts of one stream of bytes, which come in any pieces.
class Chunker {
 public:
  explicit Chunker(const ChunkerSpec& spec) : spec_(spec) {}

  struct Step {
    std::size_t taken;  ///< bytes of `data` that belong to the current chunk
    bool cut;           ///< the chunk ends with them; otherwise all of `data` was taken
  };
  /// Goes on with `data`, at most to the end of the current chunk. What is left belongs to the
  /// next; the stream's end ends the last chunk.
  Step next(ByteView data);

 private:
  /// The longest window of the hashes here.
  static constexpr std::size_t kMaxWindow = 32;

  /// The first length from `first` to `last` at which the content says to cut, else 0; lengths
  /// count from the chunk's start, of which `length_` bytes came before `data`.
  std::size_t search(ByteView data, std::size_t first, std::size_t last) const;
  void remember(ByteView data);

  ChunkerSpec spec_;
  std::size_t length_ = 0;                       // of the current chunk so far
  std::array<std::uint8_t, kMaxWindow> tail_{};  // the last bytes before what comes next
};

}  // namespace p2p::content
