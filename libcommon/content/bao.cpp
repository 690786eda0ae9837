#include "content/bao.h"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "base/endian.h"

namespace p2p::content {

using crypto::Blake3Node;
using crypto::Digest32;
using crypto::kBlake3ChunkSize;

namespace {

constexpr std::size_t kHeaderSize = 8;
constexpr std::size_t kParentSize = 64;
constexpr const char* kWrongRoot = "it is not of the content that the hash names";

/// What is read and hashed at once: enough to keep all lanes of a kernel busy.
constexpr std::uint64_t kPiece = std::uint64_t{1} << 20;
/// Of an outline. Windows grow with the content, so that outlines stay under 16 MiB.
constexpr std::uint64_t kMostWindows = std::uint64_t{1} << 18;
/// What a sink is given at once.
constexpr std::size_t kPart = 64 * 1024;

/// The range in terms of bytes that the content has, inclusive; see the header for the odd ones.
struct Bounds {
  std::uint64_t first;
  std::uint64_t last;

  Bounds(BaoRange range, std::uint64_t size) {
    const std::uint64_t end = size == 0 ? 0 : size - 1;
    first = std::min(range.start, end);
    const std::uint64_t more = range.count == 0 ? 0 : range.count - 1;
    const bool past_end = range.start >= size || more >= size - range.start;
    last = past_end ? end : range.start + more;
  }
  bool touch(std::uint64_t offset, std::uint64_t size) const {
    return offset <= last && (size == 0 || first - offset < size || first < offset);
  }
};

std::uint64_t chunks_in(std::uint64_t size) {
  return size == 0 ? 1 : (size - 1) / kBlake3ChunkSize + 1;
}

/// The size of the left child of a subtree of more than one chunk.
std::uint64_t left_size(std::uint64_t size) {
  return std::bit_floor(chunks_in(size) - 1) * kBlake3ChunkSize;
}

/// The levels above `levels.front()`, until one has two nodes, or one. Where a level's number is
/// odd the last node is its own parent, as the tree's shape has it.
void build_levels(std::vector<std::vector<Digest32>>& levels) {
  while (levels.back().size() > 2) {
    const auto& below = levels.back();
    const std::size_t pairs = below.size() / 2;
    std::vector<Digest32> level(below.size() - pairs);
    crypto::blake3_parents({below.data(), 2 * pairs}, {level.data(), pairs});
    if (below.size() % 2 != 0) level.back() = below.back();
    levels.push_back(std::move(level));
  }
}

/// What build_levels built, and the value of all of it.
Digest32 value_of(const std::vector<std::vector<Digest32>>& levels) {
  const auto& top = levels.back();
  return top.size() == 1 ? top[0] : crypto::blake3_parent(top[0], top[1]).chaining_value();
}

/// Writes one slice. The tree is known in tiers, each down to nodes of its own unit: the outline's
/// windows; the pieces of one window, where it has several; the chunks of one piece. The lower
/// tiers are read when the walk comes by.
class SliceWriter {
 public:
  SliceWriter(const BaoOutline& outline, BaoRange range, const BaoReadAt& read_at,
              const BaoSink& sink)
      : outline_(outline),
        bounds_(range, outline.size()),
        read_at_(read_at),
        sink_(sink),
        pieces_{.unit = kPiece, .above = outline.window_size()},
        chunks_{.unit = kBlake3ChunkSize, .above = kPiece} {}

  Result<void> write() {
    append_le(out_, outline_.size());
    P2P_CHECK(walk(0, outline_.size()));
    return sink_(out_);
  }

 private:
  struct Tier {
    std::uint64_t unit;
    std::uint64_t above;  ///< the unit of the tier above, of which this covers one
    bool loaded = false;
    std::uint64_t base = 0;
    std::vector<std::vector<Digest32>> levels = {};

    bool covers(std::uint64_t offset) const { return loaded && offset / above == base / above; }
  };

  /// The value of a subtree of `size` bytes whose parent has `parent_size`.
  const Digest32& value(std::uint64_t offset, std::uint64_t size, std::uint64_t parent_size) const {
    const bool in_window = parent_size <= outline_.window_size();
    const Tier& tier = parent_size <= kPiece ? chunks_ : pieces_;
    const std::uint64_t unit = in_window ? tier.unit : outline_.window_size();
    const std::uint64_t units = size == 0 ? 1 : (size - 1) / unit + 1;
    const auto level = static_cast<std::size_t>(std::bit_width(units - 1));
    const std::uint64_t index = (offset - (in_window ? tier.base : 0)) / unit >> level;
    return in_window ? tier.levels[level][index] : outline_.value(level, index);
  }

