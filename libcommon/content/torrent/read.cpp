#include <algorithm>
#include <bit>
#include <map>
#include <string>

#include "codec/bencode.h"
#include "content/torrent/layout.h"
#include "content/torrent/merkle.h"
#include "content/torrent/metainfo.h"

namespace p2p::torrent {

namespace {

using codec::BencodeNode;

std::unexpected<Error> broken(std::string why) { return fail(Code::parse, std::move(why)); }

std::unexpected<Error> broken(const char* what, const BencodeNode& node) {
  return broken(std::string(what) + " at byte " + std::to_string(node.offset()));
}

std::optional<std::string_view> text_of(const BencodeNode& dict, std::string_view key) {
  const auto node = dict.find(key);
  const auto bytes = node ? node->string() : std::nullopt;
  return bytes ? std::optional(as_text(*bytes)) : std::nullopt;
}

/// The field under `key.utf-8`, which old programs write beside one in another encoding, or `key`.
std::optional<BencodeNode> find_utf8(const BencodeNode& dict, const std::string& key) {
  const auto preferred = dict.find(key + ".utf-8");
  return preferred ? preferred : dict.find(key);
}

std::optional<std::int64_t> integer_of(const BencodeNode& dict, std::string_view key) {
  const auto node = dict.find(key);
  return node ? node->integer() : std::nullopt;
}

bool is_safe_component(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\0", 2)) == std::string_view::npos;
}

/// A path as it is built from its components.
struct Path {
  std::string text;
  bool safe = true;

  void add(std::string_view component) {
    safe = safe && is_safe_component(component);
    if (!text.empty()) text += '/';
    text += component;
  }
};

/// The hashes of which `bytes` consists, where they stand.
template <class Digest>
std::span<const Digest> hashes_in(ByteView bytes) {
  static_assert(alignof(Digest) == 1);
  return {reinterpret_cast<const Digest*>(bytes.data()), bytes.size() / sizeof(Digest)};
}

class Reader {
 public:
  Result<Torrent> run(ByteView file) {
    auto decoded = codec::decode_bencode(file);
    if (!decoded) {
      const auto& error = decoded.error();
      return error.code == Code::parse ? broken("no torrent: " + error.why) : fail(error);
    }
    const auto& document = *decoded;
    const auto root = document.root();
    if (!root.is_dict()) return broken("no torrent: not a dictionary");
    const auto info = root.find("info");
    if (!info || !info->is_dict()) return broken("no torrent: no info dictionary");
    P2P_CHECK(read_info(*info));
    P2P_CHECK(read_layers(root));
    read_outside(root);
    torrent_.flaw = document.flaw();
    if (meta_.v1) torrent_.hashes.v1 = crypto::sha1(info->raw());
    if (meta_.v2) {
      torrent_.hashes.v2 = crypto::sha256(info->raw());
      P2P_TRY(const auto alone, codec::decode_bencode(info->raw()));
      if (alone.flaw()) {
        return broken("the info dictionary is not canonical: " + *alone.flaw() + " of it");
      }
    }
    return std::move(torrent_);
  }

 private:
  Result<void> read_info(const BencodeNode& info) {
    const auto version = integer_of(info, "meta version").value_or(1);
    if (version > 2) {
      return fail(Code::unsupported, "a torrent of version " + std::to_string(version));
    }
    meta_.v2 = version == 2;
    if (!meta_.v2 && info.find("file tree")) return broken("file tree without meta version 2");

    const auto piece_size = integer_of(info, "piece length").value_or(0);
    if (piece_size <= 0 || static_cast<std::uint64_t>(piece_size) > kMaxPieceSize) {
      return broken("no piece length from 1 to " + std::to_string(kMaxPieceSize));
    }
    meta_.piece_size = static_cast<std::uint64_t>(piece_size);
    if (meta_.v2 && (meta_.piece_size < kBlockSize || !std::has_single_bit(meta_.piece_size))) {
      return broken("piece length is no power of two from 16 KiB on");
    }

    const auto name = find_utf8(info, "name");
    if (!name || !name->string() || name->string()->empty()) return broken("no name");
    meta_.name = to_text(*name->string());
    meta_.is_private = integer_of(info, "private").value_or(0) != 0;

    const auto files = info.find("files");
    meta_.v1 = !meta_.v2 || files || info.find("length");
    if (meta_.v1) P2P_CHECK(read_v1(info, files));
    if (meta_.v2) P2P_CHECK(read_v2(info));

    const Layout layout(meta_);
    if (layout.total() == 0) return broken("no file has any content");
    if (layout.pieces() > kMaxPieces) {
      return fail(Code::limit, "more than " + std::to_string(kMaxPieces) + " pieces");
    }
    return meta_.v1 ? read_pieces(info, layout.pieces()) : Result<void>();
  }

