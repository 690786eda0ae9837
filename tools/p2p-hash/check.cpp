// -c, as coreutils 9.1 does it, warnings to the letter.
#include "content/checksum_list.h"
#include "files/walk.h"
#include "mode.h"
#include "quote.h"
#include "report.h"
#include "source.h"

namespace p2p::hash {

namespace {

struct CheckOptions {
  bool check = false;
  bool ignore_missing = false;
  bool strict = false;
  /// --quiet, --status and --warn are one choice: in coreutils the last one given holds.
  enum class Report { usual, quiet, status, warn } report = Report::usual;
};
using Report = CheckOptions::Report;

class Checker {
 public:
  Checker(cli::Console& console, const Options& common, const CheckOptions& options)
      : console_(console), common_(common), options_(options), listed_(console) {}

  /// Whether all that `list` lists is as it says.
  bool check(const std::string& list) {
    name_ = list == "-" ? "standard input" : list;
    counts_ = {};
    content::ChecksumList lines({common_.algorithm});
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
      complain(console_, name_,
               files::is_directory(list) ? Error(Code::io, "read error") : read.error());
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
      if (options_.report == Report::warn) {
        warn(shell_quote(name_) + ": " + std::to_string(number) + ": improperly formatted " +
             std::string(content::checksum_tag(common_.algorithm)) + " checksum line");
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
      if (options_.report != Report::quiet) say(name, expected.alg, "OK", "");
    } else {
      ++counts_.mismatched;
      say(name, expected.alg, "FAILED", "the checksum differs");
    }
  }

  void say(const std::string& name, crypto::HashAlg alg, std::string_view word,
           std::string_view cause) {
    if (options_.report == Report::status) return;
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
    if (options_.report == Report::status) return;
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
  const Options& common_;
  const CheckOptions& options_;
  Source listed_;
  std::string name_;
  Counts counts_;
};

class CheckMode : public Mode {
 public:
  explicit CheckMode(const Options& common) : common_(common) {}

  void declare(cli::Command& command) override {
    command.group("Checking")
        .flag("-c,--check", options_.check, "read checksums from the FILEs and check them")
        .flag("--ignore-missing", options_.ignore_missing, "leave out files that do not exist")
        .option("-q,--quiet", report(Report::quiet, "no OK for files that match; no progress"))
        .option("--status", report(Report::status, "print nothing; the exit status tells"))
        .flag("--strict", options_.strict, "answer no for lines that are no checksums, too")
        .option("-w,--warn", report(Report::warn, "say which lines are no checksums"));
  }

  std::string_view chosen() const override { return options_.check ? "--check" : ""; }

  Result<void> left_out() const override {
    const std::string_view mode = "when verifying checksums";
    P2P_CHECK(only_with(options_.ignore_missing, "--ignore-missing", mode));
    P2P_CHECK(only_with(options_.report == Report::status, "--status", mode));
    P2P_CHECK(only_with(options_.report == Report::warn, "--warn", mode));
    return only_with(options_.strict, "--strict", mode);
  }

  Result<cli::ExitStatus> run(cli::Console& console) override {
    if (common_.style.tag) {
      return usage("the --tag option is meaningless when verifying checksums");
    }
    if (common_.style.zero) {
      return usage("the --zero option is not supported when verifying checksums");
    }
    if (common_.style.binary || common_.text) {
      return usage("the --binary and --text options are meaningless when verifying checksums");
    }
    if (options_.report == Report::quiet) console.set_quiet();
    Checker checker(console, common_, options_);
    bool good = true;
    for (const auto& list : common_.files) good = checker.check(list) && good;
    return good ? cli::ExitStatus::yes : cli::ExitStatus::no;
  }

 private:
  cli::Option report(Report chosen, std::string help) {
    cli::Option option;
    option.takes = cli::Option::Takes::nothing;
    option.help = std::move(help);
    option.set = [this, chosen](std::string_view) -> Result<void> {
      options_.report = chosen;
      return {};
    };
    return option;
  }

  const Options& common_;
  CheckOptions options_;
};

}  // namespace

std::unique_ptr<Mode> check_mode(const Options& options) {
  return std::make_unique<CheckMode>(options);
}

}  // namespace p2p::hash
