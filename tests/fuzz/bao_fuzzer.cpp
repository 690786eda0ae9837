// LAYERS: p2p_content
// OPTIONS: -max_len=256
// A slice as it was made proves the bytes of its range, however it is split. One that was tampered
// with proves nothing that is not in the content, and its verdict does not depend on the split.
// The input: two bytes of content's length, eight each of the range's start and count, one for the
// split, one that says what was done to the slice, then what was done to it.
#include "fuzz/require.h"

#include <algorithm>
#include <array>

#include "base/endian.h"
#include "content/bao.h"

using namespace p2p;

namespace {

constexpr std::size_t kFixed = 2 + 8 + 8 + 1 + 1;

/// Takes `size` bytes off the front.
ByteView take(ByteView& in, std::size_t size) {
  const auto taken = in.first(std::min(size, in.size()));
  in = in.subspan(taken.size());
  return taken;
}

Bytes slice_of(const Bytes& content, content::BaoRange range, crypto::Digest32& root) {
  const auto read_at = [&](std::uint64_t offset, MutableBytes out) -> Result<void> {
    require(offset <= content.size() && out.size() <= content.size() - offset);
    std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
    return {};
  };
  content::BaoOutline outline(content.size());
  require(fill(outline, read_at).has_value());
  root = outline.root();
  Bytes slice;
  const auto sink = [&](ByteView part) -> Result<void> {
    append(slice, part);
    return {};
  };
  require(write_bao_slice(outline, range, read_at, sink).has_value());
  return slice;
}

struct Verdict {
  bool good = false;
  Bytes out = {};
};

Verdict verify(const crypto::Digest32& root, content::BaoRange range, ByteView slice,
               std::size_t part) {
  content::BaoVerifier verifier(root, range);
  Verdict verdict;
  do {
    if (!verifier.push(take(slice, part), verdict.out)) {
      require(!verifier.finish());
      return verdict;
    }
  } while (!slice.empty());
  verdict.good = verifier.finish().has_value();
  return verdict;
}

/// Flips bits, overwrites the length, cuts or appends.
void tamper(Bytes& slice, std::uint8_t how, ByteView with) {
  if ((how & 1) != 0) {
    for (; with.size() >= 3; with = with.subspan(3)) {
      slice[load_le<std::uint16_t>(with.data()) % slice.size()] ^= with[2];
    }
  }
  if ((how & 2) != 0) std::ranges::copy(take(with, 8), slice.begin());
  if ((how & 4) != 0 && with.size() >= 2) {
    slice.resize(load_le<std::uint16_t>(take(with, 2).data()) % (slice.size() + 1));
  }
  if ((how & 8) != 0) append(slice, with);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView in(data, size);
  if (in.size() < kFixed) {
    // Too short to be about a content: a slice of a hash that nothing has.
    const auto verdict = verify(crypto::Digest32{}, {0, ~std::uint64_t{0}}, in, 3);
    require(!verdict.good && verdict.out.empty());
    return 0;
  }
  const std::size_t most = one_in(16, in) ? 20'000 : 5'000;
  Bytes content(load_le<std::uint16_t>(take(in, 2).data()) % most);
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<std::uint8_t>(i % 251);
  content::BaoRange range;
  range.start = load_le<std::uint64_t>(take(in, 8).data());
  range.count = load_le<std::uint64_t>(take(in, 8).data());
  // Most ranges would be past the end otherwise.
  if (range.start % 8 != 0) range.start = (range.start >> 3) % (content.size() + 2);
  const std::size_t part = 1 + 5 * std::size_t{take(in, 1)[0]};
  const std::uint8_t how = take(in, 1)[0];

  crypto::Digest32 root;
  auto slice = slice_of(content, range, root);
  const auto begin = std::min<std::uint64_t>(range.start, content.size());
  const auto count = std::min<std::uint64_t>(range.count, content.size() - begin);
  const auto expected = ByteView(content).subspan(begin, count);
  const auto honest = verify(root, range, slice, part);
  require(honest.good && equal(honest.out, expected));

  tamper(slice, how, in);
  const auto whole = verify(root, range, slice, slice.size() + 1);
  const auto split = verify(root, range, slice, part);
  require(whole.good == split.good && whole.out == split.out);
  require(whole.out.size() <= expected.size());
  require(equal(whole.out, expected.first(whole.out.size())));
  // Whoever is told that all went well has all of it.
  require(!whole.good || whole.out.size() == expected.size());
  return 0;
}
