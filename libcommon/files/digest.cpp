#include "files/digest.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "crypto/sha256_many.h"
#include "files/walk.h"

namespace p2p::files {

namespace {

/// From here on a file is mapped: below, setting a mapping up and faulting its pages in costs more
/// than copying.
constexpr std::uint64_t kMapFrom = 1024 * 1024;

/// What one thread maps at a time. Mapped pages count as memory of ours while they are.
constexpr std::size_t kMapSize = 1024 * 1024;

/// A job should last long enough that handing it over does not matter, and short enough that two
/// threads end together: about half a millisecond.
constexpr std::uint64_t kBatchBytes = 1024 * 1024;
constexpr std::size_t kBatchFiles = 64;

/// Whether all threads together are done sooner with one file than with one each. BLAKE3 alone
/// gains even without others: whole windows of the tree are more than its stream's pieces.
bool spreads(const Algorithms& algorithms, unsigned threads) {
  const bool tree = std::ranges::find(algorithms, crypto::HashFunction::blake3,
                                      &crypto::HashAlg::function) != algorithms.end();
  return threads == 1 ? tree && algorithms.size() == 1 : tree || algorithms.size() > 1;
}

}  // namespace

bool can_be_mapped(const File& file) { return file.regular() && file.fd() != STDIN_FILENO; }

Summer::Summer(Algorithms algorithms, Advance advance)
    : algorithms_(std::move(algorithms)), advance_(std::move(advance)) {
  hashers_.reserve(algorithms_.size());
  for (const auto alg : algorithms_) hashers_.emplace_back(alg);
}

Result<Digests> Summer::digest(File& file) {
  Digests digests;
  Result<void> read;
  if (can_be_mapped(file) && file.size() >= kMapFrom) {
    digests.size = file.size();
    read = map(file);
  } else {
    // Files of /proc and /sys, too, whose sizes are not true.
    read = stream(file, digests.size);
  }
  if (read) read = file.unchanged();
  // Also where nobody wants them: they begin anew by it.
  for (auto& hasher : hashers_) digests.values.push_back(hasher.finish());
  P2P_CHECK(read);
  return digests;
}

Result<void> Summer::stream(File& file, std::uint64_t& size) {
  return file.read_all([&](ByteView piece) -> Result<void> {
    update(piece);
    size += piece.size();
    return {};
  });
}

Result<void> Summer::map(const File& file) {
  for (std::uint64_t at = 0; at < file.size(); at += kMapSize) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(kMapSize, file.size() - at));
    P2P_TRY(Window window, file.window(at, size));
    update(window.bytes());
    P2P_CHECK(window.close());
  }
  return {};
}

void Summer::update(ByteView bytes) {
  // The second function should find in the cache what the first one read.
  const std::size_t step = hashers_.size() > 1 ? kPieceSize : bytes.size();
  for (auto left = bytes; !left.empty(); left = left.subspan(std::min(step, left.size()))) {
    const auto piece = left.first(std::min(step, left.size()));
    for (auto& hasher : hashers_) hasher.update(piece);
  }
  if (advance_) advance_(bytes.size());
}

namespace {

/// SHA-256 of small files side by side, which one by one are bound by its latency.
class SmallFiles {
 public:
  static bool takes(const Algorithms& algorithms) {
    return algorithms.size() == 1 && algorithms.front() == crypto::HashAlg::sha2_256;
  }
  static bool takes(const File& file) {
    return file.regular() && file.fd() != STDIN_FILENO && file.size() > 0 &&
           file.size() <= kLargest;
  }

  explicit SmallFiles(const Advance& advance) : advance_(advance) {}

  /// Reads `file` now; `result`, which must stay, has its digest after flush() at the latest.
  void add(File& file, Result<Digests>& result) {
    Bytes& content = contents_[count_];
    content.resize(static_cast<std::size_t>(file.size()));
    const auto got = file.read_at(0, content);
    const auto read = got ? file.unchanged() : Result<void>(fail(got.error()));
    if (!read) {
      result = fail(read.error());
      return;
    }
    // Files of /sys say that they have a page.
    content.resize(*got);
    results_[count_++] = &result;
    if (count_ == kTogether) flush();
  }
  void flush() {
    std::array<ByteView, kTogether> messages;
    std::array<crypto::Digest32, kTogether> digests;
    std::copy_n(contents_.begin(), count_, messages.begin());
    crypto::sha256_many(std::span(messages).first(count_), std::span(digests).first(count_));
    for (std::size_t i = 0; i < count_; ++i) {
      *results_[i] = Digests{{Bytes(digests[i].begin(), digests[i].end())}, messages[i].size()};
      if (advance_) advance_(messages[i].size());
    }
    count_ = 0;
  }

 private:
  /// What AVX-512 hashes at a time.
  static constexpr std::size_t kTogether = 16;
  /// Together they stay in the second-level cache.
  static constexpr std::size_t kLargest = 64 * 1024;

