// -c, as coreutils 9.1 does it, warnings to the letter.
#include <algorithm>
#include <optional>
#include <utility>

#include "cid_match.h"
#include "content/checksum_list.h"
#include "files/digest.h"
#include "files/walk.h"
#include "import_flags.h"
#include "meter.h"
#include "mode.h"
#include "quote.h"
#include "report.h"

namespace p2p::hash {

namespace {

struct CheckOptions {
  bool ignore_missing = false;
  bool strict = false;
  /// --quiet, --status and --warn are one choice: in coreutils the last one given holds.
  enum class Report { usual, quiet, status, warn } report = Report::usual;
};
using Report = CheckOptions::Report;

/// Lines of a generated list that follow one another and name one file share a read of it, up to so
/// many.
constexpr std::size_t kMaxGroup = 32;

class Checker {
 public:
  /// `way` is the one in which CIDs came to be, where the user says so.
  Checker(cli::Console& console, const Options& common, const CheckOptions& options,
          std::optional<CidWay> way)
      : console_(console),
        common_(common),
        options_(options),
        way_(std::move(way)),
        meter_(console),
        digester_(common.threads(), [this](std::uint64_t bytes) { meter_.advance(bytes); }) {
    digester_.before_waiting([this] { meter_.flush(); });
  }

  /// Whether all that `list` lists is as it says.
  bool check(const std::string& list) {
    name_ = list == "-" ? "standard input" : list;
    counts_ = {};
    meter_.begin(name_, std::nullopt);
    const auto read = read_list(list);
    digester_.drain();
    meter_.hide();
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

  Result<void> read_list(const std::string& list) {
    P2P_TRY(auto file, files::File::open_operand(list));
    content::ChecksumList lines(common_.algorithms);
    const auto take = [&](std::uint64_t number, std::optional<content::ChecksumLine> line) {
      // Standard input cannot list itself.
      if (line && (list != "-" || line->name != "-")) return take_line(std::move(*line));
      end_group();
      digester_.then([this, number] { say_improper(number); });
    };
    P2P_CHECK(file.read_all([&](ByteView piece) -> Result<void> {
      lines.feed(piece, take);
      // Whoever writes a list as we read it wants to see what became of it so far.
      if (!file.regular()) {
        end_group();
        digester_.drain();
        meter_.flush();
      }
      return {};
    }));
    lines.finish(take);
    end_group();
    notes_ = lines.notes();
    return {};
  }

  void take_line(content::ChecksumLine line) {
    auto* digest = std::get_if<content::Digest>(&line.expected);
    if (digest == nullptr) {
      end_group();
      return check_cid(std::move(line.name), std::get<multiformats::Cid>(line.expected));
    }
    // Standard input is read only once.
    if (line.name != group_name_ || line.name == "-" || group_.size() == kMaxGroup) end_group();
    group_name_ = std::move(line.name);
    group_.push_back(std::move(*digest));
  }

  void end_group() {
    if (group_.empty()) return;
    files::Algorithms algorithms;
    for (const auto& digest : group_) algorithms.push_back(digest.alg);
    auto done = [this, name = group_name_, group = std::exchange(group_, {})](
                    const Result<files::Digests>& digests) { check_digests(name, group, digests); };
    digester_.add(group_name_, algorithms, std::move(done));
  }

  void check_digests(const std::string& name, const std::vector<content::Digest>& group,
                     const Result<files::Digests>& digests) {
    for (std::size_t i = 0; i < group.size(); ++i) {
      const Verdict verdict{.name = name, .alg = crypto::name_of(group[i].alg)};
      ++counts_.proper;
      if (!digests) {
        say_unreadable(verdict, digests.error());
      } else {
        say_read(verdict, equal(digests->values[i], group[i].bytes));
      }
    }
  }

  void check_cid(std::string name, const multiformats::Cid& cid) {
    match_later(
        digester_, common_.threads(), {name, cid, way_},
        [this](std::uint64_t bytes) { meter_.advance(bytes); },
        [this, name, cid](const Result<CidMatch>& found) {
          ++counts_.proper;
          Verdict verdict{.name = name, .alg = name_of(cid.hash().code()), .cid = cid.text()};
          if (!found) return say_unreadable(verdict, found.error());
          verdict.profile = found->profile;
          say_read(verdict, found->matches);
        });
  }

  struct Verdict {
    std::string name;
    std::string alg;
    std::string cid = {};
    std::string profile = {};
  };

  void say_improper(std::uint64_t number) {
    ++counts_.improper;
    if (options_.report != Report::warn) return;
    // coreutils knows one algorithm, and names it.
    const auto tag = common_.algorithms.size() > 1 ? std::string()
                                                   : content::checksum_tag(common_.algorithm) + " ";
    warn(shell_quote(name_) + ": " + std::to_string(number) + ": improperly formatted " + tag +
         "checksum line");
  }

  void say_unreadable(const Verdict& verdict, const Error& error) {
    if (options_.ignore_missing && error.code == Code::not_found) return;
    meter_.hide();
    complain(console_, verdict.name, error);
    ++counts_.unreadable;
    say(verdict, "FAILED open or read", "open or read failed");
  }

  void say_read(const Verdict& verdict, bool matches) {
    ++(matches ? counts_.matched : counts_.mismatched);
    if (!matches) return say(verdict, "FAILED", "the checksum differs");
    if (options_.report != Report::quiet) say(verdict, "OK", "");
  }

  void say(const Verdict& verdict, std::string_view word, std::string_view cause) {
    if (options_.report == Report::status) return;
    if (console_.format() != record::Format::text) {
      record::Record record("verdict");
      record.set("subject", verdict.name).set("ok", cause.empty());
      if (!cause.empty()) record.set("cause", cause);
      record.set("alg", verdict.alg);
      if (!verdict.cid.empty()) record.set("cid", verdict.cid);
      if (!verdict.profile.empty()) record.set("profile", verdict.profile);
      return console_.print(record);
    }
    say_word(console_, verdict.name, word);
  }

  void sum_up() {
    if (counts_.proper == 0) {
      warn(shell_quote(name_) + ": no properly formatted checksum lines found");
      return hint_at_foreign();
    }
    if (options_.report == Report::status) return;
    count(counts_.improper, "line is improperly formatted", "lines are improperly formatted");
    count(counts_.unreadable, "listed file could not be read", "listed files could not be read");
    count(counts_.mismatched, "computed checksum did NOT match",
          "computed checksums did NOT match");
    if (options_.ignore_missing && counts_.matched == 0) {
      warn(shell_quote(name_) + ": no file was verified");
    }
    if (counts_.matched == 0 && counts_.mismatched > 0) hint_at_guess();
  }

  // Beyond coreutils, which knows one function at a time: what to do about a list of others. Where
  // only some lines do not check out, its words are enough.
  void hint_at_foreign() {
    const auto& foreign = notes_.foreign;
    if (!foreign) return;
    const auto known = content::algorithm_of_tag(foreign->tag);
    if (known) {
      const auto other = crypto::HashAlg::of(known->function(), foreign->digits / 2);
      if (other && crypto::is_extendable(known->function())) {
        return say_hint(digits(foreign->digits) + " of " + foreign->tag + " are few: --algorithm " +
                        crypto::name_of(*other) + " takes them");
      }
      return say_hint(foreign->tag + " is checked with " + digits(2 * known->size()) +
                      ", not with " + std::to_string(foreign->digits));
    }
    if (!foreign->tag.empty()) {
      return say_hint(foreign->tag + " is none of the functions of --algorithm");
    }
    const auto alg = some_of(foreign->digits / 2);
    say_hint(alg ? "which function gives " + digits(foreign->digits) +
                       " --algorithm says, as in -a " + crypto::name_of(*alg)
                 : "no function of --algorithm gives " + digits(foreign->digits));
  }
  /// A function whose digests have so many bytes, the likeliest where several do.
  static std::optional<crypto::HashAlg> some_of(std::size_t size) {
    const auto common = crypto::common_hashes();
    const auto found = std::ranges::find(common, size, &crypto::HashAlg::size);
    if (found != common.end()) return *found;
    const auto blake2b = crypto::HashAlg::of(crypto::HashFunction::blake2b, size);
    return blake2b ? blake2b : crypto::HashAlg::of(crypto::HashFunction::blake3, size);
  }
  void hint_at_guess() {
    if (!notes_.guessed) return;
    say_hint(digits(2 * notes_.guessed->size()) + " were taken for " +
             crypto::name_of(*notes_.guessed) + "; --algorithm says otherwise");
  }
  static std::string digits(std::size_t count) { return std::to_string(count) + " digits"; }
  void say_hint(const std::string& line) { console_.message("hint: " + line); }

  void count(std::uint64_t n, std::string_view one, std::string_view many) {
    if (n == 0) return;
    warn("WARNING: " + std::to_string(n) + " " + std::string(n == 1 ? one : many));
  }

  void warn(const std::string& line) {
    meter_.hide();
    console_.message(console_.tool() + ": " + line);
  }

  cli::Console& console_;
  const Options& common_;
  const CheckOptions& options_;
  const std::optional<CidWay> way_;
  std::string name_;
  Counts counts_;
  content::ChecksumNotes notes_;
  std::string group_name_;
  std::vector<content::Digest> group_;
  Meter meter_;
  files::Digester digester_;
};

class CheckMode : public Mode {
 public:
  CheckMode(Options& common, const ImportFlags& import) : common_(common), import_(import) {}

