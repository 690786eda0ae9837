#include "content/torrent/layout.h"

#include <algorithm>
#include <array>

namespace p2p::torrent {

namespace {

/// A slash sorts before anything else in a name, so that paths sort component by component.
unsigned weight(char c) { return c == '/' ? 0 : static_cast<unsigned char>(c) + 1; }

File pad_file(std::uint64_t size) {
  File pad;
  pad.path = ".pad/" + std::to_string(size);
  pad.size = size;
  pad.pad = true;
  return pad;
}

}  // namespace

std::uint64_t default_piece_size(std::uint64_t total) {
  // libtorrent's table: the content at which the list of hashes, twice the square root of it in
  // bytes, would outgrow pieces of 16 KiB, 32 KiB, …
  constexpr std::array<std::uint64_t, 10> kSteps = {
      2684355,    10737418,    42949673,    171798692,    687194767,
      2748779069, 10995116278, 43980465111, 175921860444, 703687441777};
  const auto step = std::ranges::lower_bound(kSteps, total) - kSteps.begin();
  return kBlockSize << step;
}

bool path_less(std::string_view a, std::string_view b) {
  return std::ranges::lexicographical_compare(a, b, {}, weight, weight);
}

Result<void> arrange(std::vector<File>& files, std::uint64_t piece_size, bool align) {
  std::ranges::sort(files, path_less, &File::path);
  for (std::size_t i = 1; i < files.size(); ++i) {
    const auto& path = files[i].path;
    const auto& before = files[i - 1].path;
    if (path == before) return fail(Code::invalid_argument, path + " is there twice");
    if (path.starts_with(before) && path[before.size()] == '/') {
      return fail(Code::invalid_argument, before + " is both a file and a folder");
    }
  }
  if (!align || files.size() < 2) return {};
  std::vector<File> padded;
  padded.reserve(2 * files.size());
  for (auto& file : files) {
    const std::uint64_t over = file.size % piece_size;
    padded.push_back(std::move(file));
    if (over != 0) padded.push_back(pad_file(piece_size - over));
  }
  files = std::move(padded);
  return {};
}

Layout::Layout(const std::vector<File>& files, std::uint64_t piece_size)
    : files_(files), piece_size_(piece_size) {
  starts_.reserve(files.size() + 1);
  std::uint64_t at = 0;
  for (const auto& file : files) {
    starts_.push_back(at);
    at += file.size;
  }
  starts_.push_back(at);
}

std::uint64_t Layout::size_of(std::uint64_t piece) const {
  return std::min(piece_size_, total() - piece * piece_size_);
}

std::pair<std::uint64_t, std::uint64_t> Layout::pieces_of(std::size_t file) const {
  const std::uint64_t first = starts_[file] / piece_size_;
  if (files_[file].size == 0) return {first, first};
  return {first, (starts_[file + 1] - 1) / piece_size_ + 1};
}

std::vector<Slice> Layout::slices(std::uint64_t piece) const {
  std::uint64_t at = piece * piece_size_;
  const std::uint64_t end = at + size_of(piece);
  // The last file that begins at or before the piece; empty ones before it have no part in it.
  auto file = static_cast<std::size_t>(std::ranges::upper_bound(starts_, at) - starts_.begin()) - 1;
  std::vector<Slice> parts;
  for (; at < end; ++file) {
    const std::uint64_t size = std::min(starts_[file + 1], end) - at;
    if (size > 0) parts.push_back({file, at - starts_[file], size});
    at += size;
  }
  return parts;
}

}  // namespace p2p::torrent
