#include "content/bao.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "base/basen.h"
#include "base/endian.h"

using namespace p2p;
using content::BaoOutline;
using content::BaoRange;
using content::BaoVerifier;

namespace {

constexpr std::uint64_t kMax = ~std::uint64_t{0};
constexpr std::size_t kMiB = 1 << 20;

Bytes painted(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i % 251);
  return bytes;
}

content::BaoReadAt reader(const Bytes& data) {
  return [&data](std::uint64_t offset, MutableBytes out) -> Result<void> {
    if (offset > data.size() || out.size() > data.size() - offset) {
      return fail(Code::io, "past the end");
    }
    std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
    return {};
  };
}

BaoOutline outline_of(const Bytes& data, std::uint64_t window_size = kMiB) {
  BaoOutline outline(data.size(), window_size);
  REQUIRE(fill(outline, reader(data)));
  return outline;
}

Bytes slice_of(const Bytes& data, BaoRange range, std::uint64_t window_size = kMiB) {
  Bytes slice;
  const auto sink = [&](ByteView part) -> Result<void> {
    CHECK(part.size() <= 64 * 1024);
    append(slice, part);
    return {};
  };
  REQUIRE(write_bao_slice(outline_of(data, window_size), range, reader(data), sink));
  return slice;
}

/// The bytes that the slice proves, when it is pushed in parts of `part` bytes.
Result<Bytes> verified(const crypto::Digest32& root, BaoRange range, ByteView slice,
                       std::size_t part = 70'000) {
  BaoVerifier verifier(root, range);
  Bytes out;
  while (!slice.empty()) {
    const auto next = slice.first(std::min(part, slice.size()));
    const std::size_t before = out.size();
    P2P_CHECK(verifier.push(next, out));
    CHECK(out.size() - before <= next.size() + crypto::kBlake3ChunkSize);
    slice = slice.subspan(next.size());
  }
  P2P_CHECK(verifier.finish());
  return out;
}

Bytes part_of(const Bytes& data, BaoRange range) {
  const std::uint64_t start = std::min<std::uint64_t>(range.start, data.size());
  const std::uint64_t count = std::min<std::uint64_t>(range.count, data.size() - start);
  return to_bytes(ByteView(data).subspan(start, count));
}

struct Vector {
  std::size_t size;
  std::uint64_t start;
  std::uint64_t count;
  std::size_t slice_size;
  const char* slice_hash;
};

// `bao slice START COUNT` (bao_bin 0.13.1) of the encoding of bytes i % 251, by length and BLAKE3.
constexpr Vector kVectors[] = {
    {0, 0, 0, 8, "71e0a99173564931c0b8acc52d2685a8e39c64dc52e3d02390fdac2a12b155cb"},
    {0, 7, 3, 8, "71e0a99173564931c0b8acc52d2685a8e39c64dc52e3d02390fdac2a12b155cb"},
    {1, 0, 1, 9, "9b779f74b305adc3ec513485085d52e95f9ce4fbaf9e56cb02d38a07e19353df"},
    {1024, 0, 1024, 1032, "a841c51e2d0c467c06adea2378baeca1aec47a572adf108e46acd1454c17d9b9"},
    {1025, 1024, 1, 73, "e3a756db892d6364bfb9a7704aa5ec3e409565cc7ce5ab7606e9921b5345fe53"},
    {2049, 1024, 1024, 1160, "dfdbd450f19cd64f8296093266a34cbc1de2f231d91375e7df8519ca3ac0ef4c"},
    {2049, 0, 0, 1160, "a913b3c2e2f2740e3dbe7cbe8d14bf9c043c7bca747ee30f759d7727d3c4e39e"},
    {2049, 5000, 1, 73, "230c0cd78c52dceb19b6ad145bb1ea97d60b8ce7997bec2a8fc09316780fe624"},
    {2049, 0, kMax, 2185, "c1767121600fa53e33c6c638d0d243a164c41af7dcdd655bdee4287651e7ade2"},
    {5000, 4999, kMax, 976, "be5f0ff1399ca017cd8cbef396a765c9b579c5fdf5f87929e97cb0d7bc417f37"},
    {16384, 3000, 4000, 5576, "2211a08bd187596269c26c0d677e3d40ac3df4742a10cbd0688d9f28055d7b8f"},
    {100000, 50000, 10, 1480, "88c4a68139b6775ee863a7659ed67813b65bb0f60cf06c7a20ce9e20f1d64c21"},
    {1048576, 0, 1048576, 1114056,
     "33741b04a590a3db90741541d6b11c1eb9065c98c94a378a2e7252c871017d28"},
    {1048577, 1048576, 1, 73, "7d859d139ae85eecfed6fe1a0214609a0086471cfc65b633a9762c842d6573ed"},
    {3145729, 1048575, 2, 3464, "ee14210c8ccf62b1f91d1faac49e6f2e3489e9b878ca0fc81c282209849d016e"},
    {3145729, 0, 3145729, 3342345,
     "b6bb59e3f5a2418c095559c33adf05d5582071b68ae459b9d8471b85effddc7d"},
    {5243905, 4195304, 1048576, 1115272,
     "387d8cb1341708a565724a1ab6175f2a58bc6d3a2289a4c59fb0cadded4d8b03"},
};

}  // namespace

