#include "files/torrent_pieces.h"

#include <algorithm>
#include <array>
#include <bit>
#include <memory>
#include <optional>

#include "content/torrent/merkle.h"
#include "crypto/sha256_many.h"

namespace p2p::files {

namespace {

using crypto::Digest20;
using crypto::Digest32;
using crypto::Sha1Lanes;
using torrent::kBlockSize;
using torrent::Layout;
using torrent::Slice;

/// Blocks that are hashed side by side for the second version: AVX-512 takes sixteen.
constexpr std::size_t kBlocks = 16;
/// What is taken of all lanes together at a time: all of it stays in the second-level cache between
/// the first version's hash and the second's.
constexpr std::size_t kStep = kBlocks * kBlockSize;
/// Foreign torrents may have tiny pieces; a job's results should not outgrow what it reads.
constexpr std::uint64_t kMostPieces = 1024;
/// Less than this is read into the lane's buffer: a window would cost more.
constexpr std::size_t kWindowFrom = 64 * 1024;

/// What the lanes of a run of pieces share: open files, and what went wrong with them.
class Sources {
 public:
  Sources(const Layout& layout, const OpenTorrentFile& open, std::size_t mapped)
      : layout_(layout), open_(open), mapped_(mapped) {}

  /// Nothing where the file cannot be opened; then it is on the list.
  std::shared_ptr<File> get(std::size_t index) {
    for (const auto& [known, file] : recent_) {
      if (known == index) return file;
    }
    auto opened = open_(index);
    if (!opened) fail_with(index, std::move(opened.error()));
    auto file = opened ? std::make_shared<File>(std::move(*opened)) : nullptr;
    retire(recent_[next_]);
    recent_[next_] = {index, file};
    next_ = (next_ + 1) % recent_.size();
    return file;
  }

  void fail_with(std::size_t index, Error error) {
    const auto known = std::ranges::find(failures_, index, &std::pair<std::size_t, Error>::first);
    if (known == failures_.end()) failures_.emplace_back(index, std::move(error));
  }

  /// Looks whether what is open has changed, and gives what went wrong.
  std::vector<std::pair<std::size_t, Error>> finish() {
    for (auto& entry : recent_) retire(entry);
    return std::move(failures_);
  }

  const torrent::File& file(std::size_t index) const { return layout_.files()[index]; }
  /// What all lanes together may have mapped.
  std::size_t mapped() const { return mapped_; }
  /// kStep of them.
  const std::uint8_t* zeros() {
    if (zeros_.empty()) zeros_.resize(kStep);
    return zeros_.data();
  }

 private:
  struct Entry {
    std::size_t index = SIZE_MAX;
    std::shared_ptr<File> file;
  };

  void retire(Entry& entry) {
    if (entry.file) {
      if (const auto same = entry.file->unchanged(); !same) fail_with(entry.index, same.error());
    }
    entry = {};
  }

  const Layout& layout_;
  const OpenTorrentFile& open_;
  const std::size_t mapped_;
  std::array<Entry, Sha1Lanes::kMost> recent_;
  std::size_t next_ = 0;
  Bytes zeros_;
  std::vector<std::pair<std::size_t, Error>> failures_;
};

/// One piece, read from its beginning to its end.
class Lane {
 public:
  Lane(Sources& sources, const Layout& layout, std::uint64_t piece)
      : sources_(sources), slices_(layout.slices(piece)) {
    const auto& first = slices_.front();
    if (!sources.file(first.file).pad) content_ = first.size;
  }

  /// The next `size` bytes, at most kStep, valid until the next call. Zeros once it has failed.
  const std::uint8_t* next(std::size_t size) {
    if (in_pad(size)) {
      skip(size);
      return sources_.zeros();
    }
    if (const auto* mapped = from_window(size)) return mapped;
    if (buffer_.size() < size) buffer_.resize(size);
    for (std::size_t done = 0; done < size && !failed_;) {
      const std::size_t part = std::min<std::uint64_t>(size - done, slices_[at_].size - used_);
      read_into(MutableBytes(buffer_).subspan(done, part));
      advance(part);
      done += part;
    }
    return failed_ ? sources_.zeros() : buffer_.data();
  }

  /// Whether the next `size` bytes are padding, or no matter.
  bool in_pad(std::size_t size) const {
    if (failed_) return true;
    const auto& slice = slices_[at_];
    return sources_.file(slice.file).pad && slice.size - used_ >= size;
  }
  /// Passes over bytes that are.
  void skip(std::size_t size) {
    if (!failed_) advance(size);
  }

  /// Ends it: whether all of it could be read.
  bool finish() {
    close_window();
    return !failed_;
  }

