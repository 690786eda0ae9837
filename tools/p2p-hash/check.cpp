// -c, as coreutils 9.1 does it, warnings to the letter.
#include "commands.h"
#include "content/checksum_list.h"
#include "quote.h"
#include "report.h"
#include "source.h"

namespace p2p::hash {

namespace {

class Checker {
 public:
  Checker(cli::Console& console, const Options& options)
      : console_(console), options_(options), listed_(console) {}

  /// Whether all that `list` lists is as it says.
  bool check(const std::string& list) {
    name_ = list == "-" ? "standard input" : list;
    counts_ = {};
    content::ChecksumList lines({options_.algorithm});
    const auto take = [&](std::uint64_t number, const std::optional<content::ChecksumLine>& line) {
      check_line(number, line, list == "-");
    };
    Source source(console_);
    const auto read = source.read(list, [&](ByteView piece) -> Result<void> {
      lines.feed(piece, take);
      return {};
    });
    if (read) lines.finish(take);
    if (!read) {
      // coreutils has no better words for a list that opens but cannot be read.
      complain(console_, name_, is_directory(list) ? Error(Code::io, "read error") : read.error());
      return false;
    }
    sum_up();
    return counts_.proper > 0 && counts_.matched > 0 && counts_.mismatched == 0 &&
           counts_.unreadable == 0 && (!options_.strict || counts_.improper == 0);
  }

 private:
  struct Counts {
    std::uint64_t proper = 0;
    std::uint64_t improper = 0;
    std::uint64_t matched = 0;
    std::uint64_t mismatched = 0;
    std::uint64_t unreadable = 0;
  };

  void check_line(std::uint64_t number, const std::optional<content::ChecksumLine>& line,
                  bool from_stdin) {
    const auto* digest = line ? std::get_if<content::Digest>(&line->expected) : nullptr;
    // Standard input cannot list itself.
    if (digest == nullptr || (from_stdin && line->name == "-")) {
      ++counts_.improper;
      if (options_.report == Options::Report::warn) {
        warn(shell_quote(name_) + ": " + std::to_string(number) + ": improperly formatted " +
             std::string(content::checksum_tag(options_.algorithm)) + " checksum line");
      }
      return;
    }
    ++counts_.proper;
    check_file(line->name, *digest);
  }

  void check_file(const std::string& name, const content::Digest& expected) {
    crypto::Hasher hasher(expected.alg);
    const auto read = listed_.read(name, [&](ByteView piece) -> Result<void> {
      hasher.update(piece);
      return {};
    });
    if (!read) {
      if (options_.ignore_missing && read.error().code == Code::not_found) return;
      complain(console_, name, read.error());
      ++counts_.unreadable;
      return say(name, expected.alg, "FAILED open or read", "open or read failed");
    }
    if (equal(hasher.finish(), expected.bytes)) {
      ++counts_.matched;
      if (options_.report != Options::Report::quiet) say(name, expected.alg, "OK", "");
    } else {
      ++counts_.mismatched;
      say(name, expected.alg, "FAILED", "the checksum differs");
    }
  }

  void say(const std::string& name, crypto::HashAlg alg, std::string_view word,
           std::string_view cause) {
    if (options_.report == Options::Report::status) return;
    if (console_.format() != record::Format::text) {
      record::Record record("verdict");
      record.set("subject", name).set("ok", cause.empty());
      if (!cause.empty()) record.set("cause", cause);
      console_.print(record.set("alg", crypto::name_of(alg)));
      return;
    }
    // Only a newline would make two lines of one; coreutils leaves all else as it is.
    const bool escape = name.find('\n') != std::string::npos;
    const std::string shown = escape ? "\\" + content::escape_name(name) : name;
    console_.out().write(shown + ": " + std::string(word) + "\n");
  }

  void sum_up() {
    if (counts_.proper == 0) {
      return warn(shell_quote(name_) + ": no properly formatted checksum lines found");
    }
    if (options_.report == Options::Report::status) return;
    count(counts_.improper, "line is improperly formatted", "lines are improperly formatted");
    count(counts_.unreadable, "listed file could not be read", "listed files could not be read");
    count(counts_.mismatched, "computed checksum did NOT match",
          "computed checksums did NOT match");
    if (options_.ignore_missing && counts_.matched == 0) {
      warn(shell_quote(name_) + ": no file was verified");
    }
  }

  void count(std::uint64_t n, std::string_view one, std::string_view many) {
    if (n == 0) return;
    warn("WARNING: " + std::to_string(n) + " " + std::string(n == 1 ? one : many));
  }

  void warn(const std::string& line) { console_.message(console_.tool() + ": " + line); }

  cli::Console& console_;
  const Options& options_;
  Source listed_;
  std::string name_;
  Counts counts_;
};

}  // namespace

cli::ExitStatus check_checksums(cli::Console& console, const Options& options) {
  Checker checker(console, options);
  bool good = true;
  for (const auto& list : options.files) good = checker.check(list) && good;
  return good ? cli::ExitStatus::yes : cli::ExitStatus::no;
}

}  // namespace p2p::hash
