#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "base/basen.h"
#include "codec/bencode.h"
#include "content/torrent/layout.h"
#include "content/torrent/merkle.h"
#include "content/torrent/metainfo.h"
#include "support/torrent.h"

using namespace p2p;
using namespace p2p::torrent;
using p2p::testing::encode_torrent;

namespace {

constexpr std::uint64_t kKiB = 1024;

struct Owned : Metainfo {
  std::vector<Digest32> layer;
  std::vector<Digest20> hashes;
};

/// Metainfo of a file of zeros, hashes included, as BEP 52's first test torrents have it.
Owned zeros(const std::string& name, std::uint64_t size, std::uint64_t piece_size) {
  Owned meta;
  meta.single = true;
  meta.name = name;
  meta.piece_size = piece_size;
  File file;
  file.path = name;
  file.size = size;
  const Bytes piece(piece_size);
  const Digest32 leaf = crypto::sha256(ByteView(piece).first(kBlockSize));
  const std::vector<Digest32> leaves(piece_size / kBlockSize, leaf);
  meta.layer.assign(size / piece_size, piece_root(leaves, size, piece_size));
  file.root = file_root(meta.layer, piece_size);
  if (meta.layer.size() > 1) file.layer = meta.layer;
  meta.files.push_back(std::move(file));
  meta.hashes.assign(size / piece_size, crypto::sha1(piece));
  meta.pieces = meta.hashes;
  return meta;
}

std::string hex_of(const auto& hash) { return hash ? hex_encode(*hash) : "none"; }

File named(std::string path, std::uint64_t size) {
  File file;
  file.path = std::move(path);
  file.size = size;
  return file;
}

std::string paths_of(const std::vector<File>& files) {
  std::string all;
  for (const auto& file : files) all += file.path + " ";
  return all;
}

std::string why_not(std::string_view text) {
  const auto torrent = read_torrent(as_bytes(text));
  return torrent ? "" : torrent.error().message();
}

/// A torrent of the first version around `info`'s entries from "files" to "name".
std::string v1_file(const std::string& entries) {
  return "d4:infod" + entries + "12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee";
}

}  // namespace

TEST_CASE("torrent: libtorrent's published infohashes of zeros") {
  auto meta = zeros("test64K", 64 * kKiB, 64 * kKiB);
  CHECK(hex_encode(meta.files[0].root) ==
        "60aae9c7b428f87e0713e88229e18f0adf12cd7b22a0dd8a92bb2485eb7af242");
  meta.v1 = meta.v2 = true;
  auto encoded = encode_torrent(meta);
  REQUIRE(encoded);
  CHECK(hex_of(encoded->hashes.v2) ==
        "597b180c1a170a585dfc5e85d834d69013ceda174b8f357d5bb1a0ca509faf0a");

  meta = zeros("test1MB", 1024 * kKiB, 64 * kKiB);
  CHECK(hex_encode(meta.files[0].root) ==
        "515ea9181744b817744ded9d2e8e9dc6a8450c0b0c52e24b5077f302ffbd9008");
  meta.v1 = meta.v2 = true;
  encoded = encode_torrent(meta);
  REQUIRE(encoded);
  CHECK(hex_of(encoded->hashes.v2) ==
        "108ac2c3718ce722e6896edc56c4afa98f1d711ecaace7aad74fca418ebd03de");

  meta.v1 = false;
  encoded = encode_torrent(meta);
  REQUIRE(encoded);
  CHECK(hex_of(encoded->hashes.v2) ==
        "95e04d0c4bad94ab206efa884666fd89777dbe4f7bd9945af1829037a85c6192");
  CHECK(hex_of(encoded->hashes.v1) == "none");
}

