#include <algorithm>
#include <map>
#include <string>

#include "codec/bencode.h"
#include "content/torrent/layout.h"
#include "content/torrent/metainfo.h"

namespace p2p::torrent {

namespace {

using codec::BencodeWriter;

/// Around a file tree's deepest folder are four more dictionaries: the metainfo, info, the tree
/// itself, and the file's own.
constexpr std::size_t kMaxTreeDepth = codec::kMaxBencodeDepth - 5;

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> parts;
  for (std::size_t slash = 0; slash != std::string_view::npos;) {
    slash = path.find('/');
    parts.push_back(path.substr(0, slash));
    if (slash != std::string_view::npos) path.remove_prefix(slash + 1);
  }
  return parts;
}

void write_path(BencodeWriter& out, std::string_view path) {
  out.list();
  for (const auto part : split(path)) out.string(part);
  out.end();
}

void write_attributes(BencodeWriter& out, const File& file) {
  std::string attr;
  if (file.pad) attr += 'p';
  if (file.hidden) attr += 'h';
  if (file.executable) attr += 'x';
  if (file.symlink) attr += 'l';
  if (!attr.empty()) out.key("attr").string(attr);
}

void write_list(BencodeWriter& out, const std::vector<File>& files) {
  out.list();
  for (const auto& file : files) {
    out.dict();
    write_attributes(out, file);
    out.key("length").integer(static_cast<std::int64_t>(file.size));
    out.key("path");
    write_path(out, file.path);
    if (file.symlink) {
      out.key("symlink path");
      write_path(out, file.target);
    }
    out.end();
  }
  out.end();
}

/// The files in order, folders opened and closed between them.
Result<void> write_tree(BencodeWriter& out, const std::vector<File>& files) {
  out.dict();
  std::vector<std::string_view> open;
  for (const auto& file : files) {
    if (file.pad) continue;
    const auto parts = split(file.path);
    if (parts.size() > kMaxTreeDepth) {
      return fail(Code::limit, file.path + ": deeper than " + std::to_string(kMaxTreeDepth) +
                                   " folders, which no program reads");
    }
    const auto folders = parts.size() - 1;
    const auto shared = static_cast<std::size_t>(
        std::ranges::mismatch(open, std::span(parts).first(folders)).in1 - open.begin());
    for (; open.size() > shared; open.pop_back()) out.end();
    for (; open.size() < folders; open.push_back(parts[open.size()])) {
      out.key(parts[open.size()]).dict();
    }
    out.key(parts.back()).dict().key("").dict();
    write_attributes(out, file);
    if (file.symlink) {
      out.key("symlink path");
      write_path(out, file.target);
    } else {
      out.key("length").integer(static_cast<std::int64_t>(file.size));
      if (file.size > 0) out.key("pieces root").string(file.root);
    }
    out.end().end();
  }
  for (std::size_t i = 0; i <= open.size(); ++i) out.end();
  return {};
}

template <class Digest>
Bytes joined(const std::vector<Digest>& hashes) {
  Bytes all;
  all.reserve(hashes.size() * sizeof(Digest));
  for (const auto& hash : hashes) append(all, ByteView(hash));
  return all;
}

Result<void> write_info(BencodeWriter& out, const Metainfo& meta) {
  const bool listed = meta.v1 && !meta.single;
  const bool alone = meta.v1 && meta.single;
  out.dict();
  if (alone) write_attributes(out, meta.files.front());
  if (meta.v2) {
    out.key("file tree");
    P2P_CHECK(write_tree(out, meta.files));
  }
  if (listed) {
    out.key("files");
    write_list(out, meta.files);
  }
  if (alone) out.key("length").integer(static_cast<std::int64_t>(meta.files.front().size));
  if (meta.v2) out.key("meta version").integer(2);
  out.key("name").string(meta.name);
  out.key("piece length").integer(static_cast<std::int64_t>(meta.piece_size));
  if (meta.v1) out.key("pieces").string(joined(meta.pieces));
  if (meta.is_private) out.key("private").integer(1);
  out.end();
  return {};
}

void write_trackers(BencodeWriter& out, const std::vector<std::vector<std::string>>& tiers) {
  if (tiers.empty()) return;
  out.key("announce").string(tiers.front().front());
  if (tiers.size() == 1 && tiers.front().size() == 1) return;
  out.key("announce-list").list();
  for (const auto& tier : tiers) {
    out.list();
    for (const auto& url : tier) out.string(url);
    out.end();
  }
  out.end();
}

void write_layers(BencodeWriter& out, const std::vector<File>& files) {
  // By root, which is how they are sorted; equal files share one.
  std::map<Digest32, const File*> by_root;
  for (const auto& file : files) {
    if (!file.layer.empty()) by_root.emplace(file.root, &file);
  }
  out.key("piece layers").dict();
  for (const auto& [root, file] : by_root) out.string(root).string(joined(file->layer));
  out.end();
}

void write_seeds(BencodeWriter& out, const std::vector<std::string>& seeds) {
  if (seeds.empty()) return;
  out.key("url-list");
  if (seeds.size() == 1) {
    out.string(seeds.front());
    return;
  }
  out.list();
  for (const auto& url : seeds) out.string(url);
  out.end();
}

}  // namespace

Result<Encoded> encode_torrent(const Metainfo& meta) {
  const Layout layout(meta);
  if (layout.pieces() > kMaxPieces) {
    return fail(Error(Code::limit,
                      std::to_string(layout.pieces()) + " pieces, more than other programs read")
                    .with_hint("choose larger pieces"));
  }
  Encoded encoded;
  BencodeWriter out(encoded.file);
  out.dict();
  write_trackers(out, meta.trackers);
  if (!meta.comment.empty()) out.key("comment").string(meta.comment);
  if (!meta.created_by.empty()) out.key("created by").string(meta.created_by);
  if (meta.created) out.key("creation date").integer(*meta.created);
  out.key("info");
  const std::size_t start = encoded.file.size();
  P2P_CHECK(write_info(out, meta));
  const auto info = ByteView(encoded.file).subspan(start);
  if (meta.v1) encoded.hashes.v1 = crypto::sha1(info);
  if (meta.v2) encoded.hashes.v2 = crypto::sha256(info);
  if (meta.v2) write_layers(out, meta.files);
  write_seeds(out, meta.web_seeds);
  out.end();
  // Other programs have the same bounds (codec/bencode.h).
  if (const auto readable = codec::decode_bencode(encoded.file); !readable) {
    return fail(Error(Code::limit,
                      "a torrent that other programs do not read: " + readable.error().message())
                    .with_hint("choose larger pieces, or fewer files"));
  }
  return encoded;
}

}  // namespace p2p::torrent
