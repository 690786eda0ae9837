#include <filesystem>
#include <map>
#include <optional>
#include <utility>

#include "car_out.h"
#include "content/directory.h"
#include "files/import.h"
#include "import_flags.h"
#include "meter.h"
#include "mode.h"
#include "quote.h"
#include "report.h"

namespace p2p::hash {

using content::Imported;

namespace {

struct CidOptions {
  bool wrap = false;
  std::optional<std::string> stdin_name;
  std::optional<multiformats::Codec> codec;
};

/// The last part of a path, by which `ipfs add -w` names its entries.
Result<std::string> base_name(std::string path) {
  if (path == ".") {
    std::error_code failed;
    path = std::filesystem::current_path(failed).string();
    if (failed) return fail(Code::io, "the current directory has no name");
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
  Namer(cli::Console& console, const Options& common, const CidOptions& options,
        std::string profile, CarOut& car)
      : console_(console),
        common_(common),
        options_(options),
        profile_(std::move(profile)),
        car_(car),
        meter_(console) {}

  bool failed() const { return failed_; }
  /// What was named, or the directory around it.
  const std::vector<multiformats::Cid>& roots() const { return roots_; }

  /// Every FILE as one block.
  void print_blocks(multiformats::Codec codec) {
    for (const auto& name : common_.files) report(name, name_block(name, codec));
  }

  Result<void> import_all(files::ImportOptions options) {
    P2P_TRY(const auto all, named());
    if (meter_.visible())
      meter_.begin(describe(common_.files), total_size(common_.files, common_.recursive));
    files::Pipeline pipeline(common_.threads());
    pipeline.before_waiting([this] { meter_.flush(); });
    std::optional<content::DirectoryImporter> wrapper;
    if (options_.wrap) {
      wrapper.emplace(options.profile, car_.sink(),
                      options.metadata.of(files::Kind::directory, nullptr));
    }
    files::Importer importer(std::move(options), pipeline, events());
    for (const auto& [file, entry] : all) {
      importer.import(file, [this, &wrapper, &file, &entry](const Result<Imported>& root) {
        report(file, root);
        if (wrapper && root) wrap(*wrapper, entry, *root);
      });
    }
    P2P_CHECK(importer.finish());
    if (wrapper && !failed_) {
      roots_.clear();
      report("", wrapper->finish());
    }
    return {};
  }

 private:
  struct Named {
    std::string file;
    std::string entry;  ///< what it is called in the directory around it
  };
  /// The FILEs: where there is to be a directory around them, each once, as kubo takes them.
  Result<std::vector<Named>> named() const {
    std::vector<Named> all;
    std::map<std::string, std::string> by_entry;
    for (const auto& file : common_.files) {
      std::string entry;
      if (options_.wrap && file != "-") {
        P2P_TRY(entry, base_name(file));
        const auto [place, added] = by_entry.emplace(entry, file);
        if (!added && place->second == file) continue;
        if (!added) return usage("two of the files are named '" + entry + "'");
      }
      all.push_back({file, std::move(entry)});
    }
    return all;
  }

  files::Importer::Events events() {
    files::Importer::Events events;
    events.failed = [this](const std::string& path, const Error& why) {
      meter_.hide();
      complain(console_, path, why);
    };
    events.waiting = [this] { meter_.flush(); };
    events.sink = car_.sink();
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
    roots_.push_back(root->cid);
    if (console_.format() == record::Format::text) {
      auto line = content::checksum_line(common_.text_of(root->cid), name, common_.algorithm,
                                         common_.style);
      if (!car_.to_stdout()) return console_.out().write(line);
      line.pop_back();
      return console_.note(line);
    }
    record::Record record("cid");
    record.set("cid", common_.text_of(root->cid));
    set_path(record, name);
    record.set("size", root->size).set("codec", multiformats::name_of(root->cid.codec()));
    if (!options_.codec) {
      record.set("profile", profile_).set("blocks", root->blocks);
    }
    console_.print(record);
  }

  Result<Imported> name_block(const std::string& name, multiformats::Codec codec) {
    P2P_TRY(auto file, files::File::open_operand(name));
    if (!file.regular()) console_.out().flush();
    if (meter_.visible()) {
      meter_.begin(name, file.regular() ? std::optional(file.size()) : std::nullopt);
    }
    Bytes block;
    P2P_CHECK(file.read_all([&](ByteView piece) -> Result<void> {
      meter_.advance(piece.size());
      if (block.size() + piece.size() > content::kMaxBlockSize) {
        return fail(Code::limit, "larger than a block may be, " +
                                     std::to_string(content::kMaxBlockSize) + " bytes");
      }
      append(block, piece);
      return {};
    }));
    P2P_TRY(const auto cid, content::cid_of_block(codec, common_.algorithm, block));
    if (car_.wanted()) P2P_CHECK(car_.sink()(cid, block));
    return Imported{cid, block.size(), block.size(), 1};
  }

  cli::Console& console_;
  const Options& common_;
  const CidOptions& options_;
  const std::string profile_;
  CarOut& car_;
  std::vector<multiformats::Cid> roots_;
  Meter meter_;
  bool failed_ = false;
};

class CidMode : public Mode {
 public:
  CidMode(Options& common, ImportFlags& import) : common_(common), import_(import) {}

  void declare(cli::Command& command) override {
    command.group("Content ids")
        .flag("--cid", common_.cid, "print CIDs instead of hashes")
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
    car_.declare(command);
    import_.declare(command);
  }

  std::string_view chosen() const override { return common_.cid && !common_.proves ? "--cid" : ""; }

  Takes takes() const override { return {.algorithm = true, .base = true, .line_style = true}; }
  Result<void> left_out() const override {
    P2P_CHECK(only_with(options_.codec.has_value(), "--codec", "with --cid"));
    P2P_CHECK(only_with(options_.wrap, "--wrap-with-directory", "with --cid"));
    P2P_CHECK(only_with(options_.stdin_name.has_value(), "--stdin-name", "with --cid"));
    P2P_CHECK(car_.left_out());
    if (common_.proves || common_.checks) return {};
    const auto given = import_.given();
    return only_with(!given.empty(), given, "with --cid");
  }

  Result<cli::ExitStatus> run(cli::Console& console) override {
    P2P_CHECK(not_together(common_.style.tag, "--cid", "--tag"));
    if (common_.algorithms.size() > 1) return usage("--cid takes one --algorithm");
    P2P_CHECK(car_.begin(console));
    Namer namer(console, common_, options_, import_.profile_name(), car_);
    if (options_.codec) {
      const auto given = import_.given();
      P2P_CHECK(not_together(!given.empty(), "--codec", given));
      P2P_CHECK(not_together(options_.wrap, "--codec", "--wrap-with-directory"));
      if (options_.codec != multiformats::Codec::bitcoin_block) {
        P2P_CHECK(content::check_block_hash(common_.algorithm));
      }
      namer.print_blocks(*options_.codec);
    } else {
      P2P_TRY(auto import, import_.resolve(common_, [&](const std::string& rule) {
        console.warn("ignore rule " + shell_quote(rule) +
                     " does not compile: ipfs heeds it neither");
      }));
      P2P_CHECK(namer.import_all(std::move(import)));
    }
    if (namer.failed()) {
      if (car_.wanted()) console.warn("no CAR is written, for not everything could be read");
      return cli::ExitStatus::no;
    }
    if (car_.wanted()) {
      P2P_CHECK(car_.finish(console, namer.roots(), options_.codec.has_value()));
    }
    return cli::ExitStatus::yes;
  }

 private:
  Options& common_;
  ImportFlags& import_;
  CidOptions options_;
  CarOut car_;
};

}  // namespace

std::unique_ptr<Mode> cid_mode(Options& options, ImportFlags& import) {
  return std::make_unique<CidMode>(options, import);
}

}  // namespace p2p::hash
