#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "content/torrent/merkle.h"
#include "files/folder.h"
#include "files/torrent_pieces.h"
#include "files/torrent_walk.h"
#include "support/noise.h"
#include "support/temp_folder.h"

namespace fs = std::filesystem;
using namespace p2p;
using files::File;
using files::Folder;
using test::noise;
using test::TempFolder;
using torrent::kBlockSize;
using torrent::Layout;

namespace {

/// The same hashes, without any cleverness: of the whole content in memory.
struct Plain {
  std::vector<crypto::Digest20> v1;
  std::vector<crypto::Digest32> v2;
};

Plain plain_hashes(const Layout& layout, const std::vector<Bytes>& contents) {
  Plain plain;
  for (std::uint64_t piece = 0; piece < layout.pieces(); ++piece) {
    Bytes whole;
    std::vector<crypto::Digest32> blocks;
    for (const auto& slice : layout.slices(piece)) {
      const auto& file = layout.files()[slice.file];
      const auto part =
          file.pad ? Bytes(slice.size)
                   : to_bytes(ByteView(contents[slice.file]).subspan(slice.offset, slice.size));
      append(whole, part);
      if (file.pad || !blocks.empty()) continue;
      for (std::size_t at = 0; at < part.size(); at += kBlockSize) {
        const auto size = std::min<std::size_t>(kBlockSize, part.size() - at);
        blocks.push_back(crypto::sha256(ByteView(part).subspan(at, size)));
      }
    }
    plain.v1.push_back(crypto::sha1(whole));
    const auto& first = layout.files()[layout.slices(piece).front().file];
    plain.v2.push_back(torrent::piece_root(blocks, first.size, layout.piece_size()));
  }
  return plain;
}

/// A torrent's files of these sizes on disk, and what hash_pieces makes of them.
class Made {
 public:
  Made(const std::vector<std::size_t>& sizes, std::uint64_t piece_size, bool align) {
    std::vector<torrent::File> files;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      torrent::File file;
      file.path = "f" + std::to_string(1000 + i);
      file.size = sizes[i];
      files.push_back(std::move(file));
    }
    REQUIRE(torrent::arrange(files, piece_size, align));
    for (const auto& file : files) {
      const auto seed = static_cast<unsigned>(contents_.size());
      contents_.push_back(file.pad ? Bytes() : noise(file.size, seed));
      if (!file.pad) folder_.file(file.path, contents_.back());
    }
    files_ = std::move(files);
  }

  Layout layout(std::uint64_t piece_size) const { return Layout(files_, piece_size); }
  const std::vector<Bytes>& contents() const { return contents_; }
  const std::vector<torrent::File>& files() const { return files_; }
  const TempFolder& folder() const { return folder_; }
  files::OpenTorrentFile opener() const {
    return [this](std::size_t index) { return File::open(folder_.at(files_[index].path)); };
  }

 private:
  TempFolder folder_;
  std::vector<torrent::File> files_;
  std::vector<Bytes> contents_;
};

void check_all(const std::vector<std::size_t>& sizes, std::uint64_t piece_size, bool align) {
  const Made made(sizes, piece_size, align);
  const auto layout = made.layout(piece_size);
  const auto plain = plain_hashes(layout, made.contents());
  for (const std::uint64_t run : {layout.pieces(), std::uint64_t{1}, std::uint64_t{7}}) {
    std::uint64_t piece = 0;
    while (piece < layout.pieces()) {
      const auto end = std::min(piece + run, layout.pieces());
      const auto hashes = files::hash_pieces(layout, piece, end, {true, align}, made.opener());
      CHECK(hashes.failures.empty());
      REQUIRE(hashes.pieces.size() == end - piece);
      for (const auto& hash : hashes.pieces) {
        REQUIRE(hash.whole);
        REQUIRE(hash.v1 == plain.v1[piece]);
        if (align) REQUIRE(hash.v2 == plain.v2[piece]);
        ++piece;
      }
    }
  }
}

}  // namespace

TEST_CASE("torrent pieces: any sizes of files, aligned or not") {
  const std::size_t b = kBlockSize;
  const std::vector<std::size_t> edges = {0,         1,          b - 1, b,         b + 1, 2 * b,
                                          5 * b + 3, 16 * b + 1, 0,     9 * b - 1, 7};
  for (const std::uint64_t piece_size : {b, 2 * b, 8 * b, 64 * b}) {
    CAPTURE(piece_size);
    check_all(edges, piece_size, false);
    check_all(edges, piece_size, true);
  }
  check_all(std::vector<std::size_t>(300, 100), b, false);
  check_all(std::vector<std::size_t>(20, 100), 4 * b, true);
  check_all({40 * b + 1}, 4 * b, true);
  check_all({3'000'000, 5, 3'000'000}, 1024 * 1024, true);
  check_all({3'000'000, 5, 3'000'000}, 1024 * 1024, false);
}