  /// The file that all of it is in, if it is in one.
  std::optional<std::size_t> only_file() const {
    if (slices_.size() > 1 || sources_.file(slices_.front().file).pad) return std::nullopt;
    return slices_.front().file;
  }
  std::uint64_t offset() const { return slices_.front().offset; }
  /// Its bytes, which somebody else has mapped.
  void lend(ByteView bytes) { window_left_ = bytes; }
  /// What was lent cannot be relied on.
  void spoil() { failed_ = true; }

  /// Bytes of the piece's first file: of an aligned torrent, all that is no padding.
  std::uint64_t content() const { return content_; }
  /// Whether it is past hope: there is no use in going on.
  bool failed() const { return failed_; }
  std::uint64_t file_size() const { return sources_.file(slices_.front().file).size; }

 private:
  void advance(std::size_t size) {
    used_ += size;
    if (used_ < slices_[at_].size) return;
    used_ = 0;
    ++at_;
  }

  const std::uint8_t* from_window(std::size_t size) {
    const auto& slice = slices_[at_];
    const std::uint64_t left = slice.size - used_;
    if (left < size) return nullptr;
    if (window_left_.size() < size) {
      close_window();
      if (left < kWindowFrom || failed_) return nullptr;
      const auto file = sources_.get(slice.file);
      if (!file) return give_up();
      const std::uint64_t most = sources_.mapped() / Sha1Lanes::kMost;
      auto window =
          file->window(slice.offset + used_, std::min(left, std::max<std::uint64_t>(most, size)));
      if (!window) {
        sources_.fail_with(slice.file, std::move(window.error()));
        return give_up();
      }
      window_ = std::move(*window);
      window_file_ = slice.file;
      window_left_ = window_.bytes();
    }
    const auto* data = window_left_.data();
    window_left_ = window_left_.subspan(size);
    advance(size);
    return data;
  }

  void read_into(MutableBytes room) {
    const auto& slice = slices_[at_];
    if (sources_.file(slice.file).pad) {
      std::ranges::fill(room, std::uint8_t{0});
      return;
    }
    const auto file = sources_.get(slice.file);
    if (!file) {
      give_up();
      return;
    }
    const auto got = file->read_at(slice.offset + used_, room);
    if (got && *got == room.size()) return;
    sources_.fail_with(slice.file,
                       got ? Error(Code::io, "shorter than it was") : std::move(got.error()));
    give_up();
  }

  const std::uint8_t* give_up() {
    failed_ = true;
    return sources_.zeros();
  }

  void close_window() {
    window_left_ = {};
    if (const auto closed = window_.close(); !closed) {
      sources_.fail_with(window_file_, closed.error());
      failed_ = true;
    }
  }

  Sources& sources_;
  std::vector<Slice> slices_;
  std::size_t at_ = 0;      // slice
  std::uint64_t used_ = 0;  // of it
  std::uint64_t content_ = 0;
  Window window_;
  std::size_t window_file_ = 0;
  ByteView window_left_;
  Bytes buffer_;
  bool failed_ = false;
};

/// Up to Sha1Lanes::kMost pieces of one size, side by side.
class Group {
 public:
  Group(Sources& sources, const Layout& layout, TorrentVersions versions, std::uint64_t first,
        std::size_t count)
      : sources_(sources),
        versions_(versions),
        piece_size_(layout.piece_size()),
        size_(layout.size_of(first)) {
    lanes_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) lanes_.emplace_back(sources, layout, first + i);
    blocks_.resize(count);
    if (versions.v1) sha1_.emplace(count);
    map_together();
  }

  void run(std::vector<PieceHash>& out) {
    const std::size_t count = lanes_.size();
    const std::size_t step = kStep / std::bit_ceil(count);
    std::array<const std::uint8_t*, Sha1Lanes::kMost> data{};
    const std::span lanes_data(data.data(), count);
    std::array<Digest20, Sha1Lanes::kMost> digests;
    for (std::uint64_t at = 0; at < size_; at += step) {
      const std::size_t size = std::min<std::uint64_t>(step, size_ - at);
      if (at + size < size_ && skip_padding(size)) continue;
      for (std::size_t i = 0; i < count; ++i) data[i] = lanes_[i].next(size);
      // At once: a small torrent can name millions of pieces that are not there.
      if (std::ranges::all_of(lanes_, &Lane::failed)) break;
      if (versions_.v1 && at + size < size_) sha1_->update(lanes_data, size);
      if (versions_.v1 && at + size == size_) sha1_->finish(lanes_data, size, digests);
      if (versions_.v2) hash_blocks(lanes_data, at, size);
    }
    unmap_together();
    for (std::size_t i = 0; i < count; ++i) {
      PieceHash hash;
      hash.whole = lanes_[i].finish();
      hash.v1 = digests[i];
      if (hash.whole && versions_.v2) {
        hash.v2 = torrent::piece_root(blocks_[i], lanes_[i].file_size(), piece_size_);
      }
      out.push_back(hash);
    }
  }

