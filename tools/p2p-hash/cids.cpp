#include "commands.h"
#include "content/directory.h"
#include "content/file_importer.h"
#include "report.h"
#include "source.h"

namespace p2p::hash {

using content::Imported;
using content::Profile;

namespace {

class Namer {
 public:
  Namer(cli::Console& console, const Options& options, const Profile& profile)
      : console_(console), options_(options), profile_(profile), source_(console) {}

  bool failed() const { return failed_; }

  void print(const std::string& name) {
    const auto root = options_.codec ? import_block(name) : import_path(name);
    if (!root) {
      if (root.error().code != Code::cancelled) complain(console_, name, root.error());
      failed_ = true;
      return;
    }
    if (console_.format() == record::Format::text) {
      console_.out().write(
          content::checksum_line(root->cid.text(), name, options_.algorithm, options_.style));
      return;
    }
    record::Record record("cid");
    record.set("cid", root->cid.text());
    set_path(record, name);
    record.set("size", root->size).set("codec", multiformats::name_of(root->cid.codec()));
    if (!options_.codec) record.set("profile", profile_.name).set("blocks", root->blocks);
    console_.print(record);
  }

 private:
  Result<Imported> import_block(const std::string& name) {
    Bytes block;
    P2P_CHECK(source_.read(name, [&](ByteView piece) -> Result<void> {
      if (block.size() + piece.size() > content::kMaxBlockSize) {
        return fail(Code::limit, "larger than a block may be, " +
                                     std::to_string(content::kMaxBlockSize) + " bytes");
      }
      append(block, piece);
      return {};
    }));
    P2P_TRY(const auto cid, content::cid_of_block(*options_.codec, options_.algorithm, block));
    return Imported{cid, block.size(), block.size(), 1};
  }

  Result<Imported> import_path(const std::string& name) {
    if (options_.recursive && name != "-" && is_directory(name)) return import_directory(name);
    return import_file(name);
  }

  Result<Imported> import_file(const std::string& name) {
    content::FileImporter importer(profile_);
    P2P_CHECK(source_.read(name, [&](ByteView piece) { return importer.update(piece); }));
    return importer.finish();
  }

  /// What is wrong below is told where it is found; a directory with a hole in it has no CID, which
  /// Code::cancelled says without more words.
  Result<Imported> import_directory(const std::string& folder) {
    P2P_TRY(const auto entries, list_directory(folder));
    content::DirectoryImporter directory(profile_);
    bool whole = true;
    for (const auto& entry : entries) {
      if (entry.name.starts_with('.') && !options_.hidden) continue;  // as `ipfs add` does
      const std::string path = join_path(folder, entry.name);
      auto child = import_entry(path, entry.kind);
      if (child) {
        P2P_CHECK(directory.add(entry.name, *child));
      } else {
        if (child.error().code != Code::cancelled) complain(console_, path, child.error());
        whole = false;
      }
    }
    if (!whole) return fail(Code::cancelled, "incomplete");
    return directory.finish();
  }

  Result<Imported> import_entry(const std::string& path, FileKind kind) {
    switch (kind) {
      case FileKind::regular:
        return import_file(path);
      case FileKind::directory:
        return import_directory(path);
      case FileKind::symlink: {
        P2P_TRY(const auto target, read_link(path));
        return content::import_symlink(profile_, target);
      }
      case FileKind::other:
        break;
    }
    return fail(Code::unsupported, "Not a regular file");
  }

  cli::Console& console_;
  const Options& options_;
  const Profile& profile_;
  Source source_;
  bool failed_ = false;
};

}  // namespace

Result<cli::ExitStatus> print_cids(cli::Console& console, const Options& options) {
  const Profile* named = content::profile_by_name(options.profile);
  if (named == nullptr) return fail(Code::invalid_argument, "unknown profile " + options.profile);
  Profile profile = *named;
  profile.hash = options.algorithm;
  Namer namer(console, options, profile);
  for (const auto& name : options.files) namer.print(name);
  return namer.failed() ? cli::ExitStatus::no : cli::ExitStatus::yes;
}

}  // namespace p2p::hash
