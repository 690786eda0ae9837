#include <unistd.h>

#include <map>
#include <optional>
#include <utility>

#include "content/directory.h"
#include "files/import.h"
#include "import_flags.h"
#include "meter.h"
#include "mode.h"
#include "quote.h"
#include "report.h"
#include "source.h"

namespace p2p::hash {

using content::Imported;

namespace {

struct CidOptions {
  bool cid = false;
  bool wrap = false;
  std::optional<std::string> stdin_name;
  std::optional<multiformats::Codec> codec;
  ImportFlags import;
};

/// The last part of a path, by which `ipfs add -w` names its entries.
Result<std::string> base_name(std::string path) {
  if (path == ".") {
    std::string folder(4096, '\0');
    if (::getcwd(folder.data(), folder.size()) == nullptr) {
      return fail(Code::io, "the current directory has no name");
    }
    path = folder.c_str();
  }
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  path.erase(0, path.rfind('/') + 1);
  if (path.empty() || path == "." || path == "..") {
    return fail(Code::invalid_argument, "a directory around it would have no name for it");
  }
  return path;
}

class Namer {
 public:
  Namer(cli::Console& console, const Options& common, const CidOptions& options)
      : console_(console), common_(common), options_(options), source_(console), meter_(console) {}

  bool failed() const { return failed_; }

  /// Every FILE as one block.
  void print_blocks(multiformats::Codec codec) {
    for (const auto& name : common_.files) report(name, name_block(name, codec));
  }

  Result<void> import_all(files::ImportOptions options) {
    if (meter_.visible()) meter_.begin(describe(common_.files), total_size());
    files::Pipeline pipeline(common_.threads());
    pipeline.before_waiting([this] { meter_.flush(); });
    std::optional<content::DirectoryImporter> wrapper;
    if (options_.wrap) {
      wrapper.emplace(options.profile, content::BlockSink(),
                      options.metadata.of(files::Kind::directory, nullptr));
    }
    files::Importer importer(std::move(options), pipeline, events());
    std::map<std::string, std::string> wrapped;  // name in the wrapper -> the FILE
    for (const auto& file : common_.files) {
      std::string entry;
      if (wrapper && file != "-") {
        P2P_TRY(entry, base_name(file));
        const auto [place, added] = wrapped.emplace(entry, file);
        // kubo takes one file twice for once.
        if (!added && place->second == file) continue;
        if (!added) return usage("two of the files are named '" + entry + "'");
      }
      importer.import(file, [this, &wrapper, file, entry](const Result<Imported>& root) {
        report(file, root);
        if (wrapper && root) wrap(*wrapper, entry, *root);
      });
    }
    P2P_CHECK(importer.finish());
    if (wrapper && !failed_) report("", wrapper->finish());
    return {};
  }

 private:
  std::optional<std::uint64_t> total_size() const {
    std::uint64_t total = 0;
    for (const auto& file : common_.files) {
      const auto size = file == "-" ? std::nullopt : size_below(file, common_.recursive);
      if (!size) return std::nullopt;
      total += *size;
    }
    return total;
  }

  files::Importer::Events events() {
    files::Importer::Events events;
    events.failed = [this](const std::string& path, const Error& why) {
      meter_.hide();
      complain(console_, path, why);
    };
    events.waiting = [this] { meter_.flush(); };
    if (meter_.visible()) {
      events.progress = [this](const std::string&, std::uint64_t bytes) { meter_.advance(bytes); };
    }
    return events;
  }

  void wrap(content::DirectoryImporter& wrapper, const std::string& entry, const Imported& root) {
    // Input without a name is named by its CID.
    const auto input = options_.stdin_name.value_or(root.cid.text());
    const auto added = wrapper.add(entry.empty() ? input : entry, root);
    if (added) return;
    complain(console_, "-", added.error());
    failed_ = true;
  }

  void report(const std::string& name, const Result<Imported>& root) {
    meter_.hide();
    if (!root) {
      // What a directory lacks has been told of already.
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
    if (!options_.codec) {
      record.set("profile", options_.import.profile_name()).set("blocks", root->blocks);
    }
    console_.print(record);
  }

  std::string text_of(const multiformats::Cid& cid) const {
    return common_.base ? cid.text(*common_.base) : cid.text();
  }

  Result<Imported> name_block(const std::string& name, multiformats::Codec codec) {
    Bytes block;
    P2P_CHECK(source_.read(name, [&](ByteView piece) -> Result<void> {
      if (block.size() + piece.size() > content::kMaxBlockSize) {
        return fail(Code::limit, "larger than a block may be, " +
                                     std::to_string(content::kMaxBlockSize) + " bytes");
      }
      append(block, piece);
      return {};
    }));
    P2P_TRY(const auto cid, content::cid_of_block(codec, common_.algorithm, block));
    return Imported{cid, block.size(), block.size(), 1};
  }

  cli::Console& console_;
  const Options& common_;
  const CidOptions& options_;
  Source source_;
  Meter meter_;
  bool failed_ = false;
};

class CidMode : public Mode {
 public:
  explicit CidMode(const Options& common) : common_(common) {}

  void declare(cli::Command& command) override {
    command.group("Content ids")
        .flag("--cid", options_.cid, "print CIDs instead of hashes")
        .choice("--codec", "C", options_.codec,
                {{"raw", multiformats::Codec::raw},
                 {"dag-cbor", multiformats::Codec::dag_cbor},
                 {"dag-json", multiformats::Codec::dag_json},
                 {"dag-pb", multiformats::Codec::dag_pb},
                 {"bitcoin-block", multiformats::Codec::bitcoin_block}},
                "take each FILE as one block of this format")
        .flag("--wrap-with-directory", options_.wrap,
              "print the CID of a directory of the FILEs, too")
        .text("--stdin-name", "NAME", options_.stdin_name,
              "what standard input is called in that directory");
    options_.import.declare(command);
  }

  std::string_view chosen() const override { return options_.cid ? "--cid" : ""; }

  Result<void> left_out() const override {
    P2P_CHECK(only_with(options_.codec.has_value(), "--codec", "with --cid"));
    P2P_CHECK(only_with(options_.wrap, "--wrap-with-directory", "with --cid"));
    P2P_CHECK(only_with(options_.stdin_name.has_value(), "--stdin-name", "with --cid"));
    const auto given = options_.import.given();
    return only_with(!given.empty(), given, "with --cid");
  }

  Result<cli::ExitStatus> run(cli::Console& console) override {
    if (common_.style.tag) return usage("--cid does not go with --tag");
    if (common_.algorithms.size() > 1) return usage("--cid takes one --algorithm");
    Namer namer(console, common_, options_);
    if (options_.codec) {
      const auto given = options_.import.given();
      if (!given.empty()) return usage("--codec does not go with " + std::string(given));
      if (options_.wrap) return usage("--codec does not go with --wrap-with-directory");
      namer.print_blocks(*options_.codec);
    } else {
      P2P_TRY(auto import, options_.import.resolve(common_, [&](const std::string& rule) {
        console.warn("ignore rule " + shell_quote(rule) +
                     " does not compile: ipfs heeds it neither");
      }));
      P2P_CHECK(namer.import_all(std::move(import)));
    }
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
