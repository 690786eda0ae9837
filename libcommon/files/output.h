// A file that appears whole or not at all.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "base/temporary_name.h"

namespace p2p::files {

/// Written without a name, or where the file system needs one under another, beside the file that
/// it becomes with commit(). What stood there is replaced then. Something other than a regular
/// file, such as a pipe, is written to as it is. Errors say what was done, and on what.
class OutputFile {
 public:
  /// `mode` as open(2) takes it.
  static Result<OutputFile> create(const std::string& path, unsigned mode = 0666);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  /// Without commit(), nothing has happened; nor where a signal ends the process before.
  ~OutputFile();

  /// Whether write_at works.
  bool regular() const { return regular_; }
  /// At the end.
  Result<void> write(ByteView data);
  /// Over what is there already.
  Result<void> write_at(std::uint64_t offset, ByteView data);
  std::uint64_t size() const { return written_ + buffer_.size(); }
  /// Syncs the file and puts it in its place: whoever finds it there finds all of it.
  Result<void> commit();

 private:
  explicit OutputFile(std::string path) : path_(std::move(path)) {}

  Result<void> flush();
  Result<void> put(ByteView data);
  std::unexpected<Error> failure(int number) const;
  std::string beside() const;

  std::string path_;
  std::optional<TemporaryName> temporary_;  ///< the name it has meanwhile, if any
  int fd_ = -1;
  bool regular_ = true;
  std::uint64_t written_ = 0;
  Bytes buffer_;
};

}  // namespace p2p::files
