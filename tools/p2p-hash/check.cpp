// -c, as coreutils 9.1 does it, warnings to the letter.
#include "commands.h"
#include "quote.h"
#include "report.h"
#include "source.h"

namespace p2p::hash {

namespace {

/// A file's path has 4 KiB at most, doubled by escaping, and a digest 128 digits: longer lines are
/// no checksum lines, and are passed over without being held.
constexpr std::size_t kMaxLineSize = 64 * 1024;

/// Cuts a stream into lines. Of a line that is too long only the fact is handed on.
class Lines {
 public:
  using Take = std::function<void(std::string_view line, bool too_long)>;

  void feed(ByteView piece, const Take& take) {
    std::string_view text = as_text(piece);
    while (!text.empty()) {
      const auto end = text.find('\n');
      const auto part = text.substr(0, end);
      if (part.size() > kMaxLineSize - line_.size()) {
        too_long_ = true;
      } else {
        line_ += part;
      }
      if (end == std::string_view::npos) return;
      finish(take);
      text.remove_prefix(end + 1);
    }
  }
  /// A last line needs no newline.
  void end(const Take& take) {
    if (!line_.empty() || too_long_) finish(take);
  }

 private:
  void finish(const Take& take) {
    take(line_, too_long_);
    line_.clear();
    too_long_ = false;
  }

  std::string line_;
  bool too_long_ = false;
};

class Checker {
 public:
  Checker(cli::Console& console, const Options& options)
      : console_(console), options_(options), listed_(console) {}

  /// Whether all that `list` lists is as it says.
  bool check(const std::string& list) {
    name_ = list == "-" ? "standard input" : list;
    counts_ = {};
    content::ChecksumParser parser(options_.algorithm);
    Lines lines;
    const auto take = [&](std::string_view line, bool too_long) {
      ++counts_.lines;
      check_line(parser, line, too_long, list == "-");
    };
    Source source(console_);
    const auto read = source.read(list, [&](ByteView piece) -> Result<void> {
      lines.feed(piece, take);
      return {};
    });
    if (read) lines.end(take);
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
    std::uint64_t lines = 0;
    std::uint64_t proper = 0;
    std::uint64_t improper = 0;
    std::uint64_t matched = 0;
    std::uint64_t mismatched = 0;
    std::uint64_t unreadable = 0;
  };

  void check_line(content::ChecksumParser& parser, std::string_view line, bool too_long,
                  bool from_stdin) {
    if (line.starts_with('#')) return;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() && !too_long) return;
    const auto parsed = too_long ? std::nullopt : parser.parse(line);
    // Standard input cannot list itself.
    if (!parsed || (from_stdin && parsed->name == "-")) {
      ++counts_.improper;
      if (options_.report == Options::Report::warn) {
        warn(shell_quote(name_) + ": " + std::to_string(counts_.lines) + ": improperly formatted " +
             std::string(content::checksum_tag(options_.algorithm)) + " checksum line");
      }
      return;
    }
    ++counts_.proper;
    check_file(*parsed);
  }

  void check_file(const content::ChecksumLine& expected) {
    crypto::Hasher hasher(expected.alg);
    const auto read = listed_.read(expected.name, [&](ByteView piece) -> Result<void> {
      hasher.update(piece);
      return {};
    });
    if (!read) {
      if (options_.ignore_missing && read.error().code == Code::not_found) return;
      complain(console_, expected.name, read.error());
      ++counts_.unreadable;
      return say(expected, "FAILED open or read", "open or read failed");
    }
    if (equal(hasher.finish(), expected.digest)) {
      ++counts_.matched;
      if (options_.report != Options::Report::quiet) say(expected, "OK", "");
    } else {
      ++counts_.mismatched;
      say(expected, "FAILED", "the checksum differs");
    }
  }

  void say(const content::ChecksumLine& line, std::string_view word, std::string_view cause) {
    if (options_.report == Options::Report::status) return;
    if (console_.format() != record::Format::text) {
      record::Record record("verdict");
      record.set("subject", line.name).set("ok", cause.empty());
      if (!cause.empty()) record.set("cause", cause);
      console_.print(record.set("alg", crypto::name_of(line.alg)));
      return;
    }
    // Only a newline would make two lines of one; coreutils leaves all else as it is.
    const bool escape = line.name.find('\n') != std::string::npos;
    const std::string shown = escape ? "\\" + content::escape_name(line.name) : line.name;
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