TEST_CASE("bao: slices are those of the reference implementation") {
  for (const auto& vector : kVectors) {
    CAPTURE(vector.size);
    CAPTURE(vector.start);
    const auto data = painted(vector.size);
    const BaoRange range{vector.start, vector.count};
    const auto slice = slice_of(data, range);
    CHECK(slice.size() == vector.slice_size);
    CHECK(hex_encode(crypto::blake3(slice)) == vector.slice_hash);
    CHECK(outline_of(data).root() == crypto::blake3(data));
    CHECK(verified(crypto::blake3(data), range, slice) == part_of(data, range));
  }
}

TEST_CASE("bao: the slice of 2049 zero bytes, as the specification shows it") {
  const auto slice = slice_of(Bytes(2049, 0), {1024, 1024});
  CHECK(slice.size() == 8 + 64 + 64 + 1024);
  CHECK(hex_encode(ByteView(slice).first(11)) == "0108000000000000a04fc7");
  CHECK(hex_encode(ByteView(slice).subspan(72, 3)) == "91715a");
}

TEST_CASE("bao: larger windows give the same slices") {
  const auto data = painted(9 * kMiB + 1025);
  const auto size = data.size();
  for (const auto& range : {BaoRange{0, 1}, BaoRange{0, size}, BaoRange{4 * kMiB - 1, 2},
                            BaoRange{size, 1}, BaoRange{8 * kMiB, 1024}}) {
    const auto expected = slice_of(data, range);
    CHECK(slice_of(data, range, 2 * kMiB) == expected);
    CHECK(slice_of(data, range, 4 * kMiB) == expected);
    CHECK(slice_of(data, range, 16 * kMiB) == expected);
    CHECK(verified(crypto::blake3(data), range, expected) == part_of(data, range));
  }
}

TEST_CASE("bao: windows set in any order") {
  const auto data = painted(3 * kMiB + 7);
  BaoOutline outline(data.size());
  REQUIRE(outline.windows() == 4);
  for (std::size_t i = 4; i-- > 0;) {
    const auto begin = i * outline.window_size();
    const auto bytes = ByteView(data).subspan(
        begin, std::min<std::size_t>(outline.window_size(), data.size() - begin));
    outline.set(i, crypto::blake3_subtree(bytes, begin / crypto::kBlake3ChunkSize));
  }
  outline.complete();
  CHECK(outline.root() == crypto::blake3(data));
}

TEST_CASE("bao: every split of a slice verifies alike") {
  const auto data = painted(5000);
  const BaoRange range{1500, 2000};
  const auto slice = slice_of(data, range);
  for (std::size_t part = 1; part <= 130; ++part) {
    CHECK(verified(crypto::blake3(data), range, slice, part) == part_of(data, range));
  }
}

TEST_CASE("bao: a slice cut short anywhere, or with a byte more, is refused") {
  const auto data = painted(5000);
  const auto root = crypto::blake3(data);
  for (const auto& range : {BaoRange{1500, 2000}, BaoRange{0, 0}, BaoRange{9000, 1}}) {
    auto slice = slice_of(data, range);
    for (std::size_t size = 0; size < slice.size(); ++size) {
      CHECK(verified(root, range, ByteView(slice).first(size)).error().code == Code::parse);
    }
    slice.push_back(0);
    CHECK(verified(root, range, slice).error().code == Code::parse);
  }
}

