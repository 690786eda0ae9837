// Paths of the file system, as text: "/" between names.
#pragma once

#include <string>
#include <utility>

namespace p2p {

/// The folder that the last name of `path` is in, and that name: {".", "a"} for "a", {"/", "a"} for
/// "/a", {"a", ""} for "a/".
inline std::pair<std::string, std::string> split_path(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

inline std::string folder_of(const std::string& path) { return split_path(path).first; }

inline std::string join_path(const std::string& folder, const std::string& name) {
  return folder.ends_with('/') ? folder + name : folder + "/" + name;
}

}  // namespace p2p
