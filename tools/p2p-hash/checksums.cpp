#include "base/basen.h"
#include "commands.h"
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
    if (options_.recursive && name != "-" && is_directory(name)) return descend(name);
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
    const auto entries = list_directory(folder);
    if (!entries) return fail_with(folder, entries.error());
    for (const auto& entry : *entries) {
      const std::string path = join_path(folder, entry.name);
      switch (entry.kind) {
        case FileKind::regular:
          print(path);
          break;
        case FileKind::directory:
          descend(path);
          break;
        case FileKind::symlink:
          break;
        case FileKind::other:
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

}  // namespace

cli::ExitStatus print_checksums(cli::Console& console, const Options& options) {
  Printer printer(console, options);
  for (const auto& name : options.files) printer.print(name);
  return printer.failed() ? cli::ExitStatus::no : cli::ExitStatus::yes;
}

}  // namespace p2p::hash
