// The name of a file that is not finished: it goes with this object, and with the process, too,
// when a signal ends it. For file systems that have no nameless files, and for the moment in which
// a nameless file takes the place of another.
//
// The names, and the handler for SIGINT, SIGTERM and SIGHUP, are the process's, as signals are. The
// handler is set with the first name, and only where a signal's disposition is the default one.
#pragma once

#include <string>

namespace p2p {

class TemporaryName {
 public:
  /// `name` in the open directory `folder`, or a path with AT_FDCWD. What is there of that name,
  /// left by a process that had our number, is removed. Nothing is created.
  TemporaryName(int folder, std::string name);
  TemporaryName(TemporaryName&& other) noexcept;
  TemporaryName& operator=(TemporaryName&&) = delete;
  /// Removes the file.
  ~TemporaryName();

  const std::string& name() const { return name_; }
  /// The file has another name now, and is nothing to remove.
  void let_go();

  /// For who ends the process otherwise than by returning. Async-signal-safe.
  static void remove_all();

 private:
  int folder_;
  std::string name_;
  std::size_t slot_;
  bool held_ = true;
};

}  // namespace p2p
