// --torrent and --magnet: torrents made of files, and links to them.
#include <algorithm>
#include <bit>
#include <chrono>

#include "base/units.h"
#include "base/utf8.h"
#include "codec/bencode.h"
#include "content/torrent/layout.h"
#include "content/torrent/magnet.h"
#include "content/torrent/merkle.h"
#include "files/output.h"
#include "files/torrent_walk.h"
#include "mode.h"
#include "report.h"
#include "torrent_work.h"

namespace p2p::hash {

namespace {

using torrent::Metainfo;

enum class Version { v1, v2, hybrid };

struct TorrentOptions {
  std::optional<std::string> out;
  bool magnet = false;
  std::optional<Version> version;
  std::optional<std::uint64_t> piece_size;
  std::vector<std::string> announce;
  std::vector<std::string> web_seeds;
  bool is_private = false;
  std::optional<std::string> name;
  std::optional<std::string> comment;
  std::optional<std::string> created_by;
  std::optional<std::int64_t> date;
  bool symlinks = false;
  bool no_attributes = false;
  bool align = false;
};

/// An address that a client can use is longer than this by nothing that is known.
constexpr std::size_t kMaxUrlSize = 2048;

Result<void> check_url(std::string_view url) {
  const bool printable = std::ranges::none_of(
      url, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; });
  if (url.size() > kMaxUrlSize || !printable || url.find("://") == std::string_view::npos) {
    return usage("'" + repair_utf8(url) + "' is no URL");
  }
  return {};
}

/// One --announce is one tier; commas part its trackers, as in mktorrent.
Result<std::vector<std::string>> parse_tier(std::string_view text) {
  std::vector<std::string> urls;
  for (;;) {
    const auto comma = text.find(',');
    const auto url = text.substr(0, comma);
    P2P_CHECK(check_url(url));
    urls.emplace_back(url);
    if (comma == std::string_view::npos) return urls;
    text.remove_prefix(comma + 1);
  }
}

Result<std::int64_t> parse_date(std::string_view text) {
  if (text == "now") {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(now).count();
  }
  P2P_TRY(const auto seconds, parse_number(text, 0, INT64_MAX));
  return static_cast<std::int64_t>(seconds);
}

/// The `torrent` record, or with `link` the `magnet` record, of the torrent in `path`.
record::Record record_of(const Metainfo& meta, const torrent::InfoHashes& hashes,
                         const std::string& path, bool link) {
  record::Record record(link ? "magnet" : "torrent");
  if (link) record.set("magnet", torrent::format_magnet(torrent::magnet_of(meta, hashes)));
  record.set("infohash", hashes.v1 ? ByteView(*hashes.v1) : ByteView(*hashes.v2));
  if (hashes.v2) record.set("infohash_v2", ByteView(*hashes.v2));
  set_path(record, path);
  std::uint64_t size = 0;
  std::uint64_t files = 0;
  for (const auto& file : meta.files) {
    if (file.pad) continue;
    size += file.size;
    ++files;
  }
  record.set("name", repair_utf8(meta.name)).set("size", size);
  if (link) return record;
  const char* version = meta.v1 && meta.v2 ? "hybrid" : meta.v2 ? "2" : "1";
  record.set("version", version).set("files", files).set("piece_size", meta.piece_size);
  record.set("pieces", torrent::Layout(meta).pieces()).set("private", meta.is_private);
  return record;
}

class Maker {
 public:
  Maker(cli::Console& console, const Options& options, const TorrentOptions& torrent)
      : console_(console), options_(options), torrent_(torrent) {}

  Result<cli::ExitStatus> run() {
    P2P_CHECK(set_texts());
    P2P_CHECK(collect());
    if (failed_) return cli::ExitStatus::no;
    // Opened before the long work: where it cannot be written, that is known at once.
    std::optional<files::OutputFile> out;
    if (!to_stdout()) {
      P2P_TRY(auto created, files::OutputFile::create(*torrent_.out));
      out.emplace(std::move(created));
    }
    hash();
    if (failed_) return cli::ExitStatus::no;
    const torrent::Put put = [&](ByteView data) -> Result<void> {
      if (out) return out->write(data);
      console_.out().write(data);
      return {};
    };
    P2P_TRY(const auto hashes, torrent::write_torrent(meta_, put));
    if (!out) return cli::ExitStatus::yes;
    P2P_CHECK(out->commit());
    console_.print(record_of(meta_, hashes, *torrent_.out, torrent_.magnet));
    return cli::ExitStatus::yes;
  }

