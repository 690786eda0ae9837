// LAYERS: p2p_content
// OPTIONS: -max_len=600
// A checksum file: what is read does not depend on how it comes in pieces, and what parses is
// written and parses again to the same.
#include <cstdint>

#include "base/basen.h"
#include "content/checksum_list.h"
#include "fuzz/require.h"

using namespace p2p;
using content::ChecksumLine;

namespace {

std::string line_of(const ChecksumLine& line, content::ChecksumStyle style) {
  if (const auto* cid = std::get_if<multiformats::Cid>(&line.expected)) {
    // In base58: a base32 one may, once in ten million million, look like a sha1 in hex.
    const auto text = cid->text(multiformats::Multibase::base58btc);
    return content::checksum_line(text, line.name, crypto::HashAlg::sha2_256, style);
  }
  const auto& digest = std::get<content::Digest>(line.expected);
  return content::checksum_line(hex_encode(digest.bytes), line.name, digest.alg, style);
}

void check_round_trip(const ChecksumLine& line, content::ChecksumStyle style) {
  const auto* digest = std::get_if<content::Digest>(&line.expected);
  if (digest) require(digest->bytes.size() == digest->alg.size());
  if (!digest && style.tag) return;             // CIDs have no tag
  if (line.name.empty() && !style.tag) return;  // only a tagged line can say no name
  auto text = line_of(line, style);
  if (!style.zero) require(text.find('\n') == text.size() - 1);
  text.pop_back();
  std::vector<crypto::HashAlg> algorithms;
  if (digest) algorithms.push_back(digest->alg);
  const auto again = content::ChecksumParser(std::move(algorithms)).parse(text, style.zero);
  require(again == line);
}

struct Items {
  std::vector<std::pair<std::uint64_t, std::optional<ChecksumLine>>> all;

  void read(ByteView data, std::size_t split) {
    const content::ChecksumList::Take take = [&](std::uint64_t number,
                                                 std::optional<ChecksumLine> line) {
      all.emplace_back(number, std::move(line));
    };
    content::ChecksumList list;
    list.feed(data.first(split), take);
    list.feed(data.subspan(split), take);
    list.finish(take);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView text(data, size);
  Items whole;
  whole.read(text, 0);
  // Every split of small inputs, some of large ones.
  for (std::size_t split = 1; split < size; split += 1 + size / 16) {
    Items parts;
    parts.read(text, split);
    require(parts.all == whole.all);
  }
  for (const auto& [number, line] : whole.all) {
    if (!line) continue;
    check_round_trip(*line, {});
    check_round_trip(*line, {.tag = true});
    check_round_trip(*line, {.zero = true});
  }
  return 0;
}