TEST_CASE("torrent: what is written is read back") {
  auto meta = zeros("test1MB", 1024 * kKiB, 64 * kKiB);
  meta.v1 = meta.v2 = true;
  meta.is_private = true;
  meta.trackers = {{"http://a/1", "http://a/2"}, {"udp://b"}};
  meta.web_seeds = {"http://w/1", "http://w/2"};
  meta.comment = "a word";
  meta.created_by = "us";
  meta.created = 1234567;
  const auto encoded = encode_torrent(meta);
  REQUIRE(encoded);
  const auto torrent = read_torrent(encoded->file);
  REQUIRE(torrent);
  CHECK_FALSE(torrent->flaw);
  CHECK(torrent->hashes.v1 == encoded->hashes.v1);
  CHECK(torrent->hashes.v2 == encoded->hashes.v2);
  CHECK(torrent->meta.trackers == meta.trackers);
  CHECK(torrent->meta.web_seeds == meta.web_seeds);
  CHECK(torrent->meta.comment == "a word");
  CHECK(torrent->meta.created_by == "us");
  CHECK(torrent->meta.created == 1234567);
  CHECK(torrent->meta.is_private);
  CHECK(torrent->meta.single);
  CHECK(std::ranges::equal(torrent->meta.files[0].layer, meta.layer));
  CHECK(std::ranges::equal(torrent->meta.pieces, meta.hashes));
  const auto again = encode_torrent(torrent->meta);
  REQUIRE(again);
  CHECK(again->file == encoded->file);
}

TEST_CASE("torrent: files are sorted by component and padded to pieces") {
  std::vector<File> files = {named("b", 1), named("a-b", 16 * kKiB), named("a/z", 0),
                             named("a/c", 5)};
  REQUIRE(arrange(files, 16 * kKiB, true));
  CHECK(paths_of(files) == "a/c .pad/16379 a/z a-b b .pad/16383 ");
  const Layout layout(files, 16 * kKiB);
  CHECK(layout.pieces() == 3);
  CHECK(layout.total() == 48 * kKiB);
  CHECK(layout.pieces_of(2) == std::pair<std::uint64_t, std::uint64_t>{1, 1});
  CHECK(layout.slices(0).size() == 2);
  CHECK(layout.slices(1).size() == 1);
  CHECK(layout.slices(1)[0].file == 3);

  std::vector<File> alone = {named("a", 5)};
  REQUIRE(arrange(alone, 16 * kKiB, true));
  CHECK(alone.size() == 1);

  std::vector<File> twice = {named("a", 5), named("a", 6)};
  CHECK_FALSE(arrange(twice, 16 * kKiB, true));
  std::vector<File> clash = {named("a", 5), named("a-b", 6), named("a/b", 6)};
  CHECK_FALSE(arrange(clash, 16 * kKiB, true));
}

TEST_CASE("torrent: pieces across files") {
  const std::vector<File> files = {named("a", 10), named("b", 0), named("c", 25), named("d", 1)};
  const Layout layout(files, 16);
  CHECK(layout.pieces() == 3);
  CHECK(layout.size_of(2) == 4);
  const auto parts = layout.slices(0);
  REQUIRE(parts.size() == 2);
  CHECK(parts[1].file == 2);
  CHECK(parts[1].size == 6);
  const auto last = layout.slices(2);
  REQUIRE(last.size() == 2);
  CHECK(last[0].offset == 22);
  CHECK(last[1].file == 3);
  CHECK(layout.pieces_of(2) == std::pair<std::uint64_t, std::uint64_t>{0, 3});
}

TEST_CASE("torrent: libtorrent's sizes of pieces") {
  CHECK(default_piece_size(0) == 16 * kKiB);
  CHECK(default_piece_size(2684355) == 16 * kKiB);
  CHECK(default_piece_size(2684356) == 32 * kKiB);
  CHECK(default_piece_size(1 << 30) == 512 * kKiB);
  CHECK(default_piece_size(703687441777) == 8192 * kKiB);
  CHECK(default_piece_size(703687441778) == 16384 * kKiB);
  CHECK(default_piece_size(kMaxTotalSize) == 16384 * kKiB);
}

TEST_CASE("torrent: trees of BEP 52") {
  const Digest32 zero{};
  CHECK(pad_hash(0) == zero);
  CHECK(pad_hash(1) == crypto::sha256(zero, zero));
  const Digest32 leaf = crypto::sha256(as_bytes("leaf"));
  CHECK(merkle_root(std::vector{leaf}, zero) == leaf);
  const auto pair = crypto::sha256(leaf, leaf);
  CHECK(merkle_root(std::vector{leaf, leaf, leaf}, zero) ==
        crypto::sha256(pair, crypto::sha256(leaf, zero)));
  // A file smaller than a piece is not filled up to one, any other is.
  CHECK(piece_root(std::vector{leaf}, 5, 64 * kKiB) == leaf);
  CHECK(piece_root(std::vector{leaf}, 64 * kKiB + 5, 64 * kKiB) ==
        crypto::sha256(crypto::sha256(leaf, zero), pad_hash(1)));
  CHECK(file_root(std::vector{leaf, leaf, leaf}, 64 * kKiB) ==
        crypto::sha256(pair, crypto::sha256(leaf, pad_hash(2))));
}

