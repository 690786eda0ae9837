// A folder of the test's own, which goes with it.
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>  // mkdtemp

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/bytes.h"

namespace p2p::test {

class TempFolder {
 public:
  TempFolder() : path_((std::filesystem::temp_directory_path() / "p2p-test-XXXXXX").string()) {
    REQUIRE(::mkdtemp(path_.data()) != nullptr);
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string at(const std::string& name) const { return path_ + "/" + name; }

  void folder(const std::string& name) const { std::filesystem::create_directories(at(name)); }

  /// Writes a file, and the folders that it stands in; returns its path.
  std::string file(const std::string& name, ByteView content) const {
    const std::filesystem::path path = at(name);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream out(path, std::ios::binary);
    REQUIRE((out << as_text(content)).flush());
    return path.string();
  }

  /// How many entries the folder has, not counting those of folders in it.
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
  }

 private:
  std::string path_;
};

}  // namespace p2p::test
