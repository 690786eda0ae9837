// The flags that say how files become blocks, named as `ipfs add` names them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "content/profile.h"
#include "files/import.h"
#include "options.h"

namespace p2p::hash {

class ImportFlags {
 public:
  void declare(cli::Command& command);

  /// The first of them that was given, such as "--chunker", or nothing.
  std::string_view given() const { return given_; }

  /// What they come to, together with the common options. Reads the file of ignore rules; each of
  /// its lines that is no rule is handed to `complain`.
  Result<files::ImportOptions> resolve(
      const Options& common, const std::function<void(const std::string&)>& complain) const;
  /// The profile's name as records say it.
  std::string profile_name() const;

 private:
  cli::Option note(cli::Option option, std::string_view name);
  cli::Option boolean(std::optional<bool>& value, std::string_view name, std::string help);
  cli::Option flag(bool& value, std::string_view name, std::string help);
  cli::Option text(std::string_view name, std::string metavar, std::string fallback,
                   std::function<Result<void>(std::string_view)> set, std::string help);
  cli::Option number(std::optional<std::size_t>& value, std::string_view name, std::string fallback,
                     std::string help);

  std::string_view given_;
  const content::Profile* profile_ = nullptr;
  content::ProfileChanges changes_;
  std::optional<bool> raw_leaves_;
  std::optional<bool> empty_folders_;
  std::optional<std::size_t> cid_version_;
  std::optional<std::size_t> inline_limit_;
  bool trickle_ = false;
  bool inline_ = false;
  bool hidden_ = false;
  bool follow_named_ = false;
  bool follow_all_ = false;
  std::vector<std::string> ignore_;
  std::optional<std::string> ignore_file_;
  files::MetadataRule metadata_;
  std::optional<std::int64_t> mtime_;
  std::optional<std::uint32_t> mtime_nanos_;
};

}  // namespace p2p::hash
