#include "crypto/blake3.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/basen.h"

using namespace p2p;
using crypto::Blake3Kernel;
using crypto::Digest32;

namespace {

/// The published vectors' input.
Bytes painted(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i % 251);
  return bytes;
}

struct Vector {
  std::size_t size;
  const char* hash;
};

// BLAKE3's test_vectors.json, the first 32 bytes of "hash".
constexpr Vector kVectors[] = {
    {0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"},
    {1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"},
    {63, "e9bc37a594daad83be9470df7f7b3798297c3d834ce80ba85d6e207627b7db7b"},
    {64, "4eed7141ea4a5cd4b788606bd23f46e212af9cacebacdc7d1f4c6dc7f2511b98"},
    {65, "de1e5fa0be70df6d2be8fffd0e99ceaa8eb6e8c93a63f2d8d1c30ecb6b263dee"},
    {1023, "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11"},
    {1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"},
    {1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444"},
    {2048, "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a"},
    {2049, "5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030"},
    {3072, "b98cb0ff3623be03326b373de6b9095218513e64f1ee2edd2525c7ad1e5cffd2"},
    {3073, "7124b49501012f81cc7f11ca069ec9226cecb8a2c850cfe644e327d22d3e1cd3"},
    {4096, "015094013f57a5277b59d8475c0501042c0b642e531b0a1c8f58d2163229e969"},
    {4097, "9b4052b38f1c5fc8b1f9ff7ac7b27cd242487b3d890d15c96a1c25b8aa0fb995"},
    {5120, "9cadc15fed8b5d854562b26a9536d9707cadeda9b143978f319ab34230535833"},
    {5121, "628bd2cb2004694adaab7bbd778a25df25c47b9d4155a55f8fbd79f2fe154cff"},
    {6144, "3e2e5b74e048f3add6d21faab3f83aa44d3b2278afb83b80b3c35164ebeca205"},
    {7169, "a003fc7a51754a9b3c7fae0367ab3d782dccf28855a03d435f8cfe74605e7817"},
    {8192, "aae792484c8efe4f19e2ca7d371d8c467ffb10748d8a5a1ae579948f718a2a63"},
    {8193, "bab6c09cb8ce8cf459261398d2e7aef35700bf488116ceb94a36d0f5f1b7bc3b"},
    {16384, "f875d6646de28985646f34ee13be9a576fd515f76b5b0a26bb324735041ddde4"},
    {31744, "62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47"},
    {102400, "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085"},
};

std::vector<Blake3Kernel> kernels() {
  std::vector<Blake3Kernel> found;
  for (const auto kernel :
       {Blake3Kernel::portable, Blake3Kernel::sse41, Blake3Kernel::avx2, Blake3Kernel::avx512}) {
    if (crypto::blake3_kernel_available(kernel)) found.push_back(kernel);
  }
  return found;
}

/// Sizes on both sides of every boundary: blocks, chunks, kernels' widths, powers of two.
std::vector<std::size_t> boundary_sizes() {
  std::vector<std::size_t> sizes = {0, 1, 2, 3, 63, 64, 65, 127, 128, 129, 1023};
  for (std::size_t chunks = 1; chunks <= 70; ++chunks) {
    for (const std::size_t more : {0U, 1U, 64U, 65U, 1023U}) sizes.push_back(1024 * chunks + more);
  }
  return sizes;
}

Digest32 in_parts(ByteView bytes, std::size_t part, Blake3Kernel kernel) {
  crypto::Blake3 running(kernel);
  for (; bytes.size() > part; bytes = bytes.subspan(part)) running.update(bytes.first(part));
  running.update(bytes);
  return running.digest();
}

}  // namespace

TEST_CASE("blake3: published vectors, every kernel, whole and by the byte") {
  for (const auto& vector : kVectors) {
    CAPTURE(vector.size);
    const auto bytes = painted(vector.size);
    for (const auto kernel : kernels()) {
      CAPTURE(static_cast<int>(kernel));
      CHECK(hex_encode(crypto::blake3(bytes, kernel)) == vector.hash);
      CHECK(hex_encode(in_parts(bytes, vector.size + 1, kernel)) == vector.hash);
      CHECK(hex_encode(in_parts(bytes, 1, kernel)) == vector.hash);
    }
    CHECK(hex_encode(crypto::hash(crypto::HashAlg::blake3, bytes)) == vector.hash);
  }
}

TEST_CASE("blake3: output of any length begins as shorter ones do") {
  // test_vectors.json's "hash" whole, for inputs of 0 and 1025 bytes.
  const std::pair<std::size_t, const char*> vectors[] = {
      {0,
       "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262e00f03e7b69af26b7faaf09f"
       "cd333050338ddfe085b8cc869ca98b206c08243a26f5487789e8f660afe6c99ef9e0c52b92e7393024a80459"
       "cf91f476f9ffdbda7001c22e159b402631f277ca96f2defdf1078282314e763699a31c5363165421cce14d"},
      {1025,
       "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444f4c4a22b4b399155358a994e"
       "52bf255de60035742ec71bd08ac275a1b51cc6bfe332b0ef84b409108cda080e6269ed4b3e2c3f7d722aa4cd"
       "c98d16deb554e5627be8f955c98e1d5f9565a9194cad0c4285f93700062d9595adb992ae68ff12800ab67a"}};
  for (const auto& [size, hex] : vectors) {
    const auto top = crypto::blake3_subtree(painted(size), 0);
    for (std::size_t length = 0; length <= 131; ++length) {
      Bytes out(length);
      top.root(out);
      CHECK(hex_encode(out) == std::string_view(hex).substr(0, 2 * length));
    }
  }
}

TEST_CASE("blake3: all kernels agree at every boundary") {
  for (const auto size : boundary_sizes()) {
    CAPTURE(size);
    const auto bytes = painted(size);
    const auto expected = crypto::blake3(bytes, Blake3Kernel::portable);
    for (const auto kernel : kernels()) {
      CAPTURE(static_cast<int>(kernel));
      CHECK(crypto::blake3(bytes, kernel) == expected);
      for (const std::size_t part : {63U, 64U, 1000U, 1024U, 1025U, 4096U, 5000U, 16384U}) {
        CHECK(in_parts(bytes, part, kernel) == expected);
      }
    }
  }
}

TEST_CASE("blake3: chunk counters past 2^32 reach both halves, in every kernel and lane") {
  const auto bytes = painted(64 * 1024);
  for (const std::uint64_t first : {std::uint64_t{0}, (std::uint64_t{1} << 32) - 64,
                                    std::uint64_t{1} << 32, (std::uint64_t{1} << 53) - 64}) {
    const auto expected = crypto::blake3_subtree(bytes, first, Blake3Kernel::portable);
    for (const auto kernel : kernels()) {
      CHECK(crypto::blake3_subtree(bytes, first, kernel).chaining_value() ==
            expected.chaining_value());
    }
  }
  // A carry in the middle of a vector; such a subtree is not aligned, its chunks are chunks.
  std::vector<Digest32> expected(64);
  std::vector<Digest32> found(64);
  const auto first = (std::uint64_t{1} << 32) - 5;
  crypto::blake3_chunks(bytes, first, expected, Blake3Kernel::portable);
  for (const auto kernel : kernels()) {
    crypto::blake3_chunks(bytes, first, found, kernel);
    CHECK(found == expected);
  }
}

TEST_CASE("blake3: subtrees hashed apart give the root, whatever their sizes") {
  for (const auto size : boundary_sizes()) {
    if (size == 0) continue;
    CAPTURE(size);
    const auto bytes = painted(size);
    const auto expected = crypto::blake3(bytes);
    for (const std::size_t window : {1U, 2U, 4U, 8U, 32U, 128U}) {
      crypto::Blake3Tree tree;
      ByteView rest = bytes;
      while (!rest.empty()) {
        const auto part = rest.first(std::min<std::size_t>(rest.size(), window * 1024));
        tree.push(crypto::blake3_subtree(part, tree.chunks()), (part.size() + 1023) / 1024);
        rest = rest.subspan(part.size());
      }
      CHECK(tree.top().root() == expected);
      CHECK(tree.top().root() == expected);
    }
    // Windows that grow: 1, 1, 2, 4, 8 … chunks.
    crypto::Blake3Tree tree;
    ByteView rest = bytes;
    while (!rest.empty()) {
      const auto chunks = std::max<std::size_t>(1, tree.chunks());
      const auto part = rest.first(std::min<std::size_t>(rest.size(), chunks * 1024));
      tree.push(crypto::blake3_subtree(part, tree.chunks()), (part.size() + 1023) / 1024);
      rest = rest.subspan(part.size());
    }
    CHECK(tree.top().root() == expected);
  }
}

TEST_CASE("blake3: the empty input's tree is a chunk of no bytes") {
  crypto::Blake3Tree tree;
  tree.push(crypto::blake3_subtree({}, 0), 1);
  CHECK(tree.top().root() == crypto::blake3({}));
}

TEST_CASE("blake3: parents may be written over their children") {
  std::vector<Digest32> children(64);
  crypto::blake3_chunks(painted(64 * 1024), 0, children, Blake3Kernel::portable);
  std::vector<Digest32> expected(32);
  for (std::size_t i = 0; i < 32; ++i) {
    expected[i] = crypto::blake3_parent(children[2 * i], children[2 * i + 1]).chaining_value();
  }
  for (const auto kernel : kernels()) {
    auto nodes = children;
    crypto::blake3_parents(nodes, {nodes.data(), 32}, kernel);
    nodes.resize(32);
    CHECK(nodes == expected);
  }
}

TEST_CASE("blake3: the portable kernel is everywhere, and the best one is available") {
  CHECK(crypto::blake3_kernel_available(Blake3Kernel::portable));
  CHECK(crypto::blake3_kernel_available(Blake3Kernel::best));
  CHECK_FALSE(crypto::blake3_kernel_name().empty());
}