 private:
  bool to_stdout() const { return *torrent_.out == "-"; }

  Result<void> set_texts() {
    for (const auto& tier : torrent_.announce) {
      P2P_TRY(auto urls, parse_tier(tier));
      meta_.trackers.push_back(std::move(urls));
    }
    for (const auto& url : torrent_.web_seeds) P2P_CHECK(check_url(url));
    meta_.web_seeds = torrent_.web_seeds;
    meta_.is_private = torrent_.is_private;
    meta_.comment = torrent_.comment.value_or("");
    meta_.created_by = torrent_.created_by.value_or("");
    meta_.created = torrent_.date;
    const auto version = torrent_.version.value_or(Version::hybrid);
    meta_.v1 = version != Version::v2;
    meta_.v2 = version != Version::v1;
    return {};
  }

  Result<void> collect() {
    const auto& paths = options_.files;
    const auto natural = paths.size() == 1 ? files::torrent_name(paths.front()) : std::string();
    meta_.name = torrent_.name.value_or(natural);
    if (meta_.name.empty()) {
      return usage("--name is needed: " + std::string(paths.size() > 1
                                                          ? "several files have none in common"
                                                          : "the folder has none"));
    }
    if (!torrent::is_safe_path(meta_.name) || meta_.name.find('/') != std::string::npos) {
      return usage("'" + repair_utf8(meta_.name) + "' cannot be a torrent's name");
    }
    files::TorrentWalk walk;
    walk.keep_symlinks = torrent_.symlinks;
    walk.attributes = !torrent_.no_attributes;
    if (!to_stdout()) walk.leave_out = *torrent_.out;
    auto found = files::walk_torrent(
        paths, walk, [&](const std::string& path, const Error& error) { fail_with(path, error); });
    if (failed_) return {};
    meta_.single = found.single;
    if (meta_.single && !found.files.empty()) found.files.front().file.path = meta_.name;
    return lay_out(std::move(found.files));
  }

  Result<void> lay_out(std::vector<files::TorrentSource> found) {
    std::uint64_t total = 0;
    bool utf8 = is_utf8(meta_.name);
    for (const auto& source : found) {
      total += source.file.size;
      utf8 = utf8 && is_utf8(source.file.path);
    }
    if (total == 0) return fail(Code::invalid_argument, "no file has any content");
    if (total > torrent::kMaxTotalSize) return fail(Code::limit, "more than 2^48 bytes");
    if (!utf8) console_.warn("names that are not UTF-8: other programs will change them");
    const bool align = meta_.v2 || torrent_.align;
    meta_.piece_size = torrent_.piece_size.value_or(torrent::default_piece_size(total));
    for (auto& source : found) {
      meta_.files.push_back(std::move(source.file));
      on_disk_.push_back({std::move(source.disk_path), source.status});
    }
    found = {};
    P2P_CHECK(torrent::arrange(meta_.files, meta_.piece_size, align));
    // Arranging has put pad files between what was sorted already.
    std::uint32_t next = 0;
    for (const auto& file : meta_.files) place_.push_back(file.pad ? next : next++);
    if (torrent::Layout(meta_).pieces() > torrent::kMaxPieces) {
      return fail(Error(Code::limit, "more than " + std::to_string(torrent::kMaxPieces) +
                                         " pieces, which other programs do not read")
                      .with_hint("choose larger pieces with --piece-size"));
    }
    return {};
  }

  Result<files::File> open(std::size_t index) const {
    const auto& source = on_disk_[place_[index]];
    P2P_TRY(auto file, files::File::open(source.path));
    if (!(file.status() == source.status)) return fail(Code::io, "changed while it was read");
    return file;
  }

