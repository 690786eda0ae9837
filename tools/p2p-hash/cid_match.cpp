#include "cid_match.h"

#include <vector>

#include "content/directory.h"
#include "content/file_importer.h"
#include "files/walk.h"

namespace p2p::hash {

using content::Imported;
using content::Profile;
using multiformats::Cid;
using multiformats::Codec;
using multiformats::HashCode;

namespace {

constexpr std::string_view kVersion0[] = {"unixfs-v0-2015"};
constexpr std::string_view kVersion1[] = {"unixfs-v1-2025", "v1", "test-cid-v1", "test-cid-v1-wide",
                                          "unixfs-v0-2015"};

std::vector<Profile> profiles_for(const Cid& cid) {
  content::ProfileChanges changes;
  if (cid.hash().code() == HashCode::identity) {
    changes.inline_limit = cid.hash().digest().size();
  } else {
    changes.hash = multiformats::hash_alg_of(cid.hash().code());
  }
  std::vector<Profile> profiles;
  const std::span<const std::string_view> names =
      cid.version() == 0 ? std::span<const std::string_view>(kVersion0) : kVersion1;
  for (const auto name : names) {
    // One that cannot be had with this function is none that may have led here.
    auto profile = content::change_profile(*content::profile_by_name(name), changes);
    if (profile) profiles.push_back(*profile);
  }
  return profiles;
}

/// The file's bytes as the block itself.
class BlockMatch {
 public:
  explicit BlockMatch(const Cid& cid) : cid_(cid) {
    if (const auto alg = multiformats::hash_alg_of(cid.hash().code())) hasher_.emplace(*alg);
  }
  void update(ByteView piece) {
    if (hasher_) return hasher_->update(piece);
    const std::size_t room = multiformats::kMaxDigestSize + 1 - bytes_.size();
    append(bytes_, piece.first(std::min(piece.size(), room)));
  }
  bool matches() { return equal(hasher_ ? hasher_->finish() : bytes_, cid_.hash().digest()); }

 private:
  const Cid& cid_;
  std::optional<crypto::Hasher> hasher_;
  Bytes bytes_;  // for identity
};

class Matcher {
 public:
  Matcher(const Cid& cid, const files::Advance& advance)
      : cid_(cid), advance_(advance), profiles_(profiles_for(cid)) {}

  Result<CidMatch> match_directory(const std::string& path) const {
    for (const bool hidden : {false, true}) {
      bool found_hidden = false;
      for (const auto& profile : profiles_) {
        P2P_TRY(const auto root, import_directory(profile, path, hidden, found_hidden));
        if (is_named(root)) return CidMatch{true, std::string(profile.name)};
      }
      if (!found_hidden) break;
    }
    return CidMatch{};
  }

  Result<CidMatch> match_file(const std::string& path) const {
    if (cid_.codec() != Codec::dag_pb) return read(path, {}, true);
    if (path == "-") return read(path, profiles_, true);
    P2P_TRY(const auto status, files::path_status(path));
    const bool stream = status.kind != files::Kind::regular;
    if (stream) return read(path, profiles_, true);
    for (const auto& profile : profiles_) {
      if (profile.name == "test-cid-v1-wide") continue;
      P2P_TRY(const auto found, read(path, {&profile, 1}, false));
      if (found.matches) return found;
    }
    if (status.size > content::kMaxBlockSize) return CidMatch{};
    return read(path, {}, true);
  }

 private:
  bool is_named(const Imported& root) const {
    return root.cid.codec() == cid_.codec() && root.cid.hash() == cid_.hash();
  }

  /// One read of the file, in all of `profiles` and as a block.
  Result<CidMatch> read(const std::string& path, std::span<const Profile> profiles,
                        bool block) const {
    std::vector<content::FileImporter> importers;
    for (const auto& profile : profiles) importers.emplace_back(profile);
    std::optional<BlockMatch> whole;
    if (block) whole.emplace(cid_);
    P2P_CHECK(read_file(path, [&](ByteView piece) -> Result<void> {
      for (auto& importer : importers) P2P_CHECK(importer.update(piece));
      if (whole) whole->update(piece);
      return {};
    }));
    for (std::size_t i = 0; i < importers.size(); ++i) {
      P2P_TRY(const auto root, importers[i].finish());
      if (is_named(root)) return CidMatch{true, std::string(profiles[i].name)};
    }
    if (whole && whole->matches()) return CidMatch{true, "block"};
    return CidMatch{};
  }

  Result<void> read_file(const std::string& path, const files::File::Take& take) const {
    auto file = files::File::standard_input();
    if (path != "-") {
      P2P_TRY(file, files::File::open(path));
    }
    P2P_CHECK(file.read_all([&](ByteView piece) -> Result<void> {
      if (advance_) advance_(piece.size());
      return take(piece);
    }));
    return file.unchanged();
  }

  Result<Imported> import_directory(const Profile& profile, const std::string& path, bool hidden,
                                    bool& found_hidden) const {
    P2P_TRY(const auto entries, files::list_directory(path));
    content::DirectoryImporter directory(profile);
    for (const auto& entry : entries) {
      if (entry.name.starts_with('.') && !hidden) {
        found_hidden = true;
        continue;
      }
      const std::string inner = files::join_path(path, entry.name);
      P2P_TRY(const auto child, import_entry(profile, inner, entry.kind, hidden, found_hidden));
      P2P_CHECK(directory.add(entry.name, child));
    }
    return directory.finish();
  }

  Result<Imported> import_entry(const Profile& profile, const std::string& path, files::Kind kind,
                                bool hidden, bool& found_hidden) const {
    switch (kind) {
      case files::Kind::directory:
        return import_directory(profile, path, hidden, found_hidden);
      case files::Kind::symlink: {
        P2P_TRY(const auto target, files::read_link(path));
        return content::import_symlink(profile, target);
      }
      case files::Kind::regular: {
        content::FileImporter importer(profile);
        P2P_CHECK(read_file(path, [&](ByteView piece) { return importer.update(piece); }));
        return importer.finish();
      }
      case files::Kind::other:
        break;
    }
    return fail(Code::unsupported, "", path, "Not a regular file");
  }

  const Cid& cid_;
  const files::Advance& advance_;
  std::vector<Profile> profiles_;
};

}  // namespace

Result<CidMatch> match_cid(const std::string& path, const Cid& cid, const files::Advance& advance) {
  const Matcher matcher(cid, advance);
  if (path != "-" && files::is_directory(path)) return matcher.match_directory(path);
  return matcher.match_file(path);
}

}  // namespace p2p::hash