TEST_CASE("torrent: paths that lead elsewhere are marked") {
  CHECK(is_safe_path("a/b c/ü"));
  CHECK(is_safe_path("..."));
  for (const std::string bad : {"", "/a", "a/", "a//b", ".", "a/..", "../a", "a/./b"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_safe_path(bad));
  }
  CHECK_FALSE(is_safe_path(std::string("a\0b", 3)));

  const auto unsafe = [](const std::string& path) {
    const auto torrent =
        read_torrent(as_bytes(v1_file("5:filesld6:lengthi5e4:pathl" + path + "eee4:name1:x")));
    REQUIRE(torrent);
    return torrent->meta.files[0].unsafe;
  };
  CHECK_FALSE(unsafe("1:a1:b"));
  CHECK(unsafe("2:..1:b"));
  CHECK(unsafe("0:1:b"));
  CHECK(unsafe("4:/etc"));
  CHECK(unsafe(std::string("3:a\0b", 5)));
  CHECK(unsafe("1:."));
  const auto lone = read_torrent(as_bytes(v1_file("6:lengthi5e4:name9:../passwd")));
  REQUIRE(lone);
  CHECK(lone->meta.files[0].unsafe);
}

TEST_CASE("torrent: what is no torrent, and why") {
  CHECK(why_not("") == "no torrent: cut short at byte 0");
  CHECK(why_not("\x7f"
                "ELF") == "no torrent: no value at byte 0");
  CHECK(why_not(std::string(101, 'l')) == "deeper than 100 levels at byte 100");
  CHECK(why_not("i1e") == "no torrent: not a dictionary");
  CHECK(why_not("de") == "no torrent: no info dictionary");
  CHECK(why_not("d4:infod12:piece lengthi0eee") == "no piece length from 1 to 1073741823");
  CHECK(why_not("d4:infod12:piece lengthi16eee") == "no name");
  CHECK(why_not("d4:infod12:meta versioni3eee") == "a torrent of version 3");
  CHECK(why_not("d4:infod12:meta versioni2e12:piece lengthi24576eee") ==
        "piece length is no power of two from 16 KiB on");
  CHECK(why_not("d4:infod12:meta versioni2e4:name1:x12:piece lengthi16384eee") == "no file tree");
  CHECK(why_not(v1_file("4:name1:x")) == "file without a length at byte 7");
  CHECK(why_not(v1_file("6:lengthi-1e4:name1:x")) == "file without a length at byte 7");
  CHECK(why_not(v1_file("6:lengthi0e4:name1:x")) == "no file has any content");
  CHECK(why_not(v1_file("6:lengthi16385e4:name1:x")) == "hashes for 1 of 2 pieces");
  CHECK(why_not(v1_file("5:filesle4:name1:x")) == "no files");
  CHECK(why_not(v1_file("5:filesldee4:name1:x")) == "file without a length at byte 16");
  CHECK(why_not(v1_file("5:filesld6:lengthi1eee4:name1:x")) == "file without a path at byte 16");
  CHECK(why_not(v1_file("5:filesld6:lengthi1e4:pathli1eeee4:name1:x")) ==
        "path that is no list of strings at byte 35");
  CHECK(why_not(v1_file("6:lengthi9223372036854775807e4:name1:x")) ==
        "content larger than 2^48 bytes");
  CHECK(why_not(v1_file("5:filesld4:attr1:l6:lengthi1e4:pathl1:aeee4:name1:x")) ==
        "symbolic link without a path at byte 16");
}

