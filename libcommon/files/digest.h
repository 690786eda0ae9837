// Digests of files: several functions in one read, and many files on all cores.
//
// What is spread how, on more than one thread: small files are hashed some dozens a job; larger
// ones each in a job of its own, so that several are under way at once; and a large one by all
// threads together, window by window, where it is the only one left or where that pays anyway
// (BLAKE3's tree, or several functions). Pipes and standard input are read in their turn only.
//
// Every file is compared at its end with what the system said of it at its beginning: one that
// was written to meanwhile is Code::io, "changed while it was read", and has no digest.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/hash.h"
#include "files/file.h"
#include "files/pipeline.h"

namespace p2p::files {

/// A file of so much is worth the attention of all threads.
inline constexpr std::uint64_t kTogetherFrom = 8 * 1024 * 1024;

struct Digests {
  std::vector<Bytes> values;  ///< one for each function, in the order they were asked for
  std::uint64_t size = 0;     ///< bytes hashed
};

using Algorithms = std::vector<crypto::HashAlg>;

/// Told of bytes as they are hashed: how many more. Called from any thread, several at once.
using Advance = std::function<void(std::uint64_t bytes)>;

/// Whether the file's bytes are those that reading it would give. Standard input may be a regular
/// file of which somebody has read a part, and then the rest counts.
bool can_be_mapped(const File& file);

/// Hashes one file after the other on the thread that calls.
class Summer {
 public:
  explicit Summer(Algorithms algorithms, Advance advance = {});

  const Algorithms& algorithms() const { return algorithms_; }
  /// All of `file` from where it stands.
  Result<Digests> digest(File& file);

 private:
  Result<void> stream(File& file, std::uint64_t& size);
  Result<void> map(const File& file);
  void update(ByteView bytes);

  Algorithms algorithms_;
  Advance advance_;
  std::vector<crypto::Hasher> hashers_;
};

/// Digests of files in the order in which they were asked for, whichever is done first.
class Digester {
 public:
  /// Called on the thread of add() and drain().
  using Done = std::move_only_function<void(Result<Digests>)>;

  /// `threads` as for Pipeline.
  explicit Digester(unsigned threads, Advance advance = {});
  ~Digester();

  /// Asks for the digests of the file at `path`, "-" for standard input. May call some earlier
  /// `done`, and waits while too much is in flight.
  void add(std::string path, const Algorithms& algorithms, Done done);
  /// Another job among them: `job` runs on some thread, `then` when its turn comes.
  void run(Pipeline::Work job, Pipeline::Work then);
  /// Calls `work` when its turn comes, after the `done` of all before and before that of all after.
  void then(Pipeline::Work work);
  /// Returns when every `done` was called.
  void drain();
  void before_waiting(std::function<void()> flush);

 private:
  struct Task;
  struct Batch;

  void add_together(Task task);
  void add_alone(Task task);
  void submit_held();
  void submit_batch();
  void submit(Pipeline::Work job, Pipeline::Work then);

  Advance advance_;
  std::function<void()> flush_;
  Pipeline files_;
  Pipeline parts_;             ///< within one file, while the caller's thread is at it
  std::size_t under_way_ = 0;  ///< submitted to files_ and not followed up
  std::shared_ptr<Batch> batch_;
  std::unique_ptr<Task> held_;  ///< a large file, until it is known whether others follow
};

/// Hashes `file` on all threads of `pipeline`, which must be idle; on return it is again.
Result<Digests> digest_together(Pipeline& pipeline, File& file, const Algorithms& algorithms,
                                const Advance& advance);

}  // namespace p2p::files
