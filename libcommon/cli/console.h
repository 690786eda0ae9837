// The one owner of standard output and standard error.
//
// Rules, for every tool:
// - stdout carries data only: records, one a line in text and JSON, one an item in CBOR. stderr
//   carries people's lines: `p2p-x: error: …`, then `hint: …` where there is one.
// - stdout is written with plain blocking writes through a buffer. It is flushed when the tool has
//   nothing else to do, before anything that may take long, and at exit, where the close is
//   checked.
// - A reader that went away (EPIPE) ends the tool by SIGPIPE, quietly. Any other failure to write
//   ends it with status 2 and one line; what was promised to a program downstream did not arrive.
// - Progress and colour appear only where a person looks: on a terminal, per stream.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "base/log.h"
#include "cli/exit_status.h"
#include "record/record.h"
#include "record/writer.h"

namespace p2p::cli {

using record::Format;

/// A buffered writer to a file descriptor, which it does not own.
class Output {
 public:
  /// What to do when a write fails; it does not return. The argument is errno.
  using Failed = std::function<void(int)>;

  Output(int fd, Failed failed) : fd_(fd), failed_(std::move(failed)) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() = default;  ///< does not flush: whoever ends the tool does

  void write(ByteView data);
  void write(std::string_view text) { write(as_bytes(text)); }
  void flush();
  /// Flushes and closes the descriptor: some file systems report a full disk only then.
  void close();
  bool empty() const { return buffer_.empty(); }
  /// Called when the buffer stops being empty, so that an event loop can plan a flush.
  void on_pending(std::function<void()> plan) { plan_ = std::move(plan); }

 private:
  void write_out(ByteView data);

  int fd_;
  Failed failed_;
  std::function<void()> plan_;
  Bytes buffer_;
};

struct ConsoleOptions {
  Format format = Format::text;
  bool quiet = false;
  bool force = false;
  enum class Color { automatic, always, never } color = Color::automatic;
};

/// Ends the process by `signal`, blocked or ignored as it may be, so that its parent sees what
/// ended it.
[[noreturn]] void end_by_signal(int signal);

class Console {
 public:
  explicit Console(std::string tool);

  void configure(const ConsoleOptions& options) { options_ = options; }
  const std::string& tool() const { return tool_; }
  Format format() const { return options_.format; }
  bool quiet() const { return options_.quiet; }
  /// Whether the user wants what is refused otherwise: binary on a terminal, files replaced.
  bool forced() const { return options_.force; }
  void set_quiet() { options_.quiet = true; }
  /// Whether colour belongs there: as --color says, else on a terminal that has it, unless
  /// NO_COLOR.
  bool color(int fd) const;
  Output& out() { return out_; }

  /// Prints one record in the chosen format.
  void print(const record::Record& record);

  /// `p2p-x: error: …` and its hint; with --json or --cbor an error record on stdout too.
  void error(const Error& error);
  /// `p2p-x: warning: …`
  void warn(std::string_view line);
  /// `p2p-x: …`, left out with --quiet.
  void note(std::string_view line);
  /// A line of stderr as it is, after what is in the buffer of stdout.
  void message(std::string_view line);
  /// Sends errors and warnings here, and with `most` more.
  Log log(LogLevel most = LogLevel::warning);

 private:
  /// `word` in a colour, where standard error has any.
  std::string painted(std::string_view word, std::string_view with) const;

  std::string tool_;
  ConsoleOptions options_;
  Output out_;
};

}  // namespace p2p::cli