 private:
  /// Pieces that follow each other in one file are one window: two threads that map and unmap small
  /// ones keep interrupting each other, for each must forget what the other has unmapped.
  void map_together() {
    const std::uint64_t span = lanes_.size() * size_;
    const auto only = lanes_.front().only_file();
    if (!only || lanes_.back().only_file() != only || span > sources_.mapped()) return;
    const auto file = sources_.get(*only);
    const std::uint64_t offset = lanes_.front().offset();
    // Of a file that is too short, each piece is to tell for itself.
    if (!file || !file->regular() || file->size() < offset + span) return;
    auto window = file->window(offset, span);
    if (!window) return;
    window_ = std::move(*window);
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      lanes_[i].lend(window_.bytes().subspan(i * size_, size_));
    }
  }
  void unmap_together() {
    if (const auto closed = window_.close(); !closed) {
      sources_.fail_with(*lanes_.front().only_file(), closed.error());
      for (auto& lane : lanes_) lane.spoil();
    }
  }

  /// Small files in large pieces are mostly padding: whether all lanes' next bytes are.
  bool skip_padding(std::size_t size) {
    if (!std::ranges::all_of(lanes_, [&](const Lane& lane) { return lane.in_pad(size); })) {
      return false;
    }
    for (auto& lane : lanes_) lane.skip(size);
    if (versions_.v1) sha1_->update_zeros(size);
    return true;
  }

  /// The blocks that the lanes' next `size` bytes hold, at most kBlocks of them.
  void hash_blocks(std::span<const std::uint8_t* const> data, std::uint64_t at, std::size_t size) {
    std::array<ByteView, kBlocks> blocks;
    std::array<Digest32, kBlocks> digests;
    std::array<std::size_t, kBlocks> lane_of{};
    std::size_t count = 0;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      const std::uint64_t content = lanes_[i].content();
      for (std::uint64_t block = 0; block < size && at + block < content; block += kBlockSize) {
        const std::size_t length = std::min({kBlockSize, size - block, content - at - block});
        lane_of[count] = i;
        blocks[count++] = ByteView(data[i] + block, length);
      }
    }
    crypto::sha256_many(std::span(blocks).first(count), std::span(digests).first(count));
    for (std::size_t i = 0; i < count; ++i) blocks_[lane_of[i]].push_back(digests[i]);
  }

  Sources& sources_;
  TorrentVersions versions_;
  std::uint64_t piece_size_;
  std::uint64_t size_;
  std::vector<Lane> lanes_;
  Window window_;  // over all of them, or none
  std::vector<std::vector<Digest32>> blocks_;
  std::optional<Sha1Lanes> sha1_;
};

bool is_padding(const Layout& layout, std::uint64_t piece) {
  return std::ranges::all_of(layout.slices(piece),
                             [&](const Slice& slice) { return layout.files()[slice.file].pad; });
}

}  // namespace

PieceHashes hash_pieces(const Layout& layout, std::uint64_t first, std::uint64_t end,
                        TorrentVersions versions, const OpenTorrentFile& open, std::size_t mapped) {
  PieceHashes hashes;
  hashes.pieces.reserve(end - first);
  Sources sources(layout, open, mapped);
  while (first < end) {
    if (is_padding(layout, first)) {
      hashes.pieces.emplace_back();
      ++first;
      continue;
    }
    std::uint64_t count = 1;
    // The last piece may be shorter, and then goes alone.
    while (count < Sha1Lanes::kMost && first + count < end &&
           layout.size_of(first + count) == layout.size_of(first) &&
           !is_padding(layout, first + count)) {
      ++count;
    }
    Group(sources, layout, versions, first, count).run(hashes.pieces);
    first += count;
  }
  hashes.failures = sources.finish();
  return hashes;
}

std::uint64_t pieces_per_job(const Layout& layout, unsigned threads) {
  const std::uint64_t shared = (layout.pieces() + threads - 1) / std::max(threads, 1U);
  const std::uint64_t wanted =
      std::clamp<std::uint64_t>(kWindowSize / layout.piece_size(), Sha1Lanes::kMost, kMostPieces);
  return std::clamp<std::uint64_t>(shared, 1, wanted);
}

}  // namespace p2p::files
