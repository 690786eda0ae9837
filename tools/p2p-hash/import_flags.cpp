#include "import_flags.h"

#include <charconv>
#include <utility>

#include "files/file.h"
#include "mode.h"

namespace p2p::hash {

namespace {

using cli::Option;
using content::Profile;

/// The default: what `ipfs add` does where nothing is configured and nothing asked for.
constexpr std::string_view kUsual = "v0";

/// kubo's --inline-limit.
constexpr std::size_t kUsualInlineLimit = 32;

/// Rules are read whole; nobody writes as many by hand.
constexpr std::size_t kMaxRulesSize = 1024 * 1024;

constexpr std::uint32_t kMaxNanos = 999'999'999;

template <class T>
Result<T> parse_number(std::string_view text, int base = 10) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value, base);
  if (error == std::errc::result_out_of_range) {
    return fail(Code::invalid_argument, "'" + std::string(text) + "' is too large");
  }
  if (error != std::errc() || at != end) {
    return fail(Code::invalid_argument, "'" + std::string(text) + "' is no number");
  }
  return value;
}

/// Octal as chmod takes it, and with a leading 0: without one ipfs would read it as decimal.
Result<std::uint32_t> parse_mode(std::string_view text) {
  if (!text.starts_with('0')) {
    return fail(Error(Code::invalid_argument, "'" + std::string(text) + "' is no octal number")
                    .with_hint("begin it with 0, as in 0644"));
  }
  if (text.starts_with("0o")) text.remove_prefix(2);
  return parse_number<std::uint32_t>(text, 8);
}

Result<bool> parse_boolean(std::string_view text) {
  if (text.empty() || text == "true") return true;
  if (text == "false") return false;
  return fail(Code::invalid_argument, "'" + std::string(text) + "' is neither true nor false");
}

Result<std::string> read_rules(const std::string& path) {
  P2P_TRY(auto file, files::File::open(path));
  P2P_TRY(const Bytes text, file.read_whole(kMaxRulesSize));
  return to_text(text);
}

}  // namespace

Option ImportFlags::note(Option option, std::string_view name) {
  option.set = [this, name, set = std::move(option.set)](std::string_view value) {
    if (given_.empty()) given_ = name;
    return set(value);
  };
  return option;
}

Option ImportFlags::boolean(std::optional<bool>& value, std::string_view name, std::string help) {
  Option option;
  option.takes = Option::Takes::optional_value;
  option.joined = true;
  option.metavar = "BOOL";
  option.help = std::move(help);
  option.set = [&value](std::string_view text) -> Result<void> {
    P2P_TRY(value, parse_boolean(text));
    return {};
  };
  return note(std::move(option), name);
}

Option ImportFlags::flag(bool& value, std::string_view name, std::string help) {
  Option option;
  option.takes = Option::Takes::nothing;
  option.help = std::move(help);
  option.set = [&value](std::string_view) -> Result<void> {
    value = true;
    return {};
  };
  return note(std::move(option), name);
}

Option ImportFlags::text(std::string_view name, std::string metavar, std::string fallback,
                         std::function<Result<void>(std::string_view)> set, std::string help) {
  Option option;
  option.metavar = std::move(metavar);
  option.fallback = std::move(fallback);
  option.help = std::move(help);
  option.set = std::move(set);
  return note(std::move(option), name);
}

Option ImportFlags::number(std::optional<std::size_t>& value, std::string_view name,
                           std::string fallback, std::string help) {
  const auto set = [&value](std::string_view given) -> Result<void> {
    P2P_TRY(value, parse_number<std::size_t>(given));
    return {};
  };
  return text(name, "N", std::move(fallback), set, std::move(help));
}

