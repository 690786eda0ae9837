#include "content/directory.h"
#include "content/file_importer.h"
#include "files/walk.h"
#include "mode.h"
#include "report.h"
#include "source.h"

namespace p2p::hash {

using content::Imported;
using content::Profile;

namespace {

struct CidOptions {
  bool cid = false;
  bool hidden = false;
  std::string profile = "unixfs-v0-2015";  // what `ipfs add` does by default
  std::optional<multiformats::Codec> codec;
};

class Namer {
 public:
  Namer(cli::Console& console, const Options& common, const CidOptions& options,
        const Profile& profile)
      : console_(console),
        common_(common),
        options_(options),
        profile_(profile),
        source_(console) {}

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
          content::checksum_line(text_of(root->cid), name, common_.algorithm, common_.style));
      return;
    }
    record::Record record("cid");
    record.set("cid", text_of(root->cid));
    set_path(record, name);
    record.set("size", root->size).set("codec", multiformats::name_of(root->cid.codec()));
    if (!options_.codec) record.set("profile", profile_.name).set("blocks", root->blocks);
    console_.print(record);
  }

 private:
  std::string text_of(const multiformats::Cid& cid) const {
    return common_.base ? cid.text(*common_.base) : cid.text();
  }

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
    P2P_TRY(const auto cid, content::cid_of_block(*options_.codec, common_.algorithm, block));
    return Imported{cid, block.size(), block.size(), 1};
  }

  Result<Imported> import_path(const std::string& name) {
    if (common_.recursive && name != "-" && files::is_directory(name))
      return import_directory(name);
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
    P2P_TRY(const auto entries, files::list_directory(folder));
    content::DirectoryImporter directory(profile_);
    bool whole = true;
    for (const auto& entry : entries) {
      if (entry.name.starts_with('.') && !options_.hidden) continue;  // as `ipfs add` does
      const std::string path = files::join_path(folder, entry.name);
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

  Result<Imported> import_entry(const std::string& path, files::Kind kind) {
    switch (kind) {
      case files::Kind::regular:
        return import_file(path);
      case files::Kind::directory:
        return import_directory(path);
      case files::Kind::symlink: {
        P2P_TRY(const auto target, files::read_link(path));
        return content::import_symlink(profile_, target);
      }
      case files::Kind::other:
        break;
    }
    return fail(Code::unsupported, "Not a regular file");
  }

  cli::Console& console_;
  const Options& common_;
  const CidOptions& options_;
  const Profile& profile_;
  Source source_;
  bool failed_ = false;
};

class CidMode : public Mode {
 public:
  explicit CidMode(const Options& common) : common_(common) {}

  void declare(cli::Command& command) override {
    command.group("Content ids")
        .flag("--cid", options_.cid, "print CIDs instead of hashes")
        .choice("--profile", "P", options_.profile,
                {"unixfs-v0-2015", "unixfs-v1-2025", "v0", "v1", "test-cid-v1"},
                "how files are cut into blocks")
        .choice("--codec", "C", options_.codec,
                {{"raw", multiformats::Codec::raw},
                 {"dag-cbor", multiformats::Codec::dag_cbor},
                 {"dag-json", multiformats::Codec::dag_json},
                 {"dag-pb", multiformats::Codec::dag_pb},
                 {"bitcoin-block", multiformats::Codec::bitcoin_block}},
                "take each FILE as one block of this format")
        .flag("--hidden", options_.hidden, "with -r, take files whose names begin with a dot, too");
  }

  std::string_view chosen() const override { return options_.cid ? "--cid" : ""; }

  Result<void> left_out() const override {
    P2P_CHECK(only_with(options_.codec.has_value(), "--codec", "with --cid"));
    return only_with(options_.hidden, "--hidden", "with --cid");
  }

  Result<cli::ExitStatus> run(cli::Console& console) override {
    if (common_.style.tag) return usage("--cid does not go with --tag");
    if (common_.algorithms.size() > 1) return usage("--cid takes one --algorithm");
    const Profile* named = content::profile_by_name(options_.profile);
    if (named == nullptr) {
      return fail(Code::invalid_argument, "unknown profile " + options_.profile);
    }
    Profile profile = *named;
    profile.hash = common_.algorithm;
    Namer namer(console, common_, options_, profile);
    for (const auto& name : common_.files) namer.print(name);
    return namer.failed() ? cli::ExitStatus::no : cli::ExitStatus::yes;
  }

 private:
  const Options& common_;
  CidOptions options_;
};

}  // namespace

std::unique_ptr<Mode> cid_mode(const Options& options) {
  return std::make_unique<CidMode>(options);
}

}  // namespace p2p::hash
