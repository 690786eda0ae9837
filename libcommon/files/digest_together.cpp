// One file on all threads: BLAKE3 by subtrees, other functions side by side.
#include <algorithm>
#include <bit>
#include <memory>
#include <optional>
#include <utility>

#include "crypto/blake3.h"
#include "files/digest.h"
#include "files/read_ahead.h"

namespace p2p::files {

namespace {

using crypto::HashAlg;

/// A pipe holds 64 KiB, so larger pieces take several reads; smaller ones are not worth sharing.
constexpr std::size_t kStreamPiece = 1024 * 1024;

/// The least that a thread is given of a piece: BLAKE3 hashes it in 10 us or so.
constexpr std::size_t kLeastPart = 64 * 1024;

constexpr std::uint64_t chunks_in(std::size_t size) {
  return (size + crypto::kBlake3ChunkSize - 1) / crypto::kBlake3ChunkSize;
}

bool is_tree(HashAlg alg) { return alg.function() == crypto::HashFunction::blake3; }

Bytes root_of(const crypto::Blake3Node& top, std::size_t size) {
  Bytes digest(size);
  top.root(digest);
  return digest;
}

/// A piece after the other, by all threads.
class Together {
 public:
  Together(Pipeline& pipeline, const Algorithms& algorithms)
      : pipeline_(pipeline), algorithms_(algorithms) {
    for (const auto alg : algorithms) {
      if (is_tree(alg)) {
        tree_.emplace();
      } else {
        serial_.emplace_back(alg);
      }
    }
  }

  /// Begins with `piece`, which must stay until the pipeline is drained, as it must be before the
  /// next. All but the last have a power of two of bytes, the same or less each time.
  void begin(ByteView piece) {
    for (auto& hasher : serial_) {
      pipeline_.submit([&hasher, piece] { hasher.update(piece); }, {});
    }
    if (!tree_) return;
    const std::size_t part = std::max(std::bit_floor(piece.size()) / 4, kLeastPart);
    for (; !piece.empty(); piece = piece.subspan(std::min(part, piece.size()))) {
      add_subtree(piece.first(std::min(part, piece.size())));
    }
  }

  std::vector<Bytes> finish() {
    std::vector<Bytes> values;
    auto next = serial_.begin();
    for (const auto alg : algorithms_) {
      values.push_back(is_tree(alg) ? root(alg.size()) : (next++)->finish());
    }
    return values;
  }

 private:
  void add_subtree(ByteView bytes) {
    const auto node = std::make_shared<crypto::Blake3Node>();
    const std::uint64_t first = std::exchange(next_chunk_, next_chunk_ + chunks_in(bytes.size()));
    pipeline_.submit([node, bytes, first] { *node = crypto::blake3_subtree(bytes, first); },
                     [this, node, bytes] { tree_->push(*node, chunks_in(bytes.size())); });
  }

  Bytes root(std::size_t size) const {
    return root_of(next_chunk_ == 0 ? crypto::blake3_chunk({}, 0) : tree_->top(), size);
  }

  Pipeline& pipeline_;
  const Algorithms& algorithms_;
  std::vector<crypto::Hasher> serial_;
  std::optional<crypto::Blake3Tree> tree_;
  std::uint64_t next_chunk_ = 0;
};

Result<std::size_t> read_full(File& file, MutableBytes room) {
  std::size_t done = 0;
  while (done < room.size()) {
    P2P_TRY(const std::size_t n, file.read(room.subspan(done)));
    if (n == 0) break;
    done += n;
  }
  return done;
}

/// Reads a piece while the one before is hashed.
Result<std::uint64_t> stream(Pipeline& pipeline, File& file, Together& together,
                             const Advance& advance) {
  Bytes now(kStreamPiece);
  Bytes next(kStreamPiece);
  std::uint64_t size = 0;
  for (;;) {
    const auto got = read_full(file, next);
    pipeline.drain();
    P2P_TRY(const std::size_t n, got);
    if (n == 0) return size;
    std::swap(now, next);
    together.begin(ByteView(now).first(n));
    size += n;
    if (advance) advance(n);
  }
}

Result<void> map(Pipeline& pipeline, const File& file, Together& together, const Advance& advance) {
  for (std::uint64_t at = 0; at < file.size(); at += kWindowSize) {
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(kWindowSize, file.size() - at));
    P2P_TRY(Window window, file.window(at, size));
    together.begin(window.bytes());
    pipeline.drain();
    P2P_CHECK(window.close());
    if (advance) advance(size);
  }
  return {};
}

/// One function that takes its bytes in order: this thread hashes, another reads.
Result<Bytes> read_ahead(const File& file, HashAlg alg, const Advance& advance) {
  crypto::Hasher hasher(alg);
  ReadAhead ahead(file);
  for (;;) {
    P2P_TRY(const ByteView piece, ahead.next());
    if (piece.empty()) return hasher.finish();
    hasher.update(piece);
    if (advance) advance(piece.size());
  }
}

/// BLAKE3 alone: no thread waits for another.
Result<Bytes> map_tree(Pipeline& pipeline, const File& file, HashAlg alg, const Advance& advance) {
  struct Part {
    crypto::Blake3Node node;
    Result<void> read;
  };
  const std::size_t window_size = std::min(kWindowSize, mapped_by_each(pipeline.threads()));
  crypto::Blake3Tree tree;
  Result<void> read;
  for (std::uint64_t at = 0; read && at < file.size(); at += window_size) {
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(window_size, file.size() - at));
    const auto part = std::make_shared<Part>();
    const auto job = [&file, &advance, part, at, size] {
      auto window = file.window(at, size);
      if (!window) {
        part->read = fail(std::move(window).error());
        return;
      }
      part->node = crypto::blake3_subtree(window->bytes(), at / crypto::kBlake3ChunkSize);
      part->read = window->close();
      if (advance) advance(size);
    };
    pipeline.submit(job, [&tree, &read, part, size] {
      if (read) read = part->read;
      if (read) tree.push(part->node, chunks_in(size));
    });
  }
  pipeline.drain();
  P2P_CHECK(read);
  return root_of(tree.top(), alg.size());
}

}  // namespace

Result<Digests> digest_together(Pipeline& pipeline, File& file, const Algorithms& algorithms,
                                const Advance& advance) {
  Digests digests;
  if (!can_be_mapped(file)) {
    Together together(pipeline, algorithms);
    P2P_TRY(digests.size, stream(pipeline, file, together, advance));
    P2P_CHECK(file.unchanged());
    digests.values = together.finish();
    return digests;
  }
  digests.size = file.size();
  if (algorithms.size() == 1 && file.size() > 0) {
    const auto alg = algorithms.front();
    P2P_TRY(auto digest,
            is_tree(alg) ? map_tree(pipeline, file, alg, advance) : read_ahead(file, alg, advance));
    digests.values.push_back(std::move(digest));
  } else {
    Together together(pipeline, algorithms);
    P2P_CHECK(map(pipeline, file, together, advance));
    digests.values = together.finish();
  }
  P2P_CHECK(file.unchanged());
  return digests;
}

}  // namespace p2p::files
