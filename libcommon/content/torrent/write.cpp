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

/// What is written, on its way to whoever takes it: counted, and hashed where the infohash covers
/// it.
class Sink {
 public:
  explicit Sink(const Put& put) : put_(put) {}

  BencodeWriter& out() { return out_; }
  std::uint64_t size() const { return size_ + buffer_.size(); }

  Result<void> flush() {
    P2P_CHECK(take(buffer_));
    buffer_.clear();
    return {};
  }
  /// Between two values, where there may be many.
  Result<void> rest() { return buffer_.size() < kBuffer ? Result<void>() : flush(); }
  template <class Digest>
  Result<void> put_string(std::span<const Digest> hashes) {
    const ByteView all(reinterpret_cast<const std::uint8_t*>(hashes.data()), hashes.size_bytes());
    out_.string_of(all.size());
    P2P_CHECK(flush());
    return take(all);
  }

  Result<void> begin_info(const Metainfo& meta) {
    P2P_CHECK(flush());
    if (meta.v1) v1_.emplace(crypto::HashAlg::sha1);
    if (meta.v2) v2_.emplace(crypto::HashAlg::sha2_256);
    return {};
  }
  Result<InfoHashes> end_info() {
    P2P_CHECK(flush());
    InfoHashes hashes;
    if (v1_) std::ranges::copy(v1_->finish(), hashes.v1.emplace().begin());
    if (v2_) std::ranges::copy(v2_->finish(), hashes.v2.emplace().begin());
    v1_.reset();
    v2_.reset();
    return hashes;
  }

 private:
  static constexpr std::size_t kBuffer = 64 * 1024;

  Result<void> take(ByteView data) {
    if (v1_) v1_->update(data);
    if (v2_) v2_->update(data);
    size_ += data.size();
    return put_(data);
  }

  const Put& put_;
  Bytes buffer_;
  BencodeWriter out_{buffer_};
  std::uint64_t size_ = 0;
  std::optional<crypto::Hasher> v1_;
  std::optional<crypto::Hasher> v2_;
};

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

Result<void> write_list(Sink& sink, const std::vector<File>& files) {
  auto& out = sink.out();
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
    P2P_CHECK(sink.rest());
  }
  out.end();
  return {};
}

/// The files in order, folders opened and closed between them.
Result<void> write_tree(Sink& sink, const std::vector<File>& files) {
  auto& out = sink.out();
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
    P2P_CHECK(sink.rest());
  }
  for (std::size_t i = 0; i <= open.size(); ++i) out.end();
  return {};
}

Result<InfoHashes> write_info(Sink& sink, const Metainfo& meta) {
  auto& out = sink.out();
  const bool listed = meta.v1 && !meta.single;
  const bool alone = meta.v1 && meta.single;
  P2P_CHECK(sink.begin_info(meta));
  out.dict();
  if (alone) write_attributes(out, meta.files.front());
  if (meta.v2) {
    out.key("file tree");
    P2P_CHECK(write_tree(sink, meta.files));
  }
  if (listed) {
    out.key("files");
    P2P_CHECK(write_list(sink, meta.files));
  }
  if (alone) out.key("length").integer(static_cast<std::int64_t>(meta.files.front().size));
  if (meta.v2) out.key("meta version").integer(2);
  out.key("name").string(meta.name);
  out.key("piece length").integer(static_cast<std::int64_t>(meta.piece_size));
  if (meta.v1) {
    out.key("pieces");
    P2P_CHECK(sink.put_string(meta.pieces));
  }
  if (meta.is_private) out.key("private").integer(1);
  out.end();
  return sink.end_info();
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

Result<void> write_layers(Sink& sink, const std::vector<File>& files) {
  // By root, which is how they are sorted; equal files share one.
  std::map<Digest32, const File*> by_root;
  for (const auto& file : files) {
    if (!file.layer.empty()) by_root.emplace(file.root, &file);
  }
  sink.out().key("piece layers").dict();
  for (const auto& [root, file] : by_root) {
    sink.out().string(root);
    P2P_CHECK(sink.put_string(file->layer));
  }
  sink.out().end();
  return {};
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

Result<InfoHashes> write_all(Sink& sink, const Metainfo& meta) {
  auto& out = sink.out();
  out.dict();
  write_trackers(out, meta.trackers);
  if (!meta.comment.empty()) out.key("comment").string(meta.comment);
  if (!meta.created_by.empty()) out.key("created by").string(meta.created_by);
  if (meta.created) out.key("creation date").integer(*meta.created);
  out.key("info");
  P2P_TRY(const auto hashes, write_info(sink, meta));
  if (meta.v2) P2P_CHECK(write_layers(sink, meta.files));
  write_seeds(out, meta.web_seeds);
  out.end();
  P2P_CHECK(sink.flush());
  return hashes;
}

/// Other programs have the same bounds as our reader.
Result<void> check_readable(const Metainfo& meta) {
  if (const auto pieces = Layout(meta).pieces(); pieces > kMaxPieces) {
    return fail(
        Error(Code::limit, std::to_string(pieces) + " pieces, more than other programs read")
            .with_hint("choose larger pieces"));
  }
  const Put nowhere = [](ByteView) { return Result<void>(); };
  Sink counted(nowhere);
  P2P_CHECK(write_all(counted, meta));
  std::string why;
  if (counted.size() > codec::kMaxBencodeSize) {
    why = "larger than " + std::to_string(codec::kMaxBencodeSize) + " bytes";
  } else if (counted.out().tokens() > codec::kMaxBencodeTokens) {
    why = "more than " + std::to_string(codec::kMaxBencodeTokens) + " values";
  } else {
    return {};
  }
  return fail(Error(Code::limit, "a torrent that other programs do not read: " + why)
                  .with_hint("choose larger pieces, or fewer files"));
}

}  // namespace

Result<InfoHashes> write_torrent(const Metainfo& meta, const Put& put) {
  P2P_CHECK(check_readable(meta));
  Sink sink(put);
  return write_all(sink, meta);
}

}  // namespace p2p::torrent
