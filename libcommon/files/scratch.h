// Files as content/ sees storage: what can be read at any place, and room on disk for what does
// not fit into memory.
#pragma once

#include <string>

#include "content/storage.h"
#include "files/file.h"

namespace p2p::files {

/// A regular file, which must outlive this.
class FileStorage final : public content::Storage {
 public:
  explicit FileStorage(const File& file) : file_(file) {}
  Result<std::size_t> read_at(std::uint64_t offset, MutableBytes into) override;

 private:
  const File& file_;
};

/// Where temporary files go: $TMPDIR, else /var/tmp, since /tmp may be memory.
std::string temporary_folder();

/// A file without a name, which is gone with this or with the process. There is none at all before
/// more than `buffer` has been put into it. Errors name the folder.
class TemporaryFile final : public content::Scratch {
 public:
  static constexpr std::size_t kBuffer = std::size_t{1} << 20;

  explicit TemporaryFile(std::string folder = temporary_folder(), std::size_t buffer = kBuffer);
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() override;

  Result<std::size_t> read_at(std::uint64_t offset, MutableBytes into) override;
  Result<std::uint64_t> append(ByteView data) override;
  std::uint64_t size() const { return written_ + buffer_.size(); }

 private:
  Result<void> flush(ByteView data);
  Result<void> open();
  std::unexpected<Error> failure(int number, const char* doing) const;

  std::string folder_;
  std::size_t most_buffered_;
  int fd_ = -1;
  std::uint64_t written_ = 0;
  Bytes buffer_;  ///< what comes after what is written
};

/// Whether an error is a temporary file's, among those that otherwise do not say on what: no other
/// try would fare better.
inline bool of_temporary_file(const Error& error) { return !error.subject.empty(); }

}  // namespace p2p::files
