#include "content/hamt.h"

namespace p2p::content {

std::string hamt_prefix(std::size_t slot, std::uint64_t fanout) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string text(hamt_prefix_size(fanout), '0');
  for (std::size_t i = text.size(); i-- > 0; slot >>= 4) text[i] = kHex[slot & 15];
  return text;
}

}  // namespace p2p::content
