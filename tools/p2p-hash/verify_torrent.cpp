#include "verify_torrent.h"

#include <algorithm>

#include "base/path.h"
#include "base/utf8.h"
#include "content/torrent/layout.h"
#include "content/torrent/merkle.h"
#include "content/torrent/metainfo.h"
#include "files/folder.h"
#include "files/torrent_walk.h"
#include "files/walk.h"
#include "record/record.h"
#include "torrent_work.h"

namespace p2p::hash {

namespace {

using torrent::File;

/// Of a file with more runs of bad pieces than this, the others are only counted: a verdict is a
/// record, and those are bounded.
constexpr std::size_t kMaxRuns = 1000;

/// Pieces as runs: 3, 4, 5 and 9 are "3-5" and "9".
class Runs {
 public:
  void add(std::uint64_t piece) {
    ++count_;
    if (!runs_.empty() && runs_.back().second + 1 == piece) {
      runs_.back().second = piece;
    } else if (runs_.size() < kMaxRuns) {
      runs_.emplace_back(piece, piece);
    }
  }
  std::uint64_t count() const { return count_; }
  std::vector<std::string> texts() const {
    std::vector<std::string> out;
    for (const auto& [first, last] : runs_) {
      auto text = std::to_string(first);
      if (last != first) text += "-" + std::to_string(last);
      out.push_back(std::move(text));
    }
    return out;
  }

 private:
  std::uint64_t count_ = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> runs_;
};

struct FileState {
  std::optional<std::string> problem;  ///< why it cannot be as it should be
  Runs bad;                            ///< pieces that are not as they should be
  Runs unchecked;  ///< pieces that another file, which is missing, has a part in
  std::vector<crypto::Digest32> layer;  ///< where the torrent has none: what there is
};

class Verifier {
 public:
  Verifier(cli::Console& console, const Options& options, const torrent::Metainfo& meta)
      : console_(console),
        options_(options),
        meta_(meta),
        layout_(meta),
        files_(meta.files.size()) {}

  Result<void> locate(const std::string& path) {
    root_ = path;
    if (!files::is_directory(path)) {
      if (!meta_.single) return fail(Code::invalid_argument, "open", path, "is not a folder");
      lone_ = true;
      return {};
    }
    // The folder itself, or the one it is in. In version 2 a lone file may stand in a folder, too.
    const std::string inner = join_path(path, meta_.name);
    if (torrent::is_safe_path(meta_.name) && files::is_directory(inner)) {
      root_ = inner;
    }
    auto folder = files::Folder::open(root_);
    if (!folder) return fail(std::move(folder.error()).during("open", root_));
    folder_ = std::move(*folder);
    return {};
  }

  void check() {
    for (std::size_t i = 0; i < files_.size(); ++i) look_at(i);
    hash_torrent(
        console_, options_, meta_.name, layout_, {meta_.v1, meta_.v2},
        [this](std::size_t index) { return open(index); },
        [this](std::uint64_t first, const files::PieceHashes& hashes) {
          for (const auto& [file, error] : hashes.failures) {
            if (!files_[file].problem) files_[file].problem = error.message();
          }
          for (std::size_t i = 0; i < hashes.pieces.size(); ++i) {
            judge(first + i, hashes.pieces[i]);
          }
        });
    for (std::size_t i = 0; i < files_.size(); ++i) judge_tree(i);
  }

  /// Whether all is well; `name` is the torrent's file.
  bool report(const std::string& name) {
    std::uint64_t bad_files = 0;
    std::uint64_t all_files = 0;
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (!meta_.files[i].pad) ++all_files;
      const auto cause = cause_of(files_[i]);
      if (cause.empty() || meta_.files[i].pad) continue;
      ++bad_files;
      record::Record record("verdict");
      record.set("subject", repair_utf8(path_of(i))).set("ok", false).set("cause", cause);
      const auto bad = files_[i].bad.texts();
      console_.print(bad.empty() ? record : record.set("pieces", bad));
    }
    const bool good = bad_files == 0 && bad_pieces_ == 0;
    record::Record record("verdict");
    record.set("subject", repair_utf8(name)).set("ok", good);
    if (!good) {
      record.set("cause", std::to_string(bad_pieces_) + " of " + std::to_string(layout_.pieces()) +
                              " pieces and " + std::to_string(bad_files) + " of " +
                              std::to_string(all_files) + " files are not as they should be");
    }
    console_.print(record);
    return good;
  }

 private:
  std::string path_of(std::size_t index) const {
    return lone_ ? root_ : join_path(root_, meta_.files[index].path);
  }

