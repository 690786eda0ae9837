// Large files, in parts that are named side by side, and streams, whose parts are read one after
// the other and named side by side.
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <utility>

#include "content/chunker.h"
#include "files/import_parts.h"

namespace p2p::files {

using content::Chunker;
using content::ChunkerSpec;
using content::Imported;

namespace {

/// Leaves that a part has at most: small chunks must not make its results larger than its content.
constexpr std::size_t kPartLeaves = 1024;

/// Messages that crypto/sha256_many.h takes at a time.
constexpr std::size_t kSideBySide = 16;
/// What all jobs together may have mapped at once; what is only mapped is let go by who is done
/// with it.
constexpr std::size_t kMostMapped = 32 * 1024 * 1024;

std::unexpected<Error> changed() { return fail(Code::io, kChanged); }

}  // namespace

void Importer::open_large(Target target) {
  flush();  // what came before is settled before
  const bool input = target.folder == nullptr && target.name == "-";
  auto file =
      input ? Result<File>(File::standard_input()) : File::open_at(target.directory(), target.name);
  if (!file) return add_failed(std::move(target), file.error());
  const bool stream = input || !file->regular();
  const auto metadata = options_.metadata.of(Kind::regular, stream ? nullptr : &file->status());
  content::FileTree tree(options_.profile, metadata, sink_);
  const auto large =
      std::make_shared<Large>(std::move(*file), std::move(target), metadata, std::move(tree));
  if (stream) {
    // What came before is not held back while the stream is waited for.
    pipeline_.drain();
    if (events_.waiting) events_.waiting();
    import_stream(large);
  } else if (options_.profile.chunker.kind == ChunkerSpec::Kind::size) {
    import_parts(large);
  } else {
    import_cuts(large);
  }
  submit_end(large);
}

/// Chunks of one size: the jobs read for themselves.
void Importer::import_parts(const std::shared_ptr<Large>& large) {
  const std::size_t chunk = options_.profile.chunker.max;
  // Many leaves are named faster side by side, as long as all jobs' parts stay small together.
  const std::size_t together = sink_ ? Pipeline::kMostHeld / 2 : kMostMapped;
  const std::size_t part_size =
      std::clamp(together / pipeline_.threads(), chunk, chunk * kSideBySide);
  const std::size_t at_once = std::clamp<std::size_t>(part_size / chunk, 1, kPartLeaves);
  const std::uint64_t size = large->file.size();
  for (std::uint64_t offset = 0; offset < size && !large->broken;) {
    const auto part = std::make_shared<Part>();
    part->offset = offset;
    part->size = static_cast<std::size_t>(std::min<std::uint64_t>(at_once * chunk, size - offset));
    part->lengths.assign(part->size / chunk, chunk);
    if (part->size % chunk != 0) part->lengths.push_back(part->size % chunk);
    part->all = size <= chunk;
    offset += part->size;
    submit_part(large, part);
  }
}

/// Of parts that are loaded before they are submitted: small, so that all threads have one, but
/// each with a whole chunk, whose end is seen.
std::size_t Importer::window_size() const {
  static_assert(2 * content::kMaxChunkSize < kWindowSize);
  return std::clamp(Pipeline::kMostHeld / (2 * pipeline_.threads()),
                    2 * std::size_t{options_.profile.chunker.max}, kWindowSize);
}

/// Loads the part, and finds chunks in it: from `scanned` on, for what is before the chunker has
/// seen. Cuts the part after the last whole chunk; where it is the file's `last`, that is its end.
/// Returns what of the rest the chunker has seen.
std::size_t Importer::cut(Part& part, Chunker& chunker, std::size_t scanned, bool last) {
  std::size_t at = scanned;
  std::size_t start = 0;
  while (at < part.bytes.size() && part.lengths.size() < kPartLeaves) {
    const auto step = chunker.next(part.bytes.subspan(at));
    at += step.taken;
    if (step.cut) part.lengths.push_back(at - std::exchange(start, at));
  }
  if (last && at == part.bytes.size() && at > start) {
    part.lengths.push_back(at - std::exchange(start, at));
  }
  part.bytes = part.bytes.first(start);
  return at - start;
}

/// Chunks that the content decides on: found here, named in jobs.
void Importer::import_cuts(const std::shared_ptr<Large>& large) {
  Chunker chunker(options_.profile.chunker);
  const std::uint64_t size = large->file.size();
  const std::size_t window = window_size();
  std::size_t scanned = 0;
  for (std::uint64_t offset = 0; offset < size && !large->broken;) {
    const auto part = std::make_shared<Part>();
    part->offset = offset;
    part->size = static_cast<std::size_t>(std::min<std::uint64_t>(window, size - offset));
    load(*large, *part);
    if (!part->outcome) return submit_part(large, part);
    scanned = cut(*part, chunker, scanned, offset + part->size == size);
    part->all = offset == 0 && part->lengths.size() == 1 && part->bytes.size() == size;
    offset += part->bytes.size();
    submit_part(large, part);
  }
}

void Importer::import_stream(const std::shared_ptr<Large>& large) {
  Chunker chunker(options_.profile.chunker);
  const std::size_t window = window_size();
  Bytes rest;  // of the last piece: the beginning of a chunk, or after very many chunks more
  std::size_t scanned = 0;
  bool first = true;
  for (bool ended = false; !(ended && rest.empty()) && !large->broken;) {
    const auto part = std::make_shared<Part>();
    part->copy = std::exchange(rest, {});
    std::size_t filled = part->copy.size();
    part->copy.resize(window);
    while (!ended && filled < window) {
      const auto room = MutableBytes(part->copy).subspan(filled);
      const auto n = large->file.read(room.first(std::min(room.size(), kPieceSize)));
      if (!n) {
        part->outcome = std::unexpected(n.error());
        return submit_part(large, part);
      }
      filled += *n;
      ended = *n == 0;
    }
    part->copy.resize(filled);
    part->bytes = part->copy;
    part->loaded = true;
    scanned = cut(*part, chunker, scanned, ended);
    rest = to_bytes(ByteView(part->copy).subspan(part->bytes.size()));
    part->all = std::exchange(first, false) && ended && part->lengths.size() == 1 && rest.empty();
    submit_part(large, part);
  }
}

/// On any thread.
void Importer::load(const Large& large, Part& part) const {
  const auto read = [&]() -> Result<void> {
    if (sink_) {
      part.copy.resize(part.size);
      P2P_TRY(const std::size_t got, large.file.read_at(part.offset, part.copy));
      if (got < part.size) return changed();
      part.bytes = part.copy;
      return {};
    }
    P2P_TRY(part.window, large.file.window(part.offset, part.size));
    part.bytes = part.window.bytes();
    return {};
  };
  part.outcome = read();
  part.loaded = true;
}

void Importer::submit_part(const std::shared_ptr<Large>& large, const std::shared_ptr<Part>& part) {
  const auto job = [this, large, part] {
    if (large->broken || !part->outcome) return;
    if (!part->loaded) load(*large, *part);
    if (part->outcome) name_leaves(*large, *part);
  };
  const auto then = [this, large, part] {
    if (!abandoned_) settle(*large, *part);
  };
  // What is mapped in a job is let go at its end, and what is mapped before is held until then.
  const bool held = sink_ || part->loaded;
  pipeline_.submit(job, then, held ? std::max(part->size, part->copy.size()) : 0);
}

/// On any thread.
void Importer::name_leaves(const Large& large, Part& part) const {
  const bool root = part.all && content::FileTree::whole_file(options_.profile);
  std::vector<content::Chunk> chunks;
  chunks.reserve(part.lengths.size());
  ByteView left = part.bytes;
  for (const auto length : part.lengths) {
    chunks.push_back({left.first(length), root ? &large.metadata : nullptr});
    left = left.subspan(length);
  }
  part.leaves = make_leaves(options_.profile, chunks);
  if (!sink_) part.outcome = part.window.close();
}

/// On the caller's thread, in order.
void Importer::settle(Large& large, Part& part) {
  const auto add = [&]() -> Result<void> {
    P2P_CHECK(part.outcome);
    ByteView left = part.bytes;
    for (auto& leaf : part.leaves) {
      const auto size = static_cast<std::size_t>(leaf.imported.size);
      std::array<ByteView, 3> parts = {leaf.frame.head, {}, leaf.frame.tail};
      if (sink_) {
        parts[1] = left.first(size);
        left = left.subspan(size);
      }
      const std::span<const ByteView> block = parts;
      // Raw leaves go to the sink as they stand.
      const bool bare = leaf.frame.head.empty();
      P2P_CHECK(large.tree.add(std::move(leaf.imported), bare ? block.subspan(1, 1) : block));
    }
    return {};
  };
  std::uint64_t size = 0;
  for (const auto length : part.lengths) size += length;
  if (events_.progress) events_.progress(large.target.path(), size);
  if (large.error) return;
  if (auto added = add(); !added) {
    large.error = std::move(added.error());
    large.broken = true;
  }
}

void Importer::submit_end(const std::shared_ptr<Large>& large) {
  const auto then = [this, large] {
    if (abandoned_) return;
    const auto finish = [&]() -> Result<Imported> {
      if (large->error) return std::unexpected(*large->error);
      P2P_CHECK(large->file.unchanged());
      return large->tree.finish();
    };
    deliver(large->target, finish());
  };
  pipeline_.submit({}, then);
}

}  // namespace p2p::files
