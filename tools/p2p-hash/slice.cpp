#include "slice.h"

#include <algorithm>
#include <memory>

#include "base/basen.h"
#include "base/endian.h"
#include "content/bao.h"
#include "files/output.h"
#include "files/pipeline.h"
#include "meter.h"
#include "mode.h"
#include "report.h"

namespace p2p::hash {

namespace {

constexpr std::size_t kHeaderSize = 8;

/// The subtree of [begin, begin + size) of a file.
Result<crypto::Blake3Node> subtree(const files::File& file, std::uint64_t begin, std::uint64_t size,
                                   Meter& meter) {
  crypto::Blake3Tree tree;
  std::uint64_t done = 0;
  do {
    const std::uint64_t left = size - done;
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(files::kWindowSize, left));
    P2P_TRY(files::Window window, file.window(begin + done, part));
    const auto node =
        crypto::blake3_subtree(window.bytes(), (begin + done) / crypto::kBlake3ChunkSize);
    P2P_CHECK(window.close());
    tree.push(node, part / crypto::kBlake3ChunkSize + (part % crypto::kBlake3ChunkSize != 0));
    meter.advance(part);
    done += part;
  } while (done < size);
  return tree.top();
}

/// Hashes the file on all threads.
Result<content::BaoOutline> outline_of(const files::File& file, unsigned threads, Meter& meter) {
  content::BaoOutline outline(file.size(), files::kWindowSize);
  files::Pipeline pipeline(threads);
  Result<void> read;
  for (std::size_t i = 0; read && i < outline.windows(); ++i) {
    const std::uint64_t begin = i * outline.window_size();
    const std::uint64_t size = std::min(outline.window_size(), file.size() - begin);
    const auto node = std::make_shared<Result<crypto::Blake3Node>>(crypto::Blake3Node{});
    pipeline.submit(
        [&file, &meter, node, begin, size] { *node = subtree(file, begin, size, meter); },
        [&outline, &read, node, i] {
          if (*node) {
            outline.set(i, **node);
          } else if (read) {
            read = fail(std::move(*node).error());
          }
        });
  }
  pipeline.drain();
  P2P_CHECK(read);
  outline.complete();
  return outline;
}

Result<void> read_whole(const files::File& file, std::uint64_t offset, MutableBytes out) {
  while (!out.empty()) {
    P2P_TRY(const std::size_t n, file.read_at(offset, out));
    if (n == 0) return fail(Code::io, "changed while it was read");
    out = out.subspan(n);
    offset += n;
  }
  return {};
}

/// The file's hash, having written the slice.
Result<crypto::Digest32> write_slice(const files::File& file, const RangeSpec& spec,
                                     unsigned threads, Meter& meter, const content::BaoSink& sink) {
  if (!file.regular()) {
    return fail(Code::unsupported,
                "a proof about a BLAKE3 hash needs a file that can be read again");
  }
  P2P_TRY(const auto range, spec.in(file.size()));
  P2P_TRY(const auto outline, outline_of(file, threads, meter));
  const auto read_at = [&file](std::uint64_t offset, MutableBytes out) {
    return read_whole(file, offset, out);
  };
  P2P_CHECK(write_bao_slice(outline, {range.from, range.to - range.from}, read_at, sink));
  P2P_CHECK(file.unchanged());
  return outline.root();
}

/// What `range` means for a slice that says of the content that it has `size` bytes. If that is not
/// so, what is found instead is not what the hash says: either the range ends where the content
/// does and takes in its last chunk, which no other length leads to, or the length did not matter.
Result<content::BaoRange> range_of(const std::optional<RangeSpec>& range, std::uint64_t size) {
  if (!range) return content::BaoRange{0, size};
  P2P_TRY(const auto bytes, range->in(size));
  return content::BaoRange{bytes.from, bytes.to - bytes.from};
}

}  // namespace

Result<cli::ExitStatus> prove_slice(cli::Console& console, const Options& options,
                                    const RangeSpec& range) {
  const auto& name = options.files.front();
  std::optional<files::OutputFile> output;
  if (options.output.value_or("-") != "-") {
    P2P_TRY(auto created, files::OutputFile::create(*options.output));
    output.emplace(std::move(created));
  }
  Meter meter(console);
  Result<crypto::Digest32> hash = fail(Code::internal, "nothing was hashed");
  Result<void> written;
  const auto file = files::File::open_operand(name);
  if (file) {
    meter.begin(name, file->size());
    hash = write_slice(*file, range, options.threads(), meter, [&](ByteView part) -> Result<void> {
      if (output) return written = output->write(part);
      console.out().write(part);
      return {};
    });
  } else {
    hash = fail(file.error());
  }
  meter.hide();
  P2P_CHECK(written);
  if (!hash) {
    complain(console, name, hash.error());
    return cli::ExitStatus::no;
  }
  if (output) P2P_CHECK(output->commit());
  auto line = content::checksum_line(hex_encode(*hash), name, crypto::HashAlg::blake3, {});
  line.pop_back();
  console.note(line);
  return cli::ExitStatus::yes;
}

Result<void> check_slice(const std::string& name, const crypto::Digest32& root,
                         const std::optional<RangeSpec>& range, const files::File::Take& take) {
  P2P_TRY(auto file, files::File::open_operand(name));
  Bytes header;
  std::optional<content::BaoVerifier> verifier;
  const auto check = [&](ByteView bytes) -> Result<void> {
    Bytes proven;
    if (!verifier) {
      const auto more = bytes.first(std::min(kHeaderSize - header.size(), bytes.size()));
      append(header, more);
      bytes = bytes.subspan(more.size());
      if (header.size() < kHeaderSize) return {};
      P2P_TRY(const auto asked, range_of(range, load_le<std::uint64_t>(header.data())));
      verifier.emplace(root, asked);
      P2P_CHECK(verifier->push(header, proven));
    }
    P2P_CHECK(verifier->push(bytes, proven));
    return take(proven);
  };
  P2P_CHECK(file.read_all(check));
  if (!verifier) return fail(Code::parse, "the slice is cut short");
  return verifier->finish();
}

}  // namespace p2p::hash