  void declare(cli::Command& command) override {
    command.group("Checking")
        .flag("-c,--check", common_.checks, "read checksums from the FILEs and check them")
        .flag("--ignore-missing", options_.ignore_missing, "leave out files that do not exist")
        .option("-q,--quiet", report(Report::quiet, "no OK for files that match; no progress"))
        .option("--status", report(Report::status, "print nothing; the exit status tells"))
        .flag("--strict", options_.strict, "answer no for lines that are no checksums, too")
        .option("-w,--warn", report(Report::warn, "say which lines are no checksums"));
  }

  std::string_view chosen() const override { return common_.checks ? "--check" : ""; }

  /// Lines have no style to choose here, which run() says in coreutils' words.
  Takes takes() const override { return {.algorithm = true, .line_style = true}; }
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
    std::optional<CidWay> way;
    if (!import_.given().empty()) {
      // Once here, to see whether it makes sense; and anew for each CID, which has its own
      // function.
      const auto resolve = [this](const std::function<void(const std::string&)>& complain) {
        return import_.resolve(common_, complain);
      };
      P2P_CHECK(resolve(
          [&](const std::string& rule) { console.warn("'" + rule + "' is no ignore rule"); }));
      way = CidWay{import_.profile_name(), [resolve] { return resolve([](const auto&) {}); }};
    }
    Checker checker(console, common_, options_, std::move(way));
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
      common_.quiet = chosen == Report::quiet;
      return {};
    };
    return option;
  }

  Options& common_;
  const ImportFlags& import_;
  CheckOptions options_;
};

}  // namespace

std::unique_ptr<Mode> check_mode(Options& options, const ImportFlags& import) {
  return std::make_unique<CheckMode>(options, import);
}

}  // namespace p2p::hash
