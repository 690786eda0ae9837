#include "base/basen.h"
#include "files/walk.h"
#include "mode.h"
#include "report.h"
#include "source.h"

namespace p2p::hash {

namespace {

class Printer {
 public:
  Printer(cli::Console& console, const Options& options)
      : console_(console), options_(options), source_(console) {}

  bool failed() const { return failed_; }

  void print(const std::string& name) {
    if (options_.recursive && name != "-" && files::is_directory(name)) return descend(name);
    crypto::Hasher hasher(options_.algorithm);
    std::uint64_t size = 0;
    const auto read = source_.read(name, [&](ByteView piece) -> Result<void> {
      hasher.update(piece);
      size += piece.size();
      return {};
    });
    if (!read) return fail_with(name, read.error());
    const Bytes digest = hasher.finish();
    if (console_.format() == record::Format::text) {
      console_.out().write(
          content::checksum_line(hex_encode(digest), name, options_.algorithm, options_.style));
      return;
    }
    record::Record record("digest");
    record.set("digest", digest);
    set_path(record, name);
    record.set("alg", crypto::name_of(options_.algorithm)).set("size", size);
    console_.print(record);
  }

 private:
  /// Regular files below `folder`, in order; symbolic links in it are not followed.
  void descend(const std::string& folder) {
    const auto entries = files::list_directory(folder);
    if (!entries) return fail_with(folder, entries.error());
    for (const auto& entry : *entries) {
      const std::string path = files::join_path(folder, entry.name);
      switch (entry.kind) {
        case files::Kind::regular:
          print(path);
          break;
        case files::Kind::directory:
          descend(path);
          break;
        case files::Kind::symlink:
          break;
        case files::Kind::other:
          fail_with(path, Error(Code::unsupported, "Not a regular file"));
      }
    }
  }

  void fail_with(const std::string& name, const Error& error) {
    complain(console_, name, error);
    failed_ = true;
  }

  cli::Console& console_;
  const Options& options_;
  Source source_;
  bool failed_ = false;
};

class SumsMode : public Mode {
 public:
  explicit SumsMode(const Options& options) : options_(options) {}

  void declare(cli::Command&) override {}
  std::string_view chosen() const override { return {}; }
  Result<cli::ExitStatus> run(cli::Console& console) override {
    Printer printer(console, options_);
    for (const auto& name : options_.files) printer.print(name);
    return printer.failed() ? cli::ExitStatus::no : cli::ExitStatus::yes;
  }

 private:
  const Options& options_;
};

}  // namespace

std::unique_ptr<Mode> sums_mode(const Options& options) {
  return std::make_unique<SumsMode>(options);
}

}  // namespace p2p::hash
