// Which bytes make which piece: the order of files, pad files, the size of pieces, and the slices
// of files that a piece is made of.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "content/torrent/metainfo.h"

namespace p2p::torrent {

/// libtorrent's choice for `total` bytes of content: 16 KiB up to 2.6 MB, and twice as much for
/// each four times the content, to 16 MiB from 704 GB on.
std::uint64_t default_piece_size(std::uint64_t total);

/// Sorts by path, component by component, by bytes, as BEP 52's file tree is sorted.
bool path_less(std::string_view a, std::string_view b);

/// Sorts files that have no pad files among them, and with `align` puts a pad file after each that
/// does not end on a piece's edge; a lone file gets none, for BEP 52's sake. This is how libtorrent
/// lays out torrents of the second version and hybrids, and with `align` also those of the first.
/// Code::invalid_argument where two have one path, or one is a folder of another's.
Result<void> arrange(std::vector<File>& files, std::uint64_t piece_size, bool align);

/// Part of a file that is part of a piece.
struct Slice {
  std::size_t file;  ///< place in the list of files
  std::uint64_t offset;
  std::uint64_t size;
};

/// Where the files of a torrent stand in its stream. Keeps a reference to the files.
class Layout {
 public:
  Layout(const std::vector<File>& files, std::uint64_t piece_size);
  explicit Layout(const Metainfo& meta) : Layout(meta.files, meta.piece_size) {}

  const std::vector<File>& files() const { return files_; }
  std::uint64_t piece_size() const { return piece_size_; }
  std::uint64_t total() const { return starts_.back(); }
  std::uint64_t pieces() const { return (total() + piece_size_ - 1) / piece_size_; }
  /// The last piece may be shorter than the others.
  std::uint64_t size_of(std::uint64_t piece) const;
  /// The pieces that a file has a part in, [first, second); none for an empty file.
  std::pair<std::uint64_t, std::uint64_t> pieces_of(std::size_t file) const;
  /// A piece's parts in order, empty files left out.
  std::vector<Slice> slices(std::uint64_t piece) const;

 private:
  const std::vector<File>& files_;
  std::uint64_t piece_size_;
  std::vector<std::uint64_t> starts_;  ///< and at the end, the total
};

}  // namespace p2p::torrent