  Result<void> read_piece(std::uint64_t offset, std::uint64_t size) {
    piece_.resize(size);
    if (size == 0) return {};
    return read_at_(offset, piece_);
  }

  /// Reads the nodes below one of the tier above, whose value is `expected`.
  Result<void> load(Tier& tier, std::uint64_t offset, std::uint64_t size,
                    const Digest32& expected) {
    std::vector<Digest32> values(size == 0 ? 1 : (size - 1) / tier.unit + 1);
    if (tier.unit == kBlake3ChunkSize) {
      P2P_CHECK(read_piece(offset, size));
      crypto::blake3_chunks(piece_, offset / kBlake3ChunkSize, values);
    } else {
      for (std::size_t i = 0; i < values.size(); ++i) {
        const std::uint64_t begin = i * kPiece;
        P2P_CHECK(read_piece(offset + begin, std::min(kPiece, size - begin)));
        values[i] =
            crypto::blake3_subtree(piece_, (offset + begin) / kBlake3ChunkSize).chaining_value();
      }
    }
    tier.levels.clear();
    tier.levels.push_back(std::move(values));
    build_levels(tier.levels);
    if (value_of(tier.levels) != expected) {
      return fail(Code::mismatch, "the content changed while it was read");
    }
    tier.base = offset;
    tier.loaded = true;
    return {};
  }

  Result<void> load_tiers(std::uint64_t offset, std::uint64_t size) {
    const std::uint64_t window = outline_.window_size();
    if (window > kPiece && size <= window && !pieces_.covers(offset)) {
      P2P_CHECK(load(pieces_, offset, size, outline_.value(0, offset / window)));
    }
    if (size <= kPiece && !chunks_.covers(offset)) {
      const Digest32 expected = window > kPiece
                                    ? pieces_.levels[0][(offset - pieces_.base) / kPiece]
                                    : outline_.value(0, offset / kPiece);
      P2P_CHECK(load(chunks_, offset, size, expected));
    }
    return {};
  }

  Result<void> put(ByteView bytes) {
    append(out_, bytes);
    if (out_.size() + kBlake3ChunkSize <= kPart) return {};
    P2P_CHECK(sink_(out_));
    out_.clear();
    return {};
  }

  /// As deep as the tree: 54 levels at most.
  Result<void> walk(std::uint64_t offset, std::uint64_t size) {
    if (!bounds_.touch(offset, size)) return {};
    P2P_CHECK(load_tiers(offset, size));
    if (size <= kBlake3ChunkSize) return put(ByteView(piece_).subspan(offset - chunks_.base, size));
    const std::uint64_t left = left_size(size);
    P2P_CHECK(put(value(offset, left, size)));
    P2P_CHECK(put(value(offset + left, size - left, size)));
    P2P_CHECK(walk(offset, left));
    return walk(offset + left, size - left);
  }

