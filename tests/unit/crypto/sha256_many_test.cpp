#include "crypto/sha256_many.h"

#include <doctest/doctest.h>

#include <vector>

#include "base/basen.h"
#include "support/noise.h"

using namespace p2p;
using crypto::Digest32;
using crypto::MessageParts;
using crypto::Sha256Path;
using test::noise;

namespace {

constexpr Sha256Path kPaths[] = {Sha256Path::best, Sha256Path::one_by_one, Sha256Path::two_by_two};

}  // namespace

TEST_CASE("sha256_many: published digests, side by side") {
  // FIPS 180-4's examples and the empty message.
  const ByteView messages[] = {
      as_bytes("abc"), {}, as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")};
  for (const auto path : kPaths) {
    Digest32 digests[3];
    crypto::sha256_many(messages, digests, path);
    CHECK(hex_encode(digests[0]) ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(hex_encode(digests[1]) ==
          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(hex_encode(digests[2]) ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  }
}

TEST_CASE("sha256_many: any number of messages of any lengths") {
  const auto data = noise(20'000);
  for (std::size_t count = 0; count < 50; ++count) {
    std::vector<ByteView> messages;
    std::vector<Digest32> digests(count);
    for (std::size_t i = 0; i < count; ++i) {
      // Short and long beside each other, all ends within a block.
      const std::size_t size = i % 3 == 0 ? 61 * i + count : 16'384 - 7 * i;
      messages.push_back(ByteView(data).subspan(i, size));
    }
    for (const auto path : kPaths) {
      crypto::sha256_many(messages, digests, path);
      for (std::size_t i = 0; i < count; ++i) CHECK(digests[i] == crypto::sha256(messages[i]));
    }
  }
}

TEST_CASE("sha256_many: sixteen of every length around the padding's boundaries") {
  const auto data = noise(400);
  for (std::size_t size = 0; size <= 200; ++size) {
    std::vector<ByteView> messages;
    for (std::size_t i = 0; i < 17; ++i) messages.push_back(ByteView(data).subspan(i, size));
    std::vector<Digest32> digests(17);
    crypto::sha256_many(messages, digests);
    for (std::size_t i = 0; i < 17; ++i) CHECK(digests[i] == crypto::sha256(messages[i]));
  }
}

TEST_CASE("sha256_many: every length around the padding's boundaries, beside every other") {
  const auto data = noise(400);
  for (std::size_t a = 0; a <= 130; ++a) {
    for (const std::size_t b : {0U, 1U, 55U, 56U, 63U, 64U, 65U, 119U, 120U, 128U, 300U}) {
      const ByteView messages[] = {ByteView(data).first(a), ByteView(data).subspan(1, b)};
      Digest32 digests[2];
      crypto::sha256_many(messages, digests);
      CHECK(digests[0] == crypto::sha256(messages[0]));
      CHECK(digests[1] == crypto::sha256(messages[1]));
    }
  }
}

TEST_CASE("sha256_many: where a message is cut into parts makes no difference") {
  const auto data = noise(500);
  const auto view = ByteView(data);
  const auto whole = crypto::sha256(view);
  for (const auto path : kPaths) {
    for (std::size_t first = 0; first <= 200; first += 3) {
      for (const std::size_t second : {0U, 1U, 14U, 63U, 64U, 65U, 256U, 300U}) {
        const MessageParts parts = {view.first(first), view.subspan(first, second),
                                    view.subspan(first + second)};
        std::vector<MessageParts> messages(9, parts);
        messages[1] = {view, {}, {}};
        messages[2] = {ByteView{}, {}, view};
        std::vector<Digest32> digests(9);
        crypto::sha256_many(messages, digests, path);
        for (const auto& digest : digests) CHECK(digest == whole);
      }
    }
  }
}
