#include "chain/consensus/rules.h"

#include <doctest/doctest.h>

#include "chain/consensus/compact.h"

using namespace p2p::chain;

namespace {

U256 hex(std::string_view text) { return U256::parse_hex(text).value(); }

/// A sequence of headers with given times; proof of work plays no part in check_context.
struct Sequence {
  HeaderParams params;
  HeaderSequence chain;

  explicit Sequence(HeaderParams p) : params(std::move(p)), chain(params.genesis) {}

  BlockHeader next(std::uint32_t time) const {
    BlockHeader header;
    header.version = 4;
    header.time = time;
    header.bits = next_bits(params, chain, time);
    return header;
  }
  Outcome check(const BlockHeader& header, std::int64_t now = 4'000'000'000) const {
    return check_context(params, header, chain, now);
  }
  void add(std::uint32_t time) {
    const BlockHeader header = next(time);
    REQUIRE(check(header).ok());
    chain.push(header);
  }
  void fill_to(std::uint32_t height) {
    while (chain.height() < height) add(chain.back(0).time + params.spacing_s);
  }
};

HeaderParams small() {
  HeaderParams params;
  params.name = "small";
  params.limit_bits = 0x1e100000;
  params.pow_limit = decode_compact(params.limit_bits).target;
  params.spacing_s = 10;
  params.window = 8;
  params.timespan_s = 80;
  params.bip54 = true;
  params.genesis.bits = params.limit_bits;
  params.genesis.time = 1'000'000;
  params.genesis_id = params.genesis.id();
  return params;
}

}  // namespace

TEST_CASE("compact bits decode and encode as in Bitcoin Core's bignum_SetCompact") {
  struct Case {
    std::uint32_t bits;
    const char* target;
    std::uint32_t encoded;  // of the absolute value
    bool negative;
    bool overflow;
  };
  const Case cases[] = {
      {0, "0", 0, false, false},
      {0x00123456, "0", 0, false, false},
      {0x01003456, "0", 0, false, false},
      {0x02000056, "0", 0, false, false},
      {0x03000000, "0", 0, false, false},
      {0x04000000, "0", 0, false, false},
      {0x00923456, "0", 0, false, false},
      {0x01803456, "0", 0, false, false},
      {0x02800056, "0", 0, false, false},
      {0x03800000, "0", 0, false, false},
      {0x04800000, "0", 0, false, false},
      {0x01123456, "12", 0x01120000, false, false},
      {0x01fedcba, "7e", 0x017e0000, true, false},
      {0x02123456, "1234", 0x02123400, false, false},
      {0x03123456, "123456", 0x03123456, false, false},
      {0x04123456, "12345600", 0x04123456, false, false},
      {0x04923456, "12345600", 0x04123456, true, false},
      {0x05009234, "92340000", 0x05009234, false, false},
      {0x20123456, "1234560000000000000000000000000000000000000000000000000000000000", 0x20123456,
       false, false},
  };
  for (const Case& c : cases) {
    CAPTURE(c.bits);
    const Compact compact = decode_compact(c.bits);
    CHECK(compact.target == hex(c.target));
    CHECK(compact.negative == c.negative);
    CHECK(compact.overflow == c.overflow);
    CHECK(encode_compact(compact.target) == c.encoded);
  }
  CHECK(decode_compact(0xff123456).overflow);
  CHECK(encode_compact(0x80) == 0x02008000);
  CHECK(encode_compact(U256::max()) == 0x2100ffff);
}

TEST_CASE("compact overflow begins exactly where the mantissa leaves 256 bits") {
  CHECK_FALSE(decode_compact(0x220000ff).overflow);
  CHECK(decode_compact(0x220000ff).target == U256(0xff) << 248);
  CHECK(decode_compact(0x22000100).overflow);
  CHECK_FALSE(decode_compact(0x2100ffff).overflow);
  CHECK(decode_compact(0x21010000).overflow);
  CHECK(decode_compact(0x23000001).overflow);
  CHECK_FALSE(decode_compact(0xff000000).overflow);
}

TEST_CASE("targets that a header may not carry") {
  const U256 limit = decode_compact(0x1d00ffff).target;
  CHECK(target_of(0x1d00ffff, limit));
  CHECK_FALSE(target_of(0x1d010000, limit));
  CHECK_FALSE(target_of(0x1d80ffff, limit));  // negative
  CHECK_FALSE(target_of(0, limit));
  CHECK_FALSE(target_of(0xff123456, U256::max()));
}