  void hash() {
    const torrent::Layout layout(meta_);
    if (meta_.v1) v1_.resize(layout.pieces());
    if (meta_.v2) v2_.resize(layout.pieces());
    std::vector<bool> told(meta_.files.size());
    hash_torrent(
        console_, options_, meta_.name, layout, {meta_.v1, meta_.v2},
        [this](std::size_t index) { return open(index); },
        [&](std::uint64_t first, const files::PieceHashes& hashes) {
          for (const auto& [file, error] : hashes.failures) {
            if (!told[file]) fail_with(on_disk_[place_[file]].path, error);
            told[file] = true;
          }
          for (std::size_t i = 0; i < hashes.pieces.size(); ++i) {
            if (meta_.v1) v1_[first + i] = hashes.pieces[i].v1;
            if (meta_.v2) v2_[first + i] = hashes.pieces[i].v2;
          }
        });
    meta_.pieces = v1_;
    if (meta_.v2 && !failed_) finish_trees(layout);
  }

  void finish_trees(const torrent::Layout& layout) {
    for (std::size_t i = 0; i < meta_.files.size(); ++i) {
      auto& file = meta_.files[i];
      const auto [first, end] = layout.pieces_of(i);
      if (file.pad || first == end) continue;
      const auto hashes = std::span(v2_).subspan(first, end - first);
      file.root = torrent::file_root(hashes, meta_.piece_size);
      // The one piece of a file is its root, which needs no layer.
      if (hashes.size() > 1) file.layer = hashes;
    }
  }

  void fail_with(const std::string& path, const Error& error) {
    complain(console_, path, error);
    failed_ = true;
  }

  cli::Console& console_;
  const Options& options_;
  const TorrentOptions& torrent_;
  Metainfo meta_;
  std::vector<torrent::Digest20> v1_;  // of the pieces
  std::vector<torrent::Digest32> v2_;
  struct OnDisk {
    std::string path;
    files::Status status;
  };
  std::vector<OnDisk> on_disk_;
  std::vector<std::uint32_t> place_;  // in on_disk_, of each of meta_.files
  bool failed_ = false;
};

class TorrentMode : public Mode {
 public:
  explicit TorrentMode(const Options& options) : options_(options) {}

  void declare(cli::Command& command) override {
    command.usage("p2p-hash --torrent OUT [OPTION]... FILE...")
        .usage("p2p-hash --magnet [TORRENT]...");
    command.group("Torrents")
        .text(
            "--torrent", "OUT", torrent_.out,
            "make a torrent of the FILEs (a file, a folder, or several) and write it to OUT; - is "
            "standard output",
            cli::Complete::file)
        .choice("--torrent-version", "V", torrent_.version,
                {{"1", Version::v1}, {"2", Version::v2}, {"hybrid", Version::hybrid}},
                "BitTorrent's first version, its second, or both in one, which is the default")
        .option(
            "--piece-size", "SIZE", "",
            [this](std::string_view text) { return set_piece_size(text); },
            "size of pieces; without it libtorrent's choice, from 16KiB for 2.5 MiB of content to "
            "16MiB for 655 GiB, doubled for each four times as much")
        .list("--announce", "URL", torrent_.announce,
              "a tracker; each further one is the next tier, commas part those of one tier")
        .list("--web-seed", "URL", torrent_.web_seeds, "a server that has the files")
        .flag("--private", torrent_.is_private, "peers are found by the trackers only")
        .text("--name", "NAME", torrent_.name, "the torrent's name; without it the FILE's")
        .text("--comment", "TEXT", torrent_.comment, "a word for people")
        .text("--created-by", "TEXT", torrent_.created_by, "which program made it; else no word")
        .option(
            "--date", "TIME", "", [this](std::string_view text) { return set_date(text); },
            "when it was made: 'now' or seconds since 1970; else no word, so that the same files "
            "give the same torrent")
        .flag("--symlinks", torrent_.symlinks,
              "keep symbolic links as links; else what they point to is taken")
        .flag("--no-attributes", torrent_.no_attributes, "do not note which files are executable")
        .flag("--align", torrent_.align,
              "let files begin on pieces' edges in a torrent of version 1, too, with pad files")
        .flag("--magnet", torrent_.magnet,
              "print the magnet link: of the torrent made, or of the torrents given as FILEs");
    command.example("p2p-hash --torrent album.torrent --announce http://tracker/announce album/",
                    "a hybrid torrent of a folder");
  }

