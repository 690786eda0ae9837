#include "cid_match.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "content/car/check.h"
#include "content/file_importer.h"
#include "files/walk.h"

namespace p2p::hash {

using content::Imported;
using multiformats::Cid;
using multiformats::Codec;
using multiformats::HashCode;

namespace {

constexpr std::string_view kVersion0[] = {"unixfs-v0-2015"};
constexpr std::string_view kVersion1[] = {"unixfs-v1-2025", "v1", "test-cid-v1", "test-cid-v1-wide",
                                          "unixfs-v0-2015"};

/// Differs from one before it for directories only.
constexpr std::string_view kOnlyForDirectories = "test-cid-v1-wide";

/// What the CID itself says of how it came to be.
content::ProfileChanges changes_for(const Cid& cid) {
  content::ProfileChanges changes;
  if (cid.hash().code() == HashCode::identity) {
    changes.inline_limit = cid.hash().digest().size();
  } else {
    changes.hash = cid.hash().algorithm();
  }
  return changes;
}

struct Way {
  std::string profile;
  files::ImportOptions options;
};

Result<std::vector<Way>> ways_for(const CidQuestion& question) {
  const auto changes = changes_for(question.cid);
  std::vector<Way> ways;
  const auto add = [&](std::string name, files::ImportOptions options) {
    // One that cannot be had with the CID's function is none that may have led there.
    auto profile = content::change_profile(options.profile, changes);
    if (!profile) return;
    options.profile = *profile;
    options.recursive = true;
    ways.push_back({std::move(name), std::move(options)});
  };
  if (question.way) {
    P2P_TRY(auto options, question.way->options());
    add(question.way->profile, std::move(options));
    return ways;
  }
  const std::span<const std::string_view> names =
      question.cid.version() == 0 ? std::span<const std::string_view>(kVersion0) : kVersion1;
  for (const bool hidden : {false, true}) {
    for (const auto name : names) {
      files::ImportOptions options;
      options.profile = *content::profile_by_name(name);
      options.hidden = hidden;
      add(std::string(name), std::move(options));
    }
  }
  return ways;
}

/// The file's bytes as the block itself.
class BlockMatch {
 public:
  explicit BlockMatch(const Cid& cid) : cid_(cid) {
    if (cid.hash().code() == HashCode::identity) return;
    // Of one cut short the whole is computed, which it is not equal to.
    const auto alg = cid.hash().algorithm();
    hasher_.emplace(alg ? *alg : multiformats::hash_alg_of(cid.hash().code()).value());
  }
  void update(ByteView piece) {
    if (hasher_) return hasher_->update(piece);
    const std::size_t room = multiformats::kMaxDigestSize + 1 - bytes_.size();
    append(bytes_, piece.first(std::min(piece.size(), room)));
  }
  bool matches() { return equal(hasher_ ? hasher_->finish() : bytes_, cid_.hash().digest()); }

 private:
  const Cid& cid_;
  std::optional<crypto::Hasher> hasher_;
  Bytes bytes_;  // for identity
};

class Matcher {
 public:
  Matcher(const CidQuestion& question, std::vector<Way> ways, unsigned threads,
          const files::Advance& advance)
      : path_(question.path),
        cid_(question.cid),
        only_(question.way.has_value()),
        ways_(std::move(ways)),
        advance_(advance),
        pipeline_(threads) {}

  Result<CidMatch> match_directory() {
    for (auto& way : ways_) {
      P2P_TRY(const auto root, import(std::move(way.options)));
      if (is_named(root)) return CidMatch{true, way.profile};
    }
    return CidMatch{};
  }

  Result<CidMatch> match_file() {
    // Several ways cut a file alike.
    std::erase_if(ways_, [this](const Way& way) {
      return !only_ && (way.options.hidden || way.profile == kOnlyForDirectories);
    });
    if (cid_.codec() != Codec::dag_pb) return read_once({});
    if (path_ == "-") return read_once(ways_);
    P2P_TRY(const auto status, files::path_status(path_));
    if (status.kind != files::Kind::regular) return read_once(ways_);
    for (auto& way : ways_) {
      P2P_TRY(const auto root, import(std::move(way.options)));
      if (is_named(root)) return CidMatch{true, way.profile};
    }
    if (status.size > content::kMaxBlockSize) return CidMatch{};
    return read_once({});
  }

 private:
  bool is_named(const Imported& root) const {
    return root.cid.codec() == cid_.codec() && root.cid.hash() == cid_.hash();
  }

  Result<Imported> import(files::ImportOptions options) {
    std::optional<Error> failure;
    files::Importer::Events events;
    events.failed = [&](const std::string& path, const Error& why) {
      if (!failure) failure = Error(why.code, "", path, why.why);
    };
    events.progress = [&](const std::string&, std::uint64_t bytes) {
      if (advance_) advance_(bytes);
    };
    files::Importer importer(std::move(options), pipeline_, std::move(events));
    Result<Imported> root;
    importer.import(path_, [&](Result<Imported> result) { root = std::move(result); });
    P2P_CHECK(importer.finish());
    if (failure) return fail(*failure);
    return root;
  }

  /// One read of the file, in all of `ways` at once and as a block.
  Result<CidMatch> read_once(std::span<const Way> ways) {
    P2P_TRY(auto file, files::File::open_operand(path_));
    std::vector<content::FileImporter> importers;
    for (const auto& way : ways) importers.emplace_back(way.options.profile);
    BlockMatch block(cid_);
    P2P_CHECK(file.read_all([&](ByteView piece) -> Result<void> {
      for (auto& importer : importers) P2P_CHECK(importer.update(piece));
      block.update(piece);
      if (advance_) advance_(piece.size());
      return {};
    }));
    P2P_CHECK(file.unchanged());
    for (std::size_t i = 0; i < importers.size(); ++i) {
      P2P_TRY(const auto root, importers[i].finish());
      if (is_named(root)) return CidMatch{true, ways[i].profile};
    }
    return block.matches() ? CidMatch{true, "block"} : CidMatch{};
  }

  const std::string& path_;
  const Cid& cid_;
  const bool only_;
  std::vector<Way> ways_;
  const files::Advance& advance_;
  files::Pipeline pipeline_;
};

}  // namespace

Result<CidMatch> match_cid(const CidQuestion& question, unsigned threads,
                           const files::Advance& advance) {
  P2P_CHECK(car::check_size(question.cid));
  P2P_TRY(auto ways, ways_for(question));
  Matcher matcher(question, std::move(ways), threads, advance);
  const bool directory = question.path != "-" && files::is_directory(question.path);
  return directory ? matcher.match_directory() : matcher.match_file();
}

void match_later(files::Digester& digester, unsigned threads, CidQuestion question,
                 files::Advance advance,
                 std::move_only_function<void(const Result<CidMatch>&)> done) {
  const auto status = question.path == "-" ? Result<files::Status>(files::Status())
                                           : files::path_status(question.path);
  const bool small =
      status && status->kind == files::Kind::regular && status->size < files::kTogetherFrom;
  if (!small) {
    return digester.run(
        {}, [=, done = std::move(done)]() mutable { done(match_cid(question, threads, advance)); });
  }
  const auto found = std::make_shared<Result<CidMatch>>();
  digester.run([=] { *found = match_cid(question, 1, advance); },
               [found, done = std::move(done)]() mutable { done(*found); });
}

}  // namespace p2p::hash