TEST_CASE("torrent pieces: foreign sizes of pieces") {
  for (const std::uint64_t piece_size : {1ULL, 63ULL, 64ULL, 65ULL, 1000ULL, 40000ULL, 200001ULL}) {
    CAPTURE(piece_size);
    check_all({300, 0, 1, 2000}, piece_size, false);
  }
  check_all({700'000, 300'000}, 200'001, false);
}

TEST_CASE("torrent pieces: what is missing or short spoils its own pieces only") {
  const Made made({5 * kBlockSize, 5 * kBlockSize, 5 * kBlockSize}, kBlockSize, true);
  const auto layout = made.layout(kBlockSize);
  fs::resize_file(made.folder().at(made.files()[0].path), 2 * kBlockSize + 5);
  fs::remove(made.folder().at(made.files()[1].path));
  const auto hashes = files::hash_pieces(layout, 0, 15, {true, true}, made.opener());
  std::string whole;
  for (const auto& piece : hashes.pieces) whole += piece.whole ? '+' : '-';
  CHECK(whole == "++--------+++++");
  REQUIRE(hashes.failures.size() == 2);
  CHECK(hashes.failures[0].first == 0);
  CHECK(hashes.failures[1].second.code == Code::not_found);
}

TEST_CASE("torrent pieces: a file that changes while it is read is told") {
  const Made made({5 * kBlockSize}, kBlockSize, true);
  const auto layout = made.layout(kBlockSize);
  const auto path = made.folder().at(made.files()[0].path);
  const auto hashes =
      files::hash_pieces(layout, 0, 5, {true, true}, [&](std::size_t) -> Result<File> {
        auto file = File::open(path);
        fs::resize_file(path, 6 * kBlockSize);
        return file;
      });
  REQUIRE(hashes.failures.size() == 1);
  CHECK(hashes.failures[0].second.code == Code::io);
}

TEST_CASE("torrent pieces: jobs fill the lanes and leave no thread idle") {
  std::vector<torrent::File> files(1);
  files[0].size = 64 * kBlockSize;
  CHECK(files::pieces_per_job(Layout(files, kBlockSize), 1) == 64);
  CHECK(files::pieces_per_job(Layout(files, kBlockSize), 2) == 32);
  CHECK(files::pieces_per_job(Layout(files, 64 * kBlockSize), 2) == 1);
  files[0].size = std::uint64_t{1} << 40;
  CHECK(files::pieces_per_job(Layout(files, 16 << 20), 2) == crypto::Sha1Lanes::kMost);
}

TEST_CASE("folder: what is below it opens, what is not does not") {
  const TempFolder scratch;
  scratch.file("in/a/file", Bytes{1, 2, 3});
  scratch.file("out", Bytes{4});
  fs::create_symlink("a/file", scratch.at("in/good"));
  fs::create_symlink("../out", scratch.at("in/bad"));
  fs::create_symlink(scratch.at("out"), scratch.at("in/absolute"));
  fs::create_symlink("..", scratch.at("in/up"));
  fs::create_symlink("loop", scratch.at("in/loop"));
  REQUIRE(::mkfifo((scratch.at("in/fifo")).c_str(), 0600) == 0);
  for (const auto links : {Folder::Links::inside, Folder::Links::none}) {
    const auto folder = Folder::open(scratch.at("in"), links);
    REQUIRE(folder);
    CHECK(folder->open_file("a/file"));
    const auto code = [&](const std::string& path) { return folder->open_file(path).error().code; };
    for (const std::string path : {"bad", "absolute", "../out", "loop"}) {
      CAPTURE(path);
      CHECK(code(path) == Code::permission);
    }
    CHECK_FALSE(folder->open_file("up/out"));
    CHECK(code(scratch.at("out")) == Code::permission);
    CHECK(code(std::string("a/file\0", 7)) == Code::permission);
    CHECK(code("nosuch") == Code::not_found);
    CHECK(code("a") == Code::unsupported);
    CHECK(code("fifo") == Code::unsupported);
    if (links == Folder::Links::none) CHECK(code("good") == Code::permission);
    // A link is read wherever it points to, and what is below one that leads out is not.
    CHECK(folder->read_link("good").value() == "a/file");
    CHECK(folder->read_link("bad").value() == "../out");
    CHECK(folder->read_link("loop").value() == "loop");
    CHECK(folder->read_link("a/file").error().code == Code::unsupported);
    CHECK(folder->read_link("nosuch").error().code == Code::not_found);
    CHECK(folder->read_link("../in/good").error().code == Code::permission);
    CHECK_FALSE(folder->read_link("up/in/good"));
    CHECK_FALSE(folder->read_link("loop/x"));
  }
  CHECK(Folder::open(scratch.at("nosuch")).error().code == Code::not_found);
}

TEST_CASE("torrent walk: a folder, a file, several") {
  const TempFolder scratch;
  scratch.file("album/b", Bytes(5));
  scratch.file("album/a-1", Bytes(6));
  scratch.file("album/a/z", Bytes(7));
  fs::permissions(scratch.at("album/b"), fs::perms::owner_exec, fs::perm_options::add);
  fs::create_symlink("../b", scratch.at("album/a/link"));
  std::string told;
  const auto obstacle = [&](const std::string& path, const Error& error) {
    told += path.substr(scratch.path().size()) + ": " + error.message() + "\n";
  };
  const auto walked = [&](const std::vector<std::string>& names, files::TorrentWalk options = {}) {
    std::vector<std::string> paths;
    for (const auto& name : names) paths.push_back(scratch.at(name));
    const auto found = files::walk_torrent(paths, options, obstacle);
    std::string text = found.name + (found.single ? " alone:" : ":");
    for (const auto& source : found.files) {
      text += " " + source.file.path + (source.file.executable ? "*" : "");
      if (source.file.symlink) text += "->" + source.file.target;
    }
    return text;
  };
  CHECK(walked({"album"}) == "album: a/link* a/z a-1 b*");
  CHECK(walked({"album/"}) == "album: a/link* a/z a-1 b*");
  CHECK(walked({"album/a/.."}) == "album: a/link* a/z a-1 b*");
  CHECK(walked({"album"}, {.keep_symlinks = true, .attributes = false, .leave_out = ""}) ==
        "album: a/link->b a/z a-1 b");
  CHECK(walked({"album/b"}) == "b alone: b*");
  CHECK(walked({"album/a", "album/b"}) == ": a/link* a/z b*");
  CHECK(walked({"album"},
               {.keep_symlinks = false, .attributes = true, .leave_out = scratch.at("album/b")}) ==
        "album: a/z a-1");
  CHECK(told.empty());
  CHECK(walked({"album", "nosuch"}) == ": album/a/link* album/a/z album/a-1 album/b*");
  CHECK(told == "/nosuch: No such file or directory\n");
}

TEST_CASE("torrent walk: folders without files that links multiply without end") {
  const TempFolder scratch;
  // Each of thirty has two links to the next: a thousand million paths, and no circle.
  for (int i = 0; i < 30; ++i) {
    scratch.folder(std::to_string(i));
    for (const char* name : {"a", "b"}) {
      fs::create_symlink("../" + std::to_string(i + 1), scratch.at(std::to_string(i) + "/" + name));
    }
  }
  scratch.folder("30");
  std::vector<std::string> told;
  const auto obstacle = [&](const std::string&, const Error& error) {
    told.push_back(error.message());
  };
  files::TorrentWalk options;
  options.most_paths = 1000;
  CHECK(files::walk_torrent({scratch.at("0")}, options, obstacle).files.empty());
  CHECK(told == std::vector<std::string>{
                    "its folders repeat themselves without end: more than 1000 paths"});
  // As many as there may be are fine.
  told.clear();
  options.most_paths = 31;
  CHECK(files::walk_torrent({scratch.at("26")}, options, obstacle).files.empty());
  CHECK(told.empty());
}

TEST_CASE("torrent walk: of faults without end a thousand are told") {
  const TempFolder scratch;
  for (int i = 0; i < 1500; ++i) fs::create_symlink("nowhere", scratch.at(std::to_string(i)));
  std::size_t told = 0;
  std::string last;
  files::walk_torrent({scratch.path()}, {}, [&](const std::string&, const Error& error) {
    ++told;
    last = error.message();
  });
  CHECK(told == files::kMaxTorrentObstacles + 1);
  CHECK(last == "too many faults: the rest is left out");
}
