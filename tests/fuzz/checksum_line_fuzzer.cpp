// LAYERS: p2p_content
// OPTIONS: -max_len=400
// A checksum file, line by line: what parses is written and parses again to the same.
#include <cstdint>
#include <cstdlib>

#include "base/basen.h"
#include "content/checksum_line.h"

using namespace p2p;

namespace {

void check_round_trip(const content::ChecksumLine& line) {
  if (line.digest.size() != crypto::digest_size(line.alg)) std::abort();
  for (const bool tag : {false, true}) {
    content::ChecksumStyle style;
    style.tag = tag;
    auto text = content::checksum_line(hex_encode(line.digest), line.name, line.alg, style);
    if (text.find('\n') != text.size() - 1) std::abort();
    text.pop_back();
    if (line.name.empty() && !tag) continue;  // only a tagged line can say no name
    const auto again = content::ChecksumParser(line.alg).parse(text);
    if (!again || again->alg != line.alg || again->name != line.name ||
        again->digest != line.digest) {
      std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = as_text(ByteView(data, size));
  content::ChecksumParser parser(crypto::HashAlg::sha2_256);
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (const auto line = parser.parse(text.substr(0, end))) check_round_trip(*line);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return 0;
}