TEST_CASE("work is the expected number of hashes") {
  CHECK(work_of_bits(0x1d00ffff) == U256(0x100010001));
  CHECK(work_of(U256::max()) == U256(1));
  CHECK(work_of(U256::max() >> 1) == U256(2));
  CHECK(work_of_bits(0x1d80ffff).is_zero());
}

TEST_CASE("retargets of Bitcoin Core's pow_tests") {
  const HeaderParams main = bitcoin_main();
  const auto span = [](std::int64_t first, std::int64_t last) { return last - first; };
  CHECK(retarget(main, 0x1d00ffff, span(1261130161, 1262152739)) == 0x1d00d86a);  // 32256
  CHECK(retarget(main, 0x1d00ffff, span(1231006505, 1233061996)) == 0x1d00ffff);  // 2016, limit
  CHECK(retarget(main, 0x1c05a3f4, span(1279008237, 1279297671)) == 0x1c0168fd);  // 68544, lower
  CHECK(retarget(main, 0x1c387f6f, span(1263163443, 1269211443)) == 0x1d00e1fd);  // 46368, upper
  // A negative span clamps to a quarter and is no huge unsigned number.
  CHECK(retarget(main, 0x1c05a3f4, -1) == 0x1c0168fd);
}

TEST_CASE("parameters with which retargeting would overflow are refused") {
  CHECK(check_params(bitcoin_main()));
  CHECK(check_params(bitcoin_testnet3()));
  CHECK(check_params(bitcoin_testnet4()));
  CHECK(check_params(bitcoin_signet()));
  CHECK(check_params(bitcoin_regtest()));
  // Signet's limit is the largest that fits; one more in the mantissa does not.
  HeaderParams signet = bitcoin_signet();
  signet.pow_limit = U256(0x0377af) << 216;
  CHECK_FALSE(check_params(signet));
  HeaderParams broken = small();
  broken.window = 0;
  CHECK_FALSE(check_params(broken));
  broken = small();
  broken.limit_bits = 0x1e900000;
  CHECK_FALSE(check_params(broken));
}

TEST_CASE("Bitcoin's networks start where they should") {
  const auto starts = [](const HeaderParams& params, std::string_view id) {
    CHECK(params.genesis_id.text() == id);
    CHECK(check_work(params, params.genesis, params.genesis_id).ok());
  };
  starts(bitcoin_main(), "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f");
  starts(bitcoin_testnet3(), "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943");
  starts(bitcoin_testnet4(), "00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043");
  starts(bitcoin_signet(), "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6");
  starts(bitcoin_regtest(), "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206");
}

TEST_CASE("header bytes and ids round trip") {
  const BlockHeader genesis = bitcoin_main().genesis;
  const auto raw = genesis.encode();
  CHECK(BlockHeader::decode(raw).value() == genesis);
  CHECK_FALSE(BlockHeader::decode(p2p::ByteView(raw).first(79)));
  const BlockId id = genesis.id();
  CHECK(BlockId::parse(id.text()).value() == id);
  CHECK_FALSE(BlockId::parse("00"));
  CHECK_FALSE(BlockId::parse(std::string(64, 'g')));
}

TEST_CASE("time must pass the median of the last eleven") {
  Sequence s(small());
  CHECK(s.check(s.next(1'000'000)).rule == Rule::time_too_old);
  s.fill_to(5);
  // Times 0, 10, …, 50 past the start: with an even number Bitcoin takes the upper middle.
  CHECK(median_time_past(s.chain) == 1'000'030);
  CHECK(s.check(s.next(1'000'030)).rule == Rule::time_too_old);
  CHECK(s.check(s.next(1'000'031)).ok());
  s.fill_to(20);
  CHECK(median_time_past(s.chain) == s.chain.back(5).time);
}

TEST_CASE("a header from the future is neither valid nor invalid") {
  Sequence s(small());
  const std::int64_t now = 1'000'000;
  CHECK(s.check(s.next(1'000'000 + 7200), now).ok());
  const Outcome early = s.check(s.next(1'000'000 + 7201), now);
  CHECK(early.verdict == Verdict::future);
  CHECK(early.rule == Rule::time_too_new);
  // What breaks a rule for ever is invalid, however far ahead.
  BlockHeader wrong = s.next(1'000'000 + 7201);
  wrong.bits ^= 1;
  CHECK(s.check(wrong, now).verdict == Verdict::invalid);
}

