// LAYERS: p2p_content
// OPTIONS: -max_len=4096
// A chunker's text reads back as itself; and however a stream is split, its cuts are the same, its
// chunks within their bounds.
#include "content/chunker.h"

#include <string>
#include <vector>

#include "fuzz/require.h"

using namespace p2p;
using content::Chunker;
using content::ChunkerSpec;

namespace {

/// The lengths of the chunks of `data`, which comes in pieces whose sizes `splits` chooses.
std::vector<std::size_t> chunks(const ChunkerSpec& spec, ByteView data, ByteView splits) {
  Chunker chunker(spec);
  std::vector<std::size_t> lengths;
  std::size_t length = 0;
  for (std::size_t i = 0; !data.empty(); ++i) {
    const std::size_t piece = splits.empty() ? data.size() : splits[i % splits.size()] + 1U;
    auto part = data.first(std::min(piece, data.size()));
    data = data.subspan(part.size());
    while (!part.empty()) {
      const auto step = chunker.next(part);
      require(step.taken <= part.size() && (step.cut || step.taken == part.size()));
      require(step.taken > 0);
      length += step.taken;
      part = part.subspan(step.taken);
      if (step.cut) lengths.push_back(std::exchange(length, 0));
    }
  }
  if (length > 0) lengths.push_back(length);
  return lengths;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // SPEC NUL SPLITS NUL CONTENT
  const std::string_view input = as_text({data, size});
  const auto first = input.find('\0');
  if (first == std::string_view::npos) return 0;
  const auto spec = content::parse_chunker(input.substr(0, first));
  if (!spec) {
    require(!spec.error().why.empty());
    return 0;
  }
  require(content::parse_chunker(spec->text()) == *spec);
  require(spec->max > 0 && spec->max <= content::kMaxChunkSize && spec->min <= spec->max);
  const auto second = input.find('\0', first + 1);
  if (second == std::string_view::npos) return 0;
  const auto splits = as_bytes(input.substr(first + 1, second - first - 1));
  // Content is repeated until it is long enough to be cut a few times, a little changed each time.
  const auto seed = as_bytes(input.substr(second + 1));
  Bytes stream;
  const std::size_t most = one_in(64, {data, size}) ? 400'000 : 8'000;
  const std::size_t want = std::min<std::size_t>(3 * spec->max, most);
  for (std::uint8_t round = 0; !seed.empty() && stream.size() < want; ++round) {
    append(stream, seed);
    stream.back() = static_cast<std::uint8_t>(stream.back() + round);
  }
  const auto whole = chunks(*spec, stream, {});
  require(chunks(*spec, stream, splits) == whole);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    require(whole[i] > 0 && whole[i] <= spec->max);
    if (i + 1 < whole.size()) require(whole[i] >= spec->min);
  }
  return 0;
}
