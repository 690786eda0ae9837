// --prove: the blocks that show that a range of bytes belongs to a file's CID.
#include "content/dag_pb.h"
#include "content/unixfs.h"
#include "files/car_build.h"
#include "files/import.h"
#include "files/walk.h"
#include "import_flags.h"
#include "meter.h"
#include "mode.h"
#include "range.h"
#include "report.h"
#include "slice.h"

namespace p2p::hash {

namespace {

using car::ByteRange;
using content::Imported;
using multiformats::Cid;
using multiformats::Codec;

/// The content bytes of a block that is a leaf; nothing for those that link to others.
std::optional<std::uint64_t> leaf_size(const Cid& cid, ByteView block) {
  if (cid.codec() == Codec::raw) return block.size();
  content::PbReader reader(block);
  const auto field = reader.next();
  if (!field || !*field || (*field)->is_link) return std::nullopt;
  const auto message = content::decode_unixfs((*field)->data);
  if (!message) return std::nullopt;
  return message->data ? message->data->size() : 0;
}

class Prover {
 public:
  Prover(cli::Console& console, const Options& options, RangeSpec range)
      : console_(console),
        options_(options),
        range_(range),
        random_(crypto::system_random()),
        blocks_(*random_, files::temporary_folder()),
        meter_(console) {}

  Result<cli::ExitStatus> run(files::ImportOptions import) {
    const auto& name = options_.files.front();
    if (options_.output && options_.output != "-") {
      P2P_TRY(auto output, files::OutputFile::create(*options_.output));
      output_.emplace(std::move(output));
    }
    const bool inlines = import.profile.inline_limit.has_value();
    if (name != "-") {
      if (auto status = files::path_status(name); status && status->kind == files::Kind::regular) {
        meter_.begin(name, status->size);
        // Leaves in CIDs are not seen as they pass by, so that their places are not known.
        if (!inlines) {
          P2P_TRY(wanted_, range_.in(status->size));
        }
      }
    }
    const auto root = import_file(name, std::move(import));
    if (!root) {
      // Only what happens to a temporary file says what was being done.
      if (!root.error().doing.empty()) return fail(root.error());
      meter_.hide();
      complain(console_, name, root.error());
      return cli::ExitStatus::no;
    }
    P2P_TRY(const auto range, range_.in(root->size));
    P2P_CHECK(blocks_.finish());
    P2P_CHECK(write(root->cid, range));
    auto line = content::checksum_line(options_.text_of(root->cid), name, options_.algorithm, {});
    line.pop_back();
    meter_.hide();
    console_.note(line);
    return cli::ExitStatus::yes;
  }

 private:
  Result<Imported> import_file(const std::string& name, files::ImportOptions import) {
    files::Pipeline pipeline(options_.threads());
    files::Importer::Events events;
    events.sink = [this, keep = blocks_.sink()](const Cid& cid, ByteView block) -> Result<void> {
      if (wanted_) {
        if (const auto size = leaf_size(cid, block)) {
          const auto start = std::exchange(offset_, offset_ + *size);
          const bool empty = wanted_->from == wanted_->to;
          if (!empty && (start >= wanted_->to || offset_ <= wanted_->from)) return {};
        }
      }
      return keep(cid, block);
    };
    events.progress = [this](const std::string&, std::uint64_t bytes) { meter_.advance(bytes); };
    files::Importer importer(std::move(import), pipeline, std::move(events));
    Result<Imported> root = fail(Code::internal, "nothing was imported");
    importer.import(name, [&root](Result<Imported> imported) { root = std::move(imported); });
    P2P_CHECK(importer.finish());
    return root;
  }

  Result<void> write(const Cid& root, ByteRange range) {
    const Cid roots[] = {root};
    P2P_CHECK(put(car::encode_header(roots)));
    std::vector<bool> written(static_cast<std::size_t>(blocks_.store().size()));
    car::FileWalk walk(blocks_.store(), range,
                       [&](const Cid& cid, ByteView block) -> Result<void> {
                         P2P_TRY(const auto entry, blocks_.store().find(cid));
                         if (!entry || written[static_cast<std::size_t>(entry->number)]) return {};
                         written[static_cast<std::size_t>(entry->number)] = true;
                         P2P_CHECK(put(car::section_head(cid, block.size())));
                         return put(block);
                       },
                       {});
    P2P_CHECK(walk.run(root));
    if (output_) return output_->commit();
    return {};
  }

  Result<void> put(ByteView data) {
    if (output_) return output_->write(data);
    console_.out().write(data);
    return {};
  }

  cli::Console& console_;
  const Options& options_;
  RangeSpec range_;
  std::unique_ptr<crypto::Random> random_;
  files::CarBuilder blocks_;
  Meter meter_;
  std::optional<files::OutputFile> output_;
  std::optional<ByteRange> wanted_;  ///< where it is known already, which leaves need not be kept
  std::uint64_t offset_ = 0;         ///< of the next leaf
};

class ProveMode : public Mode {
 public:
  ProveMode(Options& options, const ImportFlags& import) : options_(options), import_(import) {}

  void declare(cli::Command& command) override {
    command.usage("p2p-hash --prove RANGE [OPTION]... FILE")
        .usage("p2p-hash --check-proof CID|HASH [--range RANGE] FILE");
    command.group("Proofs").option(
        "--prove", "RANGE", "",
        [this](std::string_view text) -> Result<void> {
          P2P_TRY(const auto range, RangeSpec::parse(text));
          range_ = range;
          options_.proves = true;
          return {};
        },
        "write a CAR of the blocks on the way from FILE's CID, as --cid and its options make it, "
        "to a range of its bytes: 0-1023, 1MiB-, -512, 1MiB+64KiB; with -a blake3 and without "
        "--cid, a Bao slice, which proves it of FILE's BLAKE3 hash");
    command.example("p2p-hash --prove 1MiB+64KiB film.mkv -o proof.car",
                    "what a gateway answers to ?format=car&entity-bytes=1048576:1114111");
  }

  std::string_view chosen() const override { return range_ ? "--prove" : ""; }
  Takes takes() const override { return {.algorithm = true, .base = true, .output = true}; }

  Result<cli::ExitStatus> run(cli::Console& console) override {
    if (options_.files.size() != 1) return usage("--prove takes one FILE");
    if (options_.algorithms.size() > 1) return usage("--prove takes one --algorithm");
    if (console.format() != record::Format::text) return usage("a proof is bytes, not records");
    if (options_.output.value_or("-") == "-") P2P_CHECK(refuse_terminal(console));
    if (options_.algorithm == crypto::HashAlg::blake3 && !options_.cid) {
      return prove_slice(console, options_, *range_);
    }
    P2P_TRY(auto import, import_.resolve(options_, [](const std::string&) {}));
    import.recursive = false;
    return Prover(console, options_, *range_).run(std::move(import));
  }

 private:
  Options& options_;
  const ImportFlags& import_;
  std::optional<RangeSpec> range_;
};

}  // namespace

std::unique_ptr<Mode> prove_mode(Options& options, const ImportFlags& import) {
  return std::make_unique<ProveMode>(options, import);
}

}  // namespace p2p::hash