TEST_CASE("bits must equal the computed ones, canonical or not") {
  Sequence s(small());
  BlockHeader header = s.next(1'000'010);
  header.bits = 0x1f001000;  // the same target, spelt differently
  CHECK(decode_compact(header.bits).target == s.params.pow_limit);
  CHECK(s.check(header).rule == Rule::bad_bits);
}

TEST_CASE("versions compare signed") {
  Sequence s(small());
  BlockHeader header = s.next(1'000'010);
  header.version = 3;
  CHECK(s.check(header).rule == Rule::bad_version);
  header.version = static_cast<std::int32_t>(0x80000004);
  CHECK(s.check(header).rule == Rule::bad_version);
  header.version = 0x20000000;
  CHECK(s.check(header).ok());
}

TEST_CASE("BIP54 refuses a period that starts before the last one's end") {
  Sequence s(small());
  s.fill_to(6);
  s.add(s.chain.back(0).time + 9000);  // height 7, the period's last
  const std::uint32_t end = s.chain.back(0).time;
  CHECK(s.check(s.next(end - 7201)).rule == Rule::time_warp);
  CHECK(s.check(s.next(end - 7200)).ok());
}

TEST_CASE("BIP54 refuses a period that ends before it started") {
  Sequence s(small());
  s.fill_to(7);
  s.add(s.chain.back(0).time + 5000);  // height 8, the period's first, far ahead
  const std::uint32_t start = s.chain.back(0).time;
  while (s.chain.height() < 14) s.add(median_time_past(s.chain) + 1);
  CHECK(s.check(s.next(start - 1)).rule == Rule::time_murch_zawy);
  CHECK(s.check(s.next(start)).ok());
}

TEST_CASE("BIP94 refuses 600 seconds of warp and retargets from the period's first block") {
  HeaderParams params = small();
  params.bip54 = false;
  params.bip94 = true;
  params.min_difficulty = true;
  Sequence s(params);
  // Quick blocks raise the difficulty at height 8.
  while (s.chain.height() < 8) s.add(s.chain.back(0).time + 1);
  const std::uint32_t hard = s.chain.back(0).bits;
  CHECK(hard != params.limit_bits);
  while (s.chain.height() < 14) s.add(s.chain.back(0).time + 10);
  // The period's last block takes the minimum-difficulty exception; the next base is the first's.
  s.add(s.chain.back(0).time + 21);
  CHECK(s.chain.back(0).bits == params.limit_bits);
  const std::int64_t span = s.chain.back(0).time - s.chain.back(7).time;
  CHECK(next_bits(params, s.chain, s.chain.back(0).time + 10) == retarget(params, hard, span));
  HeaderParams old = params;
  old.bip94 = false;
  CHECK(next_bits(old, s.chain, s.chain.back(0).time + 10) == params.limit_bits);

  Sequence warp(params);
  warp.fill_to(6);
  warp.add(warp.chain.back(0).time + 1000);
  CHECK(warp.check(warp.next(warp.chain.back(0).time - 601)).rule == Rule::time_warp);
  CHECK(warp.check(warp.next(warp.chain.back(0).time - 600)).ok());
}

TEST_CASE(
    "the minimum-difficulty rule is strict about its 2 · spacing and walks back over exceptions") {
  HeaderParams params = small();
  params.bip54 = false;
  params.min_difficulty = true;
  Sequence s(params);
  while (s.chain.height() < 8) s.add(s.chain.back(0).time + 1);
  const std::uint32_t hard = s.chain.back(0).bits;
  const std::uint32_t last = s.chain.back(0).time;
  CHECK(next_bits(params, s.chain, last + 20) == hard);
  CHECK(next_bits(params, s.chain, last + 21) == params.limit_bits);
  s.add(last + 21);
  s.add(s.chain.back(0).time + 21);
  CHECK(s.chain.back(0).bits == params.limit_bits);
  CHECK(next_bits(params, s.chain, s.chain.back(0).time + 5) == hard);
}
