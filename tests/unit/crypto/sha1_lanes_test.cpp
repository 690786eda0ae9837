#include "crypto/sha1_lanes.h"

#include <doctest/doctest.h>

#include <vector>

#include "base/basen.h"

using namespace p2p;
using crypto::Digest20;
using crypto::Sha1Lanes;
using crypto::Sha1Path;

namespace {

Bytes message(std::size_t lane, std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) {
    out[i] = static_cast<std::uint8_t>((i * 131 + lane * 17 + i / 256) & 0xff);
  }
  return out;
}

/// The digests of `count` different messages, handed over in pieces of `step` bytes.
std::vector<Digest20> in_lanes(Sha1Path path, std::size_t count, std::size_t size,
                               std::size_t step) {
  std::vector<Bytes> messages;
  std::vector<const std::uint8_t*> at;
  for (std::size_t i = 0; i < count; ++i) messages.push_back(message(i, size));
  for (const auto& m : messages) at.push_back(m.data());
  Sha1Lanes lanes(count, path);
  std::size_t left = size;
  while (left >= step) {
    lanes.update(at, step);
    for (auto& p : at) p += step;
    left -= step;
  }
  std::vector<Digest20> out(count);
  lanes.finish(at, left, out);
  return out;
}

}  // namespace

TEST_CASE("sha-1: FIPS 180-4's examples") {
  CHECK(hex_encode(crypto::sha1(as_bytes("abc"))) == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(hex_encode(crypto::sha1({})) == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  const std::string_view long_one = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  CHECK(hex_encode(crypto::sha1(as_bytes(long_one))) == "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
}

TEST_CASE("sha-1: lanes hash as one hash does, at every length of the last block") {
  for (const auto path : {Sha1Path::best, Sha1Path::single, Sha1Path::avx2, Sha1Path::avx512}) {
    if (!crypto::sha1_path_available(path)) {
      MESSAGE("a path that this processor lacks is left out");
      continue;
    }
    for (std::size_t count = 1; count <= Sha1Lanes::kMost; ++count) {
      for (std::size_t size = 0; size <= 260; ++size) {
        const auto digests = in_lanes(path, count, size, 128);
        for (std::size_t i = 0; i < count; ++i) {
          REQUIRE(digests[i] == crypto::sha1(message(i, size)));
        }
      }
    }
  }
}

TEST_CASE("sha-1: zeros need not be there") {
  for (const auto path : {Sha1Path::best, Sha1Path::single, Sha1Path::avx2, Sha1Path::avx512}) {
    if (!crypto::sha1_path_available(path)) continue;
    for (const std::size_t zeros : {0, 64, 4096, 10048}) {
      Sha1Lanes lanes(7, path);
      Bytes data = message(1, 128);
      const std::vector<const std::uint8_t*> at(7, data.data());
      std::vector<Digest20> out(7);
      lanes.update(at, 128);
      lanes.update_zeros(zeros);
      lanes.finish(at, 5, out);
      Bytes whole = data;
      whole.resize(128 + zeros);
      append(whole, ByteView(data).first(5));
      for (const auto& digest : out) CHECK(digest == crypto::sha1(whole));
    }
  }
}

TEST_CASE("sha-1: lanes start anew after they are finished") {
  Sha1Lanes lanes(8);
  const Bytes data = message(3, 1000);
  const std::vector<const std::uint8_t*> at(8, data.data());
  std::vector<Digest20> out(8);
  lanes.finish(at, 1000, out);
  lanes.finish(at, 999, out);
  CHECK(out[7] == crypto::sha1(ByteView(data).first(999)));
}