TEST_CASE("torrent: foreign forms that libtorrent reads") {
  // Keys out of order in the first version: the infohash is that of the bytes as they are.
  const std::string info =
      "d4:name1:x6:lengthi5e12:piece lengthi16384e6:pieces20:" + std::string(20, 'a') + "e";
  const auto torrent = read_torrent(as_bytes("d4:info" + info + "e"));
  REQUIRE(torrent);
  CHECK(torrent->flaw == "unsorted key at byte 17");
  CHECK(torrent->hashes.v1 == crypto::sha1(as_bytes(info)));

  // In the second version two readers might see two torrents.
  const std::string leaf = "d0:d6:lengthi5e11:pieces root32:" + std::string(32, 'r') + "ee";
  const std::string good = "9:file treed1:x" + leaf + "e12:meta versioni2e4:name1:x";
  CHECK(why_not("d4:infod" + good + "12:piece lengthi16384eee").empty());
  CHECK(why_not("d4:infod12:piece lengthi16384e" + good + "ee") ==
        "the info dictionary is not canonical: unsorted key at byte 23 of it");

  // A BitComet pad file, and a pad file without a path.
  const auto padded = read_torrent(as_bytes(
      v1_file("5:filesld6:lengthi5e4:pathl1:aeed6:lengthi7e4:pathl18:_____padding_file_eed4:attr1:p"
              "6:lengthi9eee4:name1:x")));
  REQUIRE(padded);
  REQUIRE(padded->meta.files.size() == 3);
  CHECK_FALSE(padded->meta.files[0].pad);
  CHECK(padded->meta.files[1].pad);
  CHECK(padded->meta.files[2].path == ".pad/9");
}

TEST_CASE("torrent: both versions of a hybrid have the same files") {
  const std::string root(32, 'r');
  const std::string tree = "9:file treed1:ad0:d6:lengthi5e11:pieces root32:" + root +
                           "ee1:bd0:d6:lengthi6e11:pieces "
                           "root32:" +
                           root + "eee";
  const auto hybrid = [&](const std::string& files, const std::string& pieces) {
    return why_not("d4:infod" + tree + "5:filesl" + files +
                   "e12:meta versioni2e4:name1:x"
                   "12:piece lengthi16384e6:pieces" +
                   pieces + "ee");
  };
  const std::string two = "40:" + std::string(40, 'p');
  const std::string a = "d6:lengthi5e4:pathl1:aee";
  const std::string pad = "d4:attr1:p6:lengthi16379e4:pathl4:.pad5:16379ee";
  const std::string b = "d6:lengthi6e4:pathl1:bee";
  const std::string tail = "d4:attr1:p6:lengthi16378e4:pathl4:.pad5:16378ee";
  CHECK(hybrid(a + pad + b + tail, two).empty());
  CHECK(hybrid(a + pad + b, two).empty());
  const std::string differ = "its two versions have different files";
  CHECK(hybrid(a + b, two) == differ);
  CHECK(hybrid(a + pad, two) == differ);
  CHECK(hybrid(b + pad + a, two) == differ);
  CHECK(hybrid(a + pad + "d6:lengthi6e4:pathl1:cee", two) == differ);
}

TEST_CASE("torrent: a piece layer must give its file's root") {
  auto meta = zeros("x", 1024 * kKiB, 64 * kKiB);
  meta.v2 = true;
  meta.layer[3][0] ^= 1;
  const auto encoded = encode_torrent(meta);
  REQUIRE(encoded);
  CHECK(why_not(as_text(encoded->file)) == "piece layer that does not give the root of x");
}

TEST_CASE("torrent: a file tree too deep for readers is not written") {
  auto meta = zeros("x", 64 * kKiB, 64 * kKiB);
  meta.v2 = true;
  meta.single = false;
  std::string path = "f";
  for (int i = 0; i < 94; ++i) path = "d/" + path;
  meta.files[0].path = path;
  const auto deep = encode_torrent(meta);
  REQUIRE(deep);
  CHECK(read_torrent(deep->file));
  meta.files[0].path = "d/" + path;
  CHECK_FALSE(encode_torrent(meta));
}

TEST_CASE("torrent: as many values as readers take are written, and none of a torrent with more") {
  Metainfo meta;
  meta.v1 = true;
  meta.name = "n";
  meta.piece_size = 16 * kKiB;
  const std::vector<Digest20> pieces(1);
  meta.pieces = pieces;
  // A file has eight values and ends, and all around the files there are seven and five.
  constexpr std::size_t kMost = (codec::kMaxBencodeTokens - 12) / 8;
  for (std::size_t i = 0; i < kMost; ++i) meta.files.push_back(named(std::to_string(i), 0));
  meta.files[0].size = 1;
  {
    const auto encoded = encode_torrent(meta);
    REQUIRE(encoded);
    CHECK(read_torrent(encoded->file));
  }
  meta.files.push_back(named("one more", 0));
  meta.files.push_back(named("two more", 0));
  std::size_t put = 0;
  const auto refused = write_torrent(meta, [&](ByteView data) -> Result<void> {
    put += data.size();
    return {};
  });
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::limit);
  CHECK(put == 0);
}