  std::string_view chosen() const override {
    if (torrent_.out) return "--torrent";
    return torrent_.magnet ? "--magnet" : "";
  }

  Result<void> left_out() const override { return only_made("with --torrent"); }

  Result<cli::ExitStatus> run(cli::Console& console) override {
    if (!torrent_.out) {
      P2P_CHECK(only_made("with --torrent"));
      return print_magnets(console);
    }
    const bool to_stdout = *torrent_.out == "-";
    if (torrent_.out->empty()) return usage("--torrent needs a file to write to");
    if (to_stdout && torrent_.magnet) {
      return usage("--magnet does not go with --torrent -: the torrent is on standard output");
    }
    if (std::ranges::find(options_.files, "-") != options_.files.end()) {
      return usage("a torrent is made of files, not of standard input");
    }
    if (torrent_.version.value_or(Version::hybrid) != Version::v1) {
      const auto size = torrent_.piece_size.value_or(torrent::kBlockSize);
      if (!std::has_single_bit(size)) {
        return usage("--piece-size must be a power of two but for --torrent-version 1");
      }
    }
    return Maker(console, options_, torrent_).run();
  }

 private:
  Result<void> only_made(std::string_view mode) const {
    const auto& o = torrent_;
    P2P_CHECK(only_with(o.version.has_value(), "--torrent-version", mode));
    P2P_CHECK(only_with(o.piece_size.has_value(), "--piece-size", mode));
    P2P_CHECK(only_with(!o.announce.empty(), "--announce", mode));
    P2P_CHECK(only_with(!o.web_seeds.empty(), "--web-seed", mode));
    P2P_CHECK(only_with(o.is_private, "--private", mode));
    P2P_CHECK(only_with(o.name.has_value(), "--name", mode));
    P2P_CHECK(only_with(o.comment.has_value(), "--comment", mode));
    P2P_CHECK(only_with(o.created_by.has_value(), "--created-by", mode));
    P2P_CHECK(only_with(o.date.has_value(), "--date", mode));
    P2P_CHECK(only_with(o.symlinks, "--symlinks", mode));
    P2P_CHECK(only_with(o.no_attributes, "--no-attributes", mode));
    return only_with(o.align, "--align", mode);
  }

  Result<void> set_piece_size(std::string_view text) {
    P2P_TRY(const auto size, parse_size(text));
    if (size < torrent::kBlockSize || size % torrent::kBlockSize != 0 ||
        size > torrent::kMaxPieceSize) {
      return fail(Code::invalid_argument, "not a multiple of 16KiB below 1GiB");
    }
    torrent_.piece_size = size;
    return {};
  }

  Result<void> set_date(std::string_view text) {
    P2P_TRY(torrent_.date, parse_date(text));
    return {};
  }

  Result<cli::ExitStatus> print_magnets(cli::Console& console) const {
    bool good = true;
    for (const auto& path : options_.files) {
      const auto print = [&]() -> Result<void> {
        P2P_TRY(auto file, files::File::open_operand(path));
        P2P_TRY(const Bytes bytes, file.read_whole(codec::kMaxBencodeSize));
        P2P_TRY(const auto torrent, torrent::read_torrent(bytes));
        if (torrent.flaw) console.warn(path + ": not canonical: " + *torrent.flaw);
        console.print(record_of(torrent.meta, torrent.hashes, path, true));
        return {};
      };
      if (const auto done = print(); !done) {
        complain(console, path, done.error());
        good = false;
      }
    }
    return good ? cli::ExitStatus::yes : cli::ExitStatus::no;
  }

  const Options& options_;
  TorrentOptions torrent_;
};

}  // namespace

std::unique_ptr<Mode> torrent_mode(const Options& options) {
  return std::make_unique<TorrentMode>(options);
}

}  // namespace p2p::hash