  Result<void> add_file(File file) {
    total_ += file.size;
    if (file.size > kMaxTotalSize || total_ > kMaxTotalSize) {
      return broken("content larger than 2^48 bytes");
    }
    meta_.files.push_back(std::move(file));
    return {};
  }

  /// What both versions say of a file in the same way.
  static Result<File> read_file(const BencodeNode& dict) {
    File file;
    for (const char c : text_of(dict, "attr").value_or("")) {
      file.pad |= c == 'p';
      file.executable |= c == 'x';
      file.hidden |= c == 'h';
      file.symlink |= c == 'l';
    }
    if (file.symlink) {
      const auto target = dict.find("symlink path");
      if (!target || !target->is_list()) return broken("symbolic link without a path", dict);
      Path path;
      for (const auto part : target->items()) {
        if (!part.string()) return broken("path that is no list of strings", part);
        path.add(as_text(*part.string()));
      }
      file.target = std::move(path.text);
      return file;  // its size is none, whatever it says
    }
    const auto size = integer_of(dict, "length").value_or(-1);
    if (size < 0) return broken("file without a length", dict);
    file.size = static_cast<std::uint64_t>(size);
    return file;
  }

  Result<void> read_v1(const BencodeNode& info, const std::optional<BencodeNode>& files) {
    if (!files) {
      P2P_TRY(auto file, read_file(info));
      file.path = meta_.name;
      file.unsafe = !is_safe_component(meta_.name);
      meta_.single = true;
      return add_file(std::move(file));
    }
    if (!files->is_list()) return broken("files that are no list", *files);
    std::size_t count = 0;  // first, since a vector that grows has all of them twice
    for ([[maybe_unused]] const auto dict : files->items()) ++count;
    meta_.files.reserve(count);
    for (const auto dict : files->items()) {
      P2P_TRY(auto file, read_file(dict));
      const auto path = find_utf8(dict, "path");
      Path joined;
      if (path) {
        for (const auto part : path->items()) {
          if (!part.string()) return broken("path that is no list of strings", part);
          joined.add(as_text(*part.string()));
        }
      }
      // Before there were pad files there were BitComet's, known by their names.
      if (joined.text.find("_____padding_file_") != std::string::npos) file.pad = true;
      const bool named = path && path->items().begin() != path->items().end();
      if (!named && !file.pad) return broken("file without a path", dict);
      file.unsafe = !joined.safe || !named;
      file.path = named ? std::move(joined.text) : ".pad/" + std::to_string(file.size);
      P2P_CHECK(add_file(std::move(file)));
    }
    if (meta_.files.empty()) return broken("no files");
    return {};
  }

  Result<void> read_v2(const BencodeNode& info) {
    const auto tree = info.find("file tree");
    if (!tree || !tree->is_dict()) return broken("no file tree");
    std::vector<File> v1_files;
    v1_files.swap(meta_.files);
    total_ = 0;
    P2P_CHECK(read_tree(*tree, Path{}));
    if (meta_.files.empty()) return broken("no files");
    if (!meta_.v1) {
      // A folder with one file cannot be told from a lone file; libtorrent takes it for the latter.
      meta_.single = std::ranges::count(meta_.files, false, &File::pad) == 1 && tree_depth_ == 1;
    }
    return meta_.v1 ? merge(std::move(v1_files)) : Result<void>();
  }

  /// Recursion is bounded by kMaxBencodeDepth.
  Result<void> read_tree(const BencodeNode& tree, const Path& folder) {
    for (const auto [key, value] : tree.entries()) {
      if (!value.is_dict()) return broken("file tree with something else in it", value);
      Path path = folder;
      path.add(as_text(key));
      const auto leaf = value.find("");
      if (!leaf) {
        P2P_CHECK(read_tree(value, path));
        continue;
      }
      if (value.raw().size() != leaf->raw().size() + 4 || !leaf->is_dict()) {  // d0:…e
        return broken("file that is a folder, too", value);
      }
      P2P_TRY(auto file, read_file(*leaf));
      if (file.pad) return broken("pad file in a file tree", value);
      if (file.size > 0) {
        const auto root = text_of(*leaf, "pieces root");
        if (!root || root->size() != file.root.size()) return broken("file without a root", *leaf);
        std::ranges::copy(as_bytes(*root), file.root.begin());
      }
      tree_depth_ = 1 + static_cast<std::size_t>(std::ranges::count(path.text, '/'));
      file.unsafe = !path.safe;
      file.path = std::move(path.text);
      const std::uint64_t over = file.size % meta_.piece_size;
      P2P_CHECK(add_file(std::move(file)));
      if (over != 0) {
        File pad;
        pad.pad = true;
        pad.size = meta_.piece_size - over;
        pad.path = ".pad/" + std::to_string(pad.size);
        P2P_CHECK(add_file(std::move(pad)));
      }
    }
    return {};
  }