  const Advance& advance_;
  std::array<Bytes, kTogether> contents_;
  std::array<Result<Digests>*, kTogether> results_;
  std::size_t count_ = 0;
};

}  // namespace

/// A file to hash, or else something to do in its place.
struct Digester::Task {
  std::string path;
  Algorithms algorithms;
  Done done;
  Pipeline::Work work;
  Result<Digests> result;
};

struct Digester::Batch {
  std::vector<Task> tasks;
  std::uint64_t bytes = 0;

  void run(const Advance& advance) {
    std::optional<Summer> summer;
    SmallFiles small(advance);
    for (auto& task : tasks) {
      if (!task.done) continue;
      auto file = File::open_operand(task.path);
      if (!file) {
        task.result = fail(std::move(file).error());
        continue;
      }
      if (SmallFiles::takes(task.algorithms) && SmallFiles::takes(*file)) {
        small.add(*file, task.result);
        continue;
      }
      if (!summer || summer->algorithms() != task.algorithms) {
        summer.emplace(task.algorithms, advance);
      }
      task.result = summer->digest(*file);
    }
    small.flush();
  }
  void follow_up() {
    for (auto& task : tasks) {
      if (task.done) task.done(std::move(task.result));
      if (task.work) task.work();
    }
  }
};

Digester::Digester(unsigned threads, Advance advance)
    : advance_(std::move(advance)), files_(threads), parts_(threads) {}

Digester::~Digester() = default;

void Digester::before_waiting(std::function<void()> flush) {
  flush_ = std::move(flush);
  parts_.before_waiting(flush_);
  files_.before_waiting(flush_);
}

void Digester::add(std::string path, const Algorithms& algorithms, Done done) {
  submit_held();
  Task task{std::move(path), algorithms, std::move(done), {}, {}};
  const auto status = task.path == "-" ? Result<Status>(Status()) : path_status(task.path);
  const std::uint64_t size = status ? status->size : 0;
  // In turn, on this thread: two that read one pipe would each get a part of it.
  const bool stream = status && status->kind != Kind::regular && status->kind != Kind::directory;
  if (stream) return add_together(std::move(task));
  if (size >= kTogetherFrom && spreads(algorithms, files_.threads())) {
    return add_together(std::move(task));
  }
  if (size >= kTogetherFrom) {
    submit_batch();
    held_ = std::make_unique<Task>(std::move(task));
    return;
  }
  if (size >= kBatchBytes) return add_alone(std::move(task));
  if (!batch_) batch_ = std::make_shared<Batch>();
  // A path is held, too, and in a hostile list it may be long.
  batch_->bytes += size + task.path.size();
  batch_->tasks.push_back(std::move(task));
  if (batch_->bytes >= kBatchBytes || batch_->tasks.size() >= kBatchFiles) submit_batch();
}

void Digester::add_alone(Task task) {
  submit_batch();
  batch_ = std::make_shared<Batch>();
  batch_->tasks.push_back(std::move(task));
  submit_batch();
}

void Digester::add_together(Task task) {
  submit_batch();
  const auto shared = std::make_shared<Batch>();
  shared->tasks.push_back(std::move(task));
  submit({}, [this, shared] {
    if (flush_) flush_();
    auto& one = shared->tasks.front();
    auto file = File::open_operand(one.path);
    one.result = file ? digest_together(parts_, *file, one.algorithms, advance_)
                      : Result<Digests>(fail(std::move(file).error()));
    shared->follow_up();
  });
}

void Digester::submit_held() {
  if (held_) add_alone(std::move(*std::exchange(held_, nullptr)));
}

void Digester::run(Pipeline::Work job, Pipeline::Work then) {
  submit_held();
  submit_batch();
  submit(std::move(job), std::move(then));
}

void Digester::then(Pipeline::Work work) {
  submit_held();
  if (!batch_) batch_ = std::make_shared<Batch>();
  batch_->tasks.push_back({{}, {}, {}, std::move(work), {}});
  if (batch_->tasks.size() >= kBatchFiles) submit_batch();
}

void Digester::submit_batch() {
  if (!batch_) return;
  const auto batch = std::exchange(batch_, nullptr);
  submit([this, batch] { batch->run(advance_); }, [batch] { batch->follow_up(); });
}

void Digester::submit(Pipeline::Work job, Pipeline::Work then) {
  ++under_way_;
  files_.submit(std::move(job), [this, then = std::move(then)]() mutable {
    --under_way_;
    then();
  });
}

void Digester::drain() {
  if (held_ && under_way_ == 0 && files_.threads() > 1) {
    add_together(std::move(*std::exchange(held_, nullptr)));
  }
  submit_held();
  submit_batch();
  files_.drain();
}

}  // namespace p2p::files
