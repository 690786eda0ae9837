// Real chains through the real rules. The headers are large and stand outside the project: in
// bitcoin-headers/ of the directory that P2P_TEST_DATA names.
#include <doctest/doctest.h>

#include "base/basen.h"
#include "chain/consensus/compact.h"
#include "chain/consensus/header_tree.h"
#include "support/needs.h"

using namespace p2p::chain;

namespace {

constexpr std::int64_t kLongAfter = 2'000'000'000;

/// Checks every header and returns how often the bits changed at a period's start.
int replay(const HeaderParams& params, p2p::ByteView raw, std::uint32_t tip_height) {
  HeaderTree tree(params);
  REQUIRE(raw.size() == std::size_t{kHeaderSize} * (tip_height + 1));
  CHECK(p2p::equal(raw.first(kHeaderSize), params.genesis.encode()));
  int retargets = 0;
  for (std::uint32_t height = 1; height <= tip_height; ++height) {
    const auto at = raw.subspan(height * kHeaderSize, kHeaderSize);
    const BlockHeader header = BlockHeader::decode(at).value();
    const BlockId id = header.id();
    const Outcome outcome = tree.check(header, id, kLongAfter);
    REQUIRE_MESSAGE(outcome.ok(), "height " << height << ": " << outcome.message());
    const HeaderNode& node = tree.insert(header, id);
    REQUIRE(node.height == height);
    if (height % params.window == 0) ++retargets;
    // A header that was changed must not pass.
    if (height % 997 == 0) {
      BlockHeader wrong = header;
      wrong.bits -= 1;
      CHECK_FALSE(check_context(params, wrong, NodeContext(*node.parent), kLongAfter).ok());
    }
  }
  return retargets;
}

}  // namespace

TEST_SUITE_BEGIN("needs data");

TEST_CASE("mainnet's first 10,236 headers are valid") {
  if (const auto raw = p2p::test::test_data("bitcoin-headers/mainnet_0-10236.bin")) {
    CHECK(replay(bitcoin_main(), p2p::as_bytes(*raw), 10'236) == 5);
  }
}

TEST_CASE("testnet3's first 9,999 headers are valid, minimum-difficulty blocks included") {
  if (const auto raw = p2p::test::test_data("bitcoin-headers/testnet3_0-9999.bin")) {
    CHECK(replay(bitcoin_testnet3(), p2p::as_bytes(*raw), 9'999) == 4);
    // Under mainnet's rules the first exception is refused.
    HeaderParams strict = bitcoin_testnet3();
    strict.min_difficulty = false;
    HeaderTree tree(strict);
    bool refused = false;
    for (std::size_t at = kHeaderSize; at < raw->size() && !refused; at += kHeaderSize) {
      const auto header = BlockHeader::decode(p2p::as_bytes(*raw).subspan(at, kHeaderSize)).value();
      refused = tree.check(header, header.id(), kLongAfter).rule == Rule::bad_bits;
      if (!refused) tree.insert(header, header.id());
    }
    CHECK(refused);
  }
}

TEST_CASE("signet's first 2,015 headers are valid") {
  if (const auto raw = p2p::test::test_data("bitcoin-headers/signet_0-2015.bin")) {
    CHECK(replay(bitcoin_signet(), p2p::as_bytes(*raw), 2'015) == 0);
  }
}

TEST_CASE("all 413 of mainnet's retargets up to 832,608 and its chainwork are reproduced") {
  const auto csv = p2p::test::test_data("bitcoin-headers/mainnet_retarget_boundaries.csv");
  if (!csv) return;
  const HeaderParams params = bitcoin_main();
  std::string_view rest = *csv;
  rest.remove_prefix(rest.find('\n') + 1);
  struct Row {
    std::uint32_t height;
    BlockHeader header;
    U256 chainwork;
  };
  std::vector<Row> rows;
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const auto comma = line.find(',');
    const auto second = line.find(',', comma + 1);
    REQUIRE(second != std::string_view::npos);
    const auto raw = p2p::hex_decode(line.substr(comma + 1, second - comma - 1)).value();
    auto work = line.substr(second + 1);
    while (!work.empty() && work.back() == '\r') work.remove_suffix(1);
    rows.push_back({static_cast<std::uint32_t>(std::stoul(std::string(line.substr(0, comma)))),
                    BlockHeader::decode(raw).value(), U256::parse_hex(work).value()});
  }
  int retargets = 0;
  int clamped = 0;
  for (std::size_t i = 0; i + 2 < rows.size(); i += 2) {
    const Row& first = rows[i];
    const Row& last = rows[i + 1];
    const Row& next = rows[i + 2];
    REQUIRE(last.height == first.height + 2015);
    REQUIRE(next.height == last.height + 1);
    CHECK(check_work(params, next.header, next.header.id()).ok());
    const std::int64_t span = std::int64_t{last.header.time} - std::int64_t{first.header.time};
    CHECK(retarget(params, last.header.bits, span) == next.header.bits);
    if (next.header.bits != first.header.bits) {
      if (span < params.timespan_s / 4 || span > std::int64_t{params.timespan_s} * 4) ++clamped;
    }
    ++retargets;
    const U256 each = work_of_bits(first.header.bits);
    CHECK(last.chainwork == first.chainwork + each * U256(2015));
    CHECK(next.chainwork == last.chainwork + work_of_bits(next.header.bits));
  }
  CHECK(retargets == 413);
  CHECK(clamped == 1);
}

TEST_SUITE_END();