  /// Of a hybrid: both versions must lay the same files out in the same way.
  Result<void> merge(std::vector<File> v1_files) {
    auto& files = meta_.files;
    // A lone file has no pad file, and libtorrent before 2.0.8 left out the last one.
    const auto last = std::ranges::find_if(v1_files.rbegin(), v1_files.rend(),
                                           [](const File& file) { return file.size > 0; });
    if (last != v1_files.rend() && !last->pad) {
      const auto ours = std::ranges::find_if(files.rbegin(), files.rend(),
                                             [](const File& file) { return file.size > 0; });
      if (ours != files.rend() && ours->pad) files.erase(std::next(ours).base());
    }
    // As in libtorrent, where empty files stand in the list does not matter.
    if (content_of(files) != content_of(v1_files)) {
      return broken("its two versions have different files");
    }
    return {};
  }

  struct Content {
    std::string_view path;
    std::uint64_t start;
    std::uint64_t size;

    bool operator==(const Content&) const = default;
  };

  /// The files that have any, and where they stand in the stream; and how long that is.
  static std::vector<Content> content_of(const std::vector<File>& files) {
    std::vector<Content> all;
    std::uint64_t at = 0;
    for (const auto& file : files) {
      if (!file.pad && file.size > 0) all.push_back({file.path, at, file.size});
      at += file.size;
    }
    all.push_back({"", at, 0});
    return all;
  }

  Result<void> read_pieces(const BencodeNode& info, std::uint64_t count) {
    const auto pieces = text_of(info, "pieces");
    if (!pieces) return broken("no hashes of pieces");
    if (pieces->size() != count * sizeof(Digest20)) {
      return broken("hashes for " + std::to_string(pieces->size() / sizeof(Digest20)) + " of " +
                    std::to_string(count) + " pieces");
    }
    meta_.pieces = hashes_in<Digest20>(as_bytes(*pieces));
    return {};
  }

  Result<void> read_layers(const BencodeNode& root) {
    const auto layers = root.find("piece layers");
    if (!meta_.v2 || !layers) return {};
    if (!layers->is_dict()) return broken("piece layers that are no dictionary", *layers);
    std::map<Digest32, ByteView> by_root;
    for (const auto [key, value] : layers->entries()) {
      Digest32 name;
      if (key.size() != name.size() || !value.string()) return broken("bad piece layer", value);
      std::ranges::copy(key, name.begin());
      by_root.emplace(name, *value.string());
    }
    for (auto& file : meta_.files) {
      if (file.pad || file.size <= meta_.piece_size) continue;
      const auto layer = by_root.find(file.root);
      if (layer == by_root.end()) continue;
      const std::uint64_t count = (file.size + meta_.piece_size - 1) / meta_.piece_size;
      if (layer->second.size() != count * sizeof(Digest32)) {
        return broken("piece layer of another size than " + file.path);
      }
      file.layer = hashes_in<Digest32>(layer->second);
      if (file_root(file.layer, meta_.piece_size) != file.root) {
        return broken("piece layer that does not give the root of " + file.path);
      }
    }
    return {};
  }

  /// What the infohash does not cover. As libtorrent does it, what has another type is passed over.
  void read_outside(const BencodeNode& root) {
    if (const auto tiers = root.find("announce-list")) {
      for (const auto tier : tiers->items()) {
        std::vector<std::string> urls;
        for (const auto url : tier.items()) {
          if (url.string() && !url.string()->empty()) urls.push_back(to_text(*url.string()));
        }
        if (!urls.empty()) meta_.trackers.push_back(std::move(urls));
      }
    }
    const auto announce = text_of(root, "announce").value_or("");
    if (meta_.trackers.empty() && !announce.empty()) {
      meta_.trackers.push_back({std::string(announce)});
    }
    if (const auto seeds = root.find("url-list")) {
      const auto add = [&](const BencodeNode& node) {
        const auto url = node.string();
        if (url && !url->empty()) meta_.web_seeds.push_back(to_text(*url));
      };
      add(*seeds);
      for (const auto seed : seeds->items()) add(seed);
    }
    const auto prefer_utf8 = [&](const std::string& key) {
      const auto node = find_utf8(root, key);
      return node && node->string() ? to_text(*node->string()) : std::string();
    };
    meta_.comment = prefer_utf8("comment");
    meta_.created_by = prefer_utf8("created by");
    meta_.created = integer_of(root, "creation date");
  }

  Torrent torrent_;
  Metainfo& meta_ = torrent_.meta;
  std::uint64_t total_ = 0;
  std::size_t tree_depth_ = 0;  ///< of the file that was read last
};

}  // namespace

bool is_safe_path(std::string_view path) {
  for (;;) {
    const auto slash = path.find('/');
    if (!is_safe_component(path.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

Result<Torrent> read_torrent(ByteView file) { return Reader().run(file); }

}  // namespace p2p::torrent
