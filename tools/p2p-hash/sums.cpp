// The default mode: one line a file and function, as sha256sum and its kin write them.
#include "base/basen.h"
#include "base/path.h"
#include "files/digest.h"
#include "files/listing.h"
#include "files/scratch.h"
#include "files/walk.h"
#include "meter.h"
#include "mode.h"
#include "multiformats/multihash.h"
#include "report.h"

namespace p2p::hash {

using crypto::HashAlg;
using multiformats::Multibase;

namespace {

struct SumsOptions {
  bool multihash = false;
};

class Printer {
 public:
  Printer(cli::Console& console, const Options& common, const SumsOptions& options)
      : console_(console),
        common_(common),
        options_(options),
        algorithms_(common.algorithms_or_default()),
        style_(common.style),
        meter_(console),
        digester_(common.threads(), [this](std::uint64_t bytes) { meter_.advance(bytes); }) {
    // Bare digests of several functions would not say which is whose.
    if (algorithms_.size() > 1 && !options_.multihash) style_.tag = true;
    digester_.before_waiting([this] { meter_.flush(); });
  }

  /// Whether all could be read. An error where it had to stop in the middle.
  Result<bool> print() {
    if (meter_.visible())
      meter_.begin(describe(common_.files), total_size(common_.files, common_.recursive));
    for (const auto& name : common_.files) {
      if (walked_) add(name);
    }
    digester_.drain();
    meter_.hide();
    P2P_CHECK(walked_);
    return !failed_;
  }

 private:
  void add(const std::string& name) {
    if (common_.recursive && name != "-" && files::is_directory(name)) return descend(name, 1);
    add_file(name);
  }

  void add_file(const std::string& name) {
    digester_.add(name, algorithms_, [this, name](const Result<files::Digests>& digests) {
      if (!digests) return fail_with(name, digests.error());
      for (std::size_t i = 0; i < algorithms_.size(); ++i) {
        say(name, algorithms_[i], digests->values[i], digests->size);
      }
    });
  }

  /// Regular files below `folder`, in order; symbolic links in it are not followed.
  void descend(const std::string& folder, std::size_t depth) {
    auto listing = files::Listing::of(folder, depth);
    if (!listing && files::of_temporary_file(listing.error())) return stop(listing.error());
    if (!listing) return fail_later(folder, listing.error());
    while (walked_) {
      const auto entry = listing->next();
      if (!entry) return stop(entry.error());
      if (!*entry) return;
      const std::string path = join_path(folder, std::string((*entry)->name));
      switch ((*entry)->kind) {
        case files::Kind::regular:
          add_file(path);
          break;
        case files::Kind::directory:
          descend(path, depth + 1);
          break;
        case files::Kind::symlink:
          break;
        case files::Kind::other:
          fail_later(path, Error(Code::unsupported, "Not a regular file"));
      }
    }
  }
  void stop(const Error& error) { walked_ = fail(error); }

  void say(const std::string& name, HashAlg alg, const Bytes& digest, std::uint64_t size) {
    const std::string word = options_.multihash ? multihash(alg, digest) : hex_encode(digest);
    if (console_.format() == record::Format::text) {
      return console_.out().write(content::checksum_line(word, name, alg, style_));
    }
    record::Record record("digest");
    record.set("digest", digest);
    set_path(record, name);
    record.set("alg", crypto::name_of(alg)).set("size", size);
    if (options_.multihash) record.set("multihash", word);
    console_.print(record);
  }

  std::string multihash(HashAlg alg, const Bytes& digest) const {
    // run() has seen to it that the function has a code, and its whole digest always fits.
    const auto hash = multiformats::Multihash::wrap(*multiformats::hash_code_of(alg), digest);
    return multiformats::multibase_encode(common_.base.value_or(Multibase::base16), hash->encode());
  }

  void fail_with(const std::string& name, const Error& error) {
    meter_.hide();
    complain(console_, name, error);
    failed_ = true;
  }
  void fail_later(const std::string& name, const Error& error) {
    digester_.then([this, name, error] { fail_with(name, error); });
  }

  cli::Console& console_;
  const Options& common_;
  const SumsOptions& options_;
  const files::Algorithms algorithms_;
  content::ChecksumStyle style_;
  Meter meter_;
  bool failed_ = false;
  Result<void> walked_;
  files::Digester digester_;
};

class SumsMode : public Mode {
 public:
  explicit SumsMode(const Options& common) : common_(common) {}

  void declare(cli::Command& command) override {
    command.flag("--multihash", options_.multihash, "print multihashes instead of bare digests");
  }
  std::string_view chosen() const override { return {}; }
  Takes takes() const override { return {.algorithm = true, .base = true, .line_style = true}; }
  Result<void> left_out() const override {
    return only_with(options_.multihash, "--multihash", "when digests are printed");
  }
  Result<cli::ExitStatus> run(cli::Console& console) override {
    P2P_CHECK(not_together(options_.multihash && common_.style.tag, "--multihash", "--tag"));
    if (!options_.multihash && common_.base) {
      return usage("the --base option is meaningful only with --multihash or --cid");
    }
    for (const auto alg : common_.algorithms_or_default()) {
      if (options_.multihash && !multiformats::hash_code_of(alg)) {
        return usage(crypto::name_of(alg) + " has no multihash");
      }
    }
    Printer printer(console, common_, options_);
    P2P_TRY(const bool all, printer.print());
    return all ? cli::ExitStatus::yes : cli::ExitStatus::no;
  }

 private:
  const Options& common_;
  SumsOptions options_;
};

}  // namespace

std::unique_ptr<Mode> sums_mode(const Options& options) {
  return std::make_unique<SumsMode>(options);
}

}  // namespace p2p::hash