  const BaoOutline& outline_;
  Bounds bounds_;
  const BaoReadAt& read_at_;
  const BaoSink& sink_;
  Tier pieces_;
  Tier chunks_;
  Bytes piece_;  ///< the bytes that chunks_ covers
  Bytes out_;
};

}  // namespace

BaoOutline::BaoOutline(std::uint64_t size, std::uint64_t window_size)
    : size_(size), window_size_(window_size) {
  while ((size_ == 0 ? 0 : size_ - 1) / window_size_ >= kMostWindows) window_size_ *= 2;
  levels_.emplace_back(size_ == 0 ? 1 : (size_ - 1) / window_size_ + 1);
}

void BaoOutline::set(std::size_t window, const Blake3Node& subtree) {
  levels_[0][window] = subtree.chaining_value();
  if (windows() == 1) root_ = subtree.root();
}

void BaoOutline::complete() {
  build_levels(levels_);
  const auto& top = levels_.back();
  if (top.size() == 2) root_ = crypto::blake3_parent(top[0], top[1]).root();
}

Result<void> fill(BaoOutline& outline, const BaoReadAt& read_at) {
  Bytes piece;
  for (std::size_t i = 0; i < outline.windows(); ++i) {
    const std::uint64_t begin = i * outline.window_size();
    const std::uint64_t end = begin + std::min(outline.window_size(), outline.size() - begin);
    crypto::Blake3Tree tree;
    std::uint64_t offset = begin;
    do {
      piece.resize(std::min(kPiece, end - offset));
      if (!piece.empty()) P2P_CHECK(read_at(offset, piece));
      tree.push(crypto::blake3_subtree(piece, offset / kBlake3ChunkSize), chunks_in(piece.size()));
      offset += piece.size();
    } while (offset < end);
    outline.set(i, tree.top());
  }
  outline.complete();
  return {};
}

Result<void> write_bao_slice(const BaoOutline& outline, BaoRange range, const BaoReadAt& read_at,
                             const BaoSink& sink) {
  return SliceWriter(outline, range, read_at, sink).write();
}

BaoVerifier::BaoVerifier(const Digest32& root, BaoRange range) : root_(root), range_(range) {}

std::size_t BaoVerifier::wanted() {
  if (!has_header_) return kHeaderSize;
  const auto untouched = [&] {
    const Subtree& next = pending_.back();
    return next.offset > last_ || next.offset + (next.size - 1) < first_;
  };
  while (!pending_.empty() && untouched()) pending_.pop_back();
  if (pending_.empty()) return 0;
  const std::uint64_t size = pending_.back().size;
  return size <= kBlake3ChunkSize ? static_cast<std::size_t>(size) : kParentSize;
}

Result<void> BaoVerifier::take_header(ByteView bytes) {
  const auto size = load_le<std::uint64_t>(bytes.data());
  // Of the empty content there is nothing to wait for, but its one chunk is to be checked.
  if (size == 0 && crypto::blake3({}) != root_) return fail(Code::mismatch, kWrongRoot);
  if (size > 0) pending_.push_back({root_, 0, size});
  const Bounds bounds(range_, size);
  first_ = bounds.first;
  last_ = bounds.last;
  has_header_ = true;
  return {};
}

Result<void> BaoVerifier::take_node(ByteView bytes, Bytes& out) {
  const Subtree subtree = pending_.back();
  const bool chunk = subtree.size <= kBlake3ChunkSize;
  Digest32 left{};
  Digest32 right{};
  if (!chunk) {
    std::ranges::copy(bytes.first(32), left.begin());
    std::ranges::copy(bytes.subspan(32), right.begin());
  }
  const auto node = chunk ? crypto::blake3_chunk(bytes, subtree.offset / kBlake3ChunkSize)
                          : crypto::blake3_parent(left, right);
  if ((at_root_ ? node.root() : node.chaining_value()) != subtree.expected) {
    return fail(Code::mismatch, at_root_ ? kWrongRoot
                                         : "what it says of bytes " +
                                               std::to_string(subtree.offset) + " to " +
                                               std::to_string(subtree.offset + subtree.size - 1) +
                                               " does not belong to the hash");
  }
  at_root_ = false;
  pending_.pop_back();
  if (chunk) {
    append(out, asked_of(subtree.offset, bytes));
  } else {
    const std::uint64_t left_bytes = left_size(subtree.size);
    pending_.push_back({right, subtree.offset + left_bytes, subtree.size - left_bytes});
    pending_.push_back({left, subtree.offset, left_bytes});
  }
  return {};
}

/// The part of a chunk that is in the range as it was asked for, which may be of no bytes.
ByteView BaoVerifier::asked_of(std::uint64_t offset, ByteView chunk) const {
  const std::uint64_t skipped = range_.start > offset ? range_.start - offset : 0;
  if (skipped >= chunk.size()) return {};
  chunk = chunk.subspan(skipped);
  const std::uint64_t before = offset + skipped - range_.start;  // of the range, in earlier chunks
  if (before >= range_.count) return {};
  return chunk.first(std::min<std::uint64_t>(chunk.size(), range_.count - before));
}

Result<void> BaoVerifier::push(ByteView bytes, Bytes& out) {
  for (;;) {
    const std::size_t size = wanted();
    complete_ = size == 0;
    if (complete_ && !bytes.empty()) {
      complete_ = false;
      return fail(Code::parse, "the slice is followed by stray bytes");
    }
    if (complete_) return {};
    ByteView node = bytes;
    if (buffer_.empty() && bytes.size() >= size) {
      node = bytes.first(size);
      bytes = bytes.subspan(size);
    } else {
      const std::size_t taken = std::min(size - buffer_.size(), bytes.size());
      append(buffer_, bytes.first(taken));
      bytes = bytes.subspan(taken);
      if (buffer_.size() < size) return {};
      node = buffer_;
    }
    P2P_CHECK(has_header_ ? take_node(node, out) : take_header(node));
    buffer_.clear();
  }
}

Result<void> BaoVerifier::finish() const {
  if (!complete_) return fail(Code::parse, "the slice is cut short");
  return {};
}

}  // namespace p2p::content