void ImportFlags::declare(cli::Command& command) {
  Option profile;
  profile.metavar = "P";
  profile.fallback = kUsual;
  profile.help = "how files are cut into blocks: kubo's import profiles";
  for (const auto name : content::profile_names()) profile.choices.emplace_back(name);
  profile.set = [this](std::string_view name) -> Result<void> {
    profile_ = content::profile_by_name(name);
    if (profile_ == nullptr) {
      std::string names;
      for (const auto known : content::profile_names()) {
        names += (names.empty() ? "" : ", ") + std::string(known);
      }
      return fail(Code::invalid_argument, "'" + std::string(name) + "' is none of: " + names);
    }
    return {};
  };
  const auto chunker = [this](std::string_view given) -> Result<void> {
    P2P_TRY(changes_.chunker, content::parse_chunker(given));
    return {};
  };
  const auto mode = [this](std::string_view given) -> Result<void> {
    P2P_TRY(metadata_.mode, parse_mode(given));
    return {};
  };
  const auto mtime = [this](std::string_view given) -> Result<void> {
    P2P_TRY(mtime_, parse_number<std::int64_t>(given));
    return {};
  };
  const auto nanos = [this](std::string_view given) -> Result<void> {
    P2P_TRY(mtime_nanos_, parse_number<std::uint32_t>(given));
    if (*mtime_nanos_ > kMaxNanos) {
      return fail(Code::invalid_argument, "a second has 999999999 nanoseconds and one");
    }
    return {};
  };
  Option ignore = text(
      "--ignore", "RULE", "",
      [this](std::string_view rule) -> Result<void> {
        ignore_.emplace_back(rule);
        return {};
      },
      "with -r, leave out entries whose names match a .gitignore-style RULE");
  ignore.repeats = true;
  Option rules = text(
      "--ignore-rules-path", "FILE", "",
      [this](std::string_view path) -> Result<void> {
        ignore_file_ = std::string(path);
        return {};
      },
      "read such rules from FILE, one a line");
  rules.complete = cli::Complete::file;

  command.group("Content ids: how files become blocks, as with ipfs add")
      .option("--profile", note(std::move(profile), "--profile"))
      .option("-s,--chunker", text("--chunker", "CHUNKER", "", chunker,
                                   "size-N, rabin, rabin-AVG, rabin-MIN-AVG-MAX or buzhash"))
      .option("--trickle", flag(trickle_, "--trickle", "build trees for reading as a stream"))
      .option("--cid-version", number(cid_version_, "--cid-version", "", "0 or 1"))
      .option("--raw-leaves",
              boolean(raw_leaves_, "--raw-leaves", "leaves without a frame, usual in version 1"))
      .option("--max-file-links",
              number(changes_.width, "--max-file-links", "", "links of a node of a file"))
      .option("--max-directory-links",
              number(changes_.directory_links, "--max-directory-links", "",
                     "entries of a directory that is not sharded; 0 is no bound"))
      .option("--max-hamt-fanout", number(changes_.fanout, "--max-hamt-fanout", "",
                                          "slots of a shard, a power of two from 8 to 1024"))
      .option("--inline", flag(inline_, "--inline", "put small blocks into their CIDs"))
      .option("--inline-limit", number(inline_limit_, "--inline-limit", "32",
                                       "how large such a block may be, up to 128"))
      .group("Content ids: which files, and what of them")
      .option("-H,--hidden",
              flag(hidden_, "--hidden", "with -r, take files whose names begin with a dot, too"))
      .option("--ignore", std::move(ignore))
      .option("--ignore-rules-path", std::move(rules))
      .option("-E,--empty-dirs",
              boolean(empty_folders_, "--empty-dirs", "with =false, leave out empty directories"))
      .option("--dereference-args",
              flag(follow_named_, "--dereference-args", "follow symbolic links that are FILEs"))
      .option("--dereference-symlinks",
              flag(follow_all_, "--dereference-symlinks", "follow all symbolic links"))
      .option("--preserve-mode", flag(metadata_.keep_mode, "--preserve-mode", "store modes"))
      .option("--preserve-mtime",
              flag(metadata_.keep_mtime, "--preserve-mtime", "store times of modification"))
      .option("--mode", text("--mode", "OCTAL", "", mode, "store this mode, of everything"))
      .option("--mtime",
              text("--mtime", "SECONDS", "", mtime, "store this time, since 1970, of everything"))
      .option("--mtime-nsecs", text("--mtime-nsecs", "N", "", nanos, "and nanoseconds"));
}

std::string ImportFlags::profile_name() const {
  return std::string(profile_ == nullptr ? kUsual : profile_->name);
}

Result<files::ImportOptions> ImportFlags::resolve(
    const Options& common, const std::function<void(const std::string&)>& complain) const {
  files::ImportOptions options;
  options.metadata = metadata_;
  // As to kubo, 1970 itself is no time to set.
  if (mtime_ && *mtime_ != 0) {
    options.metadata.mtime = {*mtime_, mtime_nanos_.value_or(0)};
  } else if (mtime_nanos_.value_or(0) != 0) {
    return usage("--mtime-nsecs needs --mtime, too");
  }
  if (options.metadata.mode == 0U) options.metadata.mode.reset();

  content::ProfileChanges changes = changes_;
  if (cid_version_) changes.cid_version = static_cast<int>(std::min<std::size_t>(*cid_version_, 2));
  changes.raw_leaves = raw_leaves_;
  changes.hash = common.algorithm;
  if (trickle_) changes.layout = Profile::Layout::trickle;
  if (inline_) changes.inline_limit = inline_limit_.value_or(kUsualInlineLimit);
  changes.metadata = options.metadata.any();
  const Profile& base = profile_ == nullptr ? *content::profile_by_name(kUsual) : *profile_;
  P2P_TRY(options.profile, content::change_profile(base, changes));

  options.recursive = common.recursive;
  options.hidden = hidden_;
  options.empty_folders = empty_folders_.value_or(true);
  options.follow_named = follow_named_;
  options.follow_all = follow_all_;
  // kubo's order: the file's rules first.
  if (ignore_file_) {
    auto text = read_rules(*ignore_file_);
    if (!text) return fail(std::move(text.error()).during("read ignore rules", *ignore_file_));
    P2P_TRY(const auto broken, options.ignore.add_lines(*text));
    for (const auto& line : broken) complain(line);
  }
  for (const auto& rule : ignore_) {
    P2P_TRY(const bool good, options.ignore.add(rule));
    if (!good) complain(rule);
  }
  return options;
}

}  // namespace p2p::hash