TEST_CASE("bao: a flipped bit anywhere is refused, and what came out before is right") {
  const auto data = painted(5000);
  const auto root = crypto::blake3(data);
  const BaoRange range{1500, 2000};
  const auto slice = slice_of(data, range);
  const auto whole = part_of(data, range);
  for (std::size_t i = 0; i < slice.size(); ++i) {
    auto bad = slice;
    bad[i] ^= static_cast<std::uint8_t>(1U << (i % 8));
    BaoVerifier verifier(root, range);
    Bytes out;
    auto done = verifier.push(bad, out);
    if (done) done = verifier.finish();
    // The header's length may be wrong and yet lead along the same path to the range, as long as
    // the content's end is not part of it; no byte is believed for that.
    if (i >= 8) CHECK_FALSE(done);
    CHECK(out.size() <= whole.size());
    CHECK(std::equal(out.begin(), out.end(), whole.begin()));
    if (!done) CHECK_FALSE(verifier.finish());
  }
}

TEST_CASE("bao: lengths that no content has need no memory") {
  const auto data = painted(5000);
  const auto root = crypto::blake3(data);
  for (const std::uint64_t size : {kMax, std::uint64_t{1} << 63, (std::uint64_t{1} << 63) + 1}) {
    for (const auto& range : {BaoRange{0, kMax}, BaoRange{kMax, kMax}, BaoRange{0, 1}}) {
      auto slice = slice_of(data, {0, 1});
      store_le(slice.data(), size);
      BaoVerifier verifier(root, range);
      Bytes out;
      // The root's children are the same two hashes, so it is a chunk taken for a parent that
      // gives it away.
      const auto done = verifier.push(slice, out);
      CHECK_FALSE((done && verifier.finish()));
      CHECK(out.empty());
    }
  }
}

TEST_CASE("bao: the empty content is checked too") {
  const Bytes none;
  const auto slice = slice_of(none, {0, 0});
  CHECK(slice == Bytes(8, 0));
  CHECK(verified(crypto::blake3(none), {0, 0}, slice) == none);
  CHECK(verified(crypto::blake3(painted(1)), {0, 0}, slice).error().code == Code::mismatch);
  CHECK_FALSE(BaoVerifier(crypto::blake3(none), {0, 0}).finish());
}

TEST_CASE("bao: another range's slice, another content's hash") {
  const auto data = painted(10'000);
  const auto root = crypto::blake3(data);
  const auto slice = slice_of(data, {0, 1000});
  CHECK_FALSE(verified(root, {9000, 1000}, slice));
  CHECK_FALSE(verified(root, {0, 2000}, slice));
  CHECK(verified(crypto::blake3(painted(9999)), {0, 1000}, slice).error().code == Code::mismatch);
}

TEST_CASE("bao: a content that changes while it is read is noticed") {
  auto data = painted(2 * kMiB + 5);
  const auto outline = outline_of(data);
  const auto ignore = [](ByteView) -> Result<void> { return {}; };
  data[kMiB + 5] ^= 1;
  CHECK(write_bao_slice(outline, {0, 10}, reader(data), ignore));
  CHECK(write_bao_slice(outline, {kMiB, 10}, reader(data), ignore).error().code == Code::mismatch);
  const auto large = BaoOutline(data.size(), 4 * kMiB);
  CHECK(write_bao_slice(large, {0, 10}, reader(data), ignore).error().code == Code::mismatch);
  data.resize(kMiB + 1);
  CHECK(write_bao_slice(outline, {kMiB, 10}, reader(data), ignore).error().code == Code::io);
}

TEST_CASE("bao: a sink that fails ends the writing") {
  const auto data = painted(300'000);
  int parts = 0;
  const auto full = [&](ByteView) -> Result<void> {
    ++parts;
    return fail(Code::io, "no space left");
  };
  CHECK(write_bao_slice(outline_of(data), {0, kMax}, reader(data), full).error().code == Code::io);
  CHECK(parts == 1);
}