  void look_at(std::size_t index) {
    const auto& file = meta_.files[index];
    if (file.pad) return;
    auto& problem = files_[index].problem;
    const auto stumble = [&](const Error& error) {
      problem = error.code == Code::not_found ? "missing" : error.message();
    };
    if (file.symlink) {
      const auto linked = check_link(file);
      if (!linked) stumble(linked.error());
      return;
    }
    const auto opened = open(index);
    if (!opened) {
      stumble(opened.error());
    } else if (opened->size() != file.size) {
      // Its pieces are looked at all the same: they say how much of it is right.
      problem = std::to_string(opened->size()) + " bytes instead of " + std::to_string(file.size);
    }
  }

  /// A link has no content of its own: it is where it points. A lone file is none, for a torrent
  /// has content.
  Result<void> check_link(const File& file) const {
    if (file.unsafe) return leads_out();
    P2P_TRY(const auto text, folder_->read_link(file.path));
    const auto target = files::torrent_target(root_, join_path(root_, file.path), text);
    if (target && *target == file.target) return {};
    return fail(Code::mismatch, "a link to " + repair_utf8(text) + " instead of " +
                                    repair_utf8(file.target) + " in the torrent");
  }

  static std::unexpected<Error> leads_out() {
    return fail(Code::permission, "its path leads out of the folder");
  }

  Result<files::File> open(std::size_t index) const {
    const auto& file = meta_.files[index];
    if (file.unsafe && !lone_) return leads_out();
    if (!lone_) return folder_->open_file(file.path);
    // A FIFO is not opened: that waits for somebody to write to it.
    P2P_TRY(const auto status, files::path_status(root_));
    if (status.kind != files::Kind::regular) return fail(Code::unsupported, "Not a regular file");
    P2P_TRY(auto opened, files::File::open(root_));
    if (!opened.regular()) return fail(Code::unsupported, "Not a regular file");
    return opened;
  }

  void judge(std::uint64_t piece, const files::PieceHash& hash) {
    const auto slices = layout_.slices(piece);
    const auto is_pad = [this](const auto& slice) { return meta_.files[slice.file].pad; };
    if (std::ranges::all_of(slices, is_pad)) return;  // nothing in it is anybody's
    bool good = hash.whole && (!meta_.v1 || hash.v1 == meta_.pieces[piece]);
    const auto& file = meta_.files[slices.front().file];
    if (meta_.v2 && !file.pad && hash.whole) {
      const auto place = piece - layout_.pieces_of(slices.front().file).first;
      if (file.size <= meta_.piece_size) {
        good = good && hash.v2 == file.root;
      } else if (!file.layer.empty()) {
        good = good && hash.v2 == file.layer[place];
      } else {
        files_[slices.front().file].layer.push_back(hash.v2);
      }
    }
    if (good) return;
    ++bad_pieces_;
    for (const auto& slice : slices) {
      auto& state = files_[slice.file];
      // What cannot be read says nothing against the files that it shares the piece with.
      if (hash.whole || state.problem) {
        state.bad.add(piece);
      } else {
        state.unchecked.add(piece);
      }
    }
  }

  /// Of a file whose pieces the torrent does not tell apart.
  void judge_tree(std::size_t index) {
    const auto& file = meta_.files[index];
    auto& state = files_[index];
    const auto [first, end] = layout_.pieces_of(index);
    if (state.layer.size() != end - first || state.layer.empty()) return;
    if (torrent::file_root(state.layer, meta_.piece_size) == file.root) return;
    bad_pieces_ += end - first - state.bad.count();
    state.bad = {};
    for (auto piece = first; piece < end; ++piece) state.bad.add(piece);
  }

  static std::string cause_of(const FileState& state) {
    const auto several = [](const Runs& runs) {
      const bool one = runs.count() == 1;
      return std::to_string(runs.count()) + (one ? " piece" : " pieces");
    };
    if (state.problem) return *state.problem;
    if (state.bad.count() > 0) return "content differs in " + several(state.bad);
    if (state.unchecked.count() == 0) return "";
    return several(state.unchecked) + " cannot be checked for want of other files";
  }

  cli::Console& console_;
  const Options& options_;
  const torrent::Metainfo& meta_;
  torrent::Layout layout_;
  std::vector<FileState> files_;
  std::string root_;
  std::optional<files::Folder> folder_;
  bool lone_ = false;  ///< root_ is the one file itself
  std::uint64_t bad_pieces_ = 0;
};

}  // namespace

Result<cli::ExitStatus> verify_torrent(cli::Console& console, const Options& options,
                                       const std::string& name, ByteView torrent,
                                       const std::string& path) {
  const auto read = torrent::read_torrent(torrent);
  if (!read) return fail(Error(read.error()).during("read", name));
  if (read->flaw) console.warn(name + ": not canonical: " + *read->flaw);
  Verifier verifier(console, options, read->meta);
  P2P_CHECK(verifier.locate(path));
  verifier.check();
  return verifier.report(name) ? cli::ExitStatus::yes : cli::ExitStatus::no;
}

}  // namespace p2p::hash
