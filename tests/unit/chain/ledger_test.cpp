#include <doctest/doctest.h>

#include <algorithm>

#include "base/basen.h"
#include "crypto/hash.h"
#include "support/chain_fixture.h"

using namespace p2p;
using namespace p2p::chain;
using p2p::testing::address_of;
using p2p::testing::anchor;
using p2p::testing::easy_params;
using p2p::testing::easy_spec;
using p2p::testing::key_of;
using p2p::testing::transfer;

namespace {

/// Every byte string that differs from `raw` by one bit, one missing or one added byte must be
/// refused, or read as something that encodes back to exactly it.
template <class T>
void check_strict(const Bytes& raw) {
  for (std::size_t i = 0; i < raw.size(); ++i) {
    CHECK_FALSE(T::decode(ByteView(raw).first(i)));
    for (int bit = 0; bit < 8; ++bit) {
      Bytes other = raw;
      other[i] ^= static_cast<std::uint8_t>(1 << bit);
      if (const auto read = T::decode(other)) CHECK(read->encode() == other);
    }
  }
  Bytes longer = raw;
  longer.push_back(0);
  CHECK_FALSE(T::decode(longer));
}

}  // namespace

TEST_CASE("bech32m agrees with BIP350's vectors") {
  CHECK(bech32m_decode("a", "a1lqfn3a").value().empty());
  CHECK(bech32m_decode("a", "A1LQFN3A").value().empty());
  CHECK(bech32m_encode("a", {}) == "a1lqfn3a");
  const Bytes all =
      bech32m_decode("split", "split1checkupstagehandshakeupstreamerranterredcaperredlc445v")
          .value_or(Bytes());
  CHECK(hex_encode(all) == "c5f38b70305f519bf66d85fb6cf03058f3dde463ecd7918f2dc743918f2d");
  CHECK(bech32m_encode("split", all) ==
        "split1checkupstagehandshakeupstreamerranterredcaperredlc445v");
  for (const char* bad :
       {"a1lqfn3A", "a1lqfn3b", "alqfn3a", "b1lqfn3a", "a1lqfn3", "a1bqfn3a", "a1lqfn3\x80"}) {
    CHECK_FALSE(bech32m_decode("a", bad));
  }
  CHECK_FALSE(bech32m_decode("a", "a1" + std::string(90, 'q')));
}

TEST_CASE("addresses round trip and every single wrong character is noticed") {
  const Address address = address_of(7);
  const std::string text = address.text();
  CHECK(text.starts_with("p2p1"));
  CHECK(Address::parse(text).value() == address);
  CHECK(Address::parse("q2p1xy").error().why == "an address begins with p2p1");
  CHECK(Address::parse("p2p1xy").error().why == "it is cut short");
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const char c : std::string_view("qpzry9x8gf2tvdw0s3jn54khce6mua7l")) {
      if (text[i] == c) continue;
      std::string wrong = text;
      wrong[i] = c;
      CHECK_FALSE(Address::parse(wrong));
    }
  }
  CHECK_FALSE(Address::of(crypto::PublicKey{crypto::KeyType::rsa, Bytes(32)}));
}

TEST_CASE("transactions have one encoding") {
  const ChainParams params = easy_params();
  const Transaction all[] = {transfer(params, 1, 2, 5, 1, 0), anchor(params, 1, "bafy", 300),
                             anchor(params, 1, std::string(kMaxAnchorData, 'x'), 1),
                             Transaction::coinbase(70'000, address_of(3), 1000, Bytes{1, 2, 3}),
                             params.genesis().txs.front()};
  for (const Transaction& tx : all) {
    const Bytes raw = tx.encode();
    CHECK(raw.size() <= kMaxTransactionSize);
    const auto read = Transaction::decode(raw);
    REQUIRE_MESSAGE(read, read.error().message());
    CHECK(*read == tx);
    CHECK(tx.id().digest == crypto::sha256(raw));
    CHECK(tx.id().cid().codec() == multiformats::Codec::dag_cbor);
    check_strict<Transaction>(raw);
  }
}

TEST_CASE("a transfer's bytes are dag-cbor as written in the header") {
  Transaction tx = Transaction::transfer(Address(), Address(), 1000, 1, 2);
  CHECK(hex_encode(tx.encode()) ==
        "a7"
        "62746f"
        "5820" +
            std::string(64, '0') +
            "63666565"
            "01"
            "63736967"
            "5840" +
            std::string(128, '0') +
            "6466726f6d"
            "5820" +
            std::string(64, '0') +
            "6474797065"
            "687472616e73666572"
            "656e6f6e6365"
            "02"
            "66616d6f756e74"
            "1903e8");
}

TEST_CASE("transactions that are not canonical are refused") {
  const auto refused = [](std::string_view hex) {
    return !Transaction::decode(hex_decode(hex).value());
  };
  const std::string to = "62746f5820" + std::string(64, '0');
  const std::string rest =
      "6474797065"
      "68636f696e62617365"
      "656578747261"
      "40"
      "66616d6f756e74"
      "01"
      "66686569676874"
      "02";
  CHECK_FALSE(refused("a5" + to + rest));
  CHECK(refused("bf" + to + rest + "ff"));  // indefinite length
  CHECK(refused("b805" + to + rest));       // a length not in shortest form
  CHECK(refused("a6" + to + to + rest));    // a key twice
  CHECK(refused("a5" + rest + to));         // keys out of order
  CHECK(refused("a4" + rest));              // a key missing
  CHECK(refused("a6" + to + rest +
                "6768616c76696e67"
                "01"));  // a key too many
  CHECK(refused("a5" + to +
                "6474797065"
                "68636f696e62617365"
                "656578747261"
                "40"
                "66616d6f756e74"
                "1801"
                "66686569676874"
                "02"));  // 1 in two bytes
  CHECK(refused("a5" + to +
                "6474797065"
                "68636f696e62617365"
                "656578747261"
                "40"
                "66616d6f756e74"
                "20"
                "66686569676874"
                "02"));  // -1
  CHECK(refused(""));
  CHECK(refused("f6"));
}

TEST_CASE("signatures cover every field and the chain") {
  const ChainParams params = easy_params();
  ChainSpec other_spec = easy_spec();
  other_spec.name = "other";
  const ChainParams other = ChainParams::from_spec(other_spec).value();
  const Transaction tx = transfer(params, 1, 2, 5, 1, 0);
  CHECK(tx.signature_valid(params.genesis_id()));
  CHECK_FALSE(tx.signature_valid(other.genesis_id()));
  const auto changed = [&](auto change) {
    Transaction copy = tx;
    change(copy);
    return copy.signature_valid(params.genesis_id());
  };
  CHECK_FALSE(changed([](Transaction& t) { t.amount = 6; }));
  CHECK_FALSE(changed([](Transaction& t) { t.fee = 0; }));
  CHECK_FALSE(changed([](Transaction& t) { t.nonce = 1; }));
  CHECK_FALSE(changed([](Transaction& t) { t.to = address_of(3); }));
  CHECK_FALSE(changed([](Transaction& t) { t.from = address_of(3); }));
  CHECK_FALSE(changed([](Transaction& t) { t.signature[10] ^= 1; }));
  CHECK_FALSE(changed([](Transaction& t) { t.type = TxType::anchor; }));
  CHECK_FALSE(Transaction::coinbase(1, address_of(1), 1, {}).signature_valid(params.genesis_id()));
}

TEST_CASE("Merkle roots agree with RFC 6962's test tree") {
  // Certificate Transparency's reference leaves (google/certificate-transparency, merkletree
  // tests).
  const std::vector<Bytes> leaves = {{},
                                     {0x00},
                                     {0x10},
                                     {0x20, 0x21},
                                     {0x30, 0x31},
                                     {0x40, 0x41, 0x42, 0x43},
                                     {0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57},
                                     {0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69,
                                      0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f}};
  const char* roots[] = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                         "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                         "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                         "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                         "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                         "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                         "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                         "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  for (std::size_t n = 1; n <= leaves.size(); ++n) {
    CHECK(hex_encode(merkle_root(std::span(leaves).first(n))) == roots[n - 1]);
  }
  CHECK(hex_encode(merkle_root(std::span<const Bytes>())) ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("doubling the last transaction changes the root, unlike in Bitcoin") {
  // CVE-2012-2459: three leaves and four, the last twice, had one root.
  const std::vector<Bytes> three = {{1}, {2}, {3}};
  const std::vector<Bytes> four = {{1}, {2}, {3}, {3}};
  CHECK(merkle_root(std::span(three)) != merkle_root(std::span(four)));
}

TEST_CASE("blocks have one encoding and three names") {
  const ChainParams params = easy_params();
  Block block;
  block.txs = {Transaction::coinbase(1, address_of(1), 1001, {}), transfer(params, 1, 2, 5, 1, 0)};
  block.header.merkle_root = merkle_root(block.txs);
  const Bytes raw = block.encode();
  CHECK(Block::decode(raw).value() == block);
  CHECK(check_block(block, raw.size()).ok());
  check_strict<Block>(raw);
  CHECK(header_cid(block.id()).codec() == multiformats::Codec::bitcoin_block);
  CHECK(header_cid(block.id()).hash().matches(block.header.encode()).value());
  CHECK(block_cid(raw).codec() == multiformats::Codec::dag_cbor);
}

TEST_CASE("what a block may not be without knowing anything else") {
  const ChainParams params = easy_params();
  const auto rule = [](std::vector<Transaction> txs) {
    Block block;
    block.txs = std::move(txs);
    block.header.merkle_root = merkle_root(block.txs);
    return check_block(block, block.encode().size()).rule;
  };
  const Transaction coinbase = Transaction::coinbase(1, address_of(1), 1000, {});
  const Transaction pay = transfer(params, 1, 2, 5, 1, 0);
  CHECK(rule({coinbase, pay}) == Rule::none);
  CHECK(rule({}) == Rule::no_coinbase);
  CHECK(rule({pay}) == Rule::no_coinbase);
  CHECK(rule({coinbase, coinbase}) == Rule::no_coinbase);
  CHECK(rule({coinbase, params.genesis().txs.front()}) == Rule::no_coinbase);
  CHECK(rule({coinbase, transfer(params, 1, 2, 0, 1, 0)}) == Rule::bad_transaction);
  CHECK(rule({coinbase, transfer(params, 1, 2, kMaxCoins + 1, 0, 0)}) == Rule::bad_transaction);
  CHECK(rule({coinbase, transfer(params, 1, 2, 1, UINT64_MAX, 0)}) == Rule::bad_transaction);
  CHECK(rule({coinbase, transfer(params, 1, 2, 1, 0, UINT64_MAX)}) == Rule::bad_transaction);
  Block block;
  block.txs = {coinbase};
  block.header.merkle_root[0] ^= 1;
  CHECK(check_block(block, 200).verdict == Verdict::mutated);
  block.header.merkle_root = merkle_root(block.txs);
  CHECK(check_block(block, kMaxBlockSize + 1).rule == Rule::block_too_big);
}

TEST_CASE("the same spec is the same chain on every machine") {
  const ChainParams params = ChainParams::from_spec(ChainSpec{.name = "demo"}).value();
  // Computed by another program from the format in chain/ledger/transaction.h.
  CHECK(params.genesis_id().text() ==
        "6c482225bec21029a132ef2b39fda8e366b71e3bd759043e61e0eac7fa8f535d");
  const Bytes raw = params.genesis().encode();
  CHECK(ChainParams::from_genesis(raw).value().genesis_id() == params.genesis_id());
  Block other = params.genesis();
  other.header.nonce = 1;
  CHECK_FALSE(ChainParams::from_genesis(other.encode()));
  for (const ChainSpec& spec :
       {ChainSpec{.name = "demo", .spacing_s = 61}, ChainSpec{.name = "demo", .window = 143},
        ChainSpec{.name = "demo", .bits = 0x1e0fffff}, ChainSpec{.name = "demo", .reward = 1},
        ChainSpec{.name = "demo", .halving = 1000}, ChainSpec{.name = "demo2"},
        ChainSpec{.name = "demo", .time = 1}}) {
    const auto made = ChainParams::from_spec(spec);
    REQUIRE_MESSAGE(made, made.error().message());
    CHECK(made->genesis_id() != params.genesis_id());
  }
}

TEST_CASE("specs that no chain can have") {
  const auto refused = [](auto change) {
    ChainSpec spec = easy_spec();
    change(spec);
    return !ChainParams::from_spec(spec);
  };
  CHECK_FALSE(refused([](ChainSpec&) {}));
  CHECK(refused([](ChainSpec& s) { s.name = ""; }));
  CHECK(refused([](ChainSpec& s) { s.name = std::string(65, 'x'); }));
  CHECK(refused([](ChainSpec& s) { s.name = "a\nb"; }));
  CHECK(refused([](ChainSpec& s) { s.name = "\xff"; }));
  CHECK(refused([](ChainSpec& s) { s.spacing_s = 0; }));
  CHECK(refused([](ChainSpec& s) { s.spacing_s = UINT64_MAX; }));
  CHECK(refused([](ChainSpec& s) { s.window = 1; }));
  CHECK(refused([](ChainSpec& s) { s.window = UINT64_MAX; }));
  CHECK(refused([](ChainSpec& s) { s.bits = 0; }));
  CHECK(refused([](ChainSpec& s) { s.bits = 0x207fffff; }));  // retargeting would overflow
  CHECK(refused([](ChainSpec& s) { s.bits = 0x1e800001; }));  // negative
  CHECK(refused([](ChainSpec& s) { s.bits = 0x1f001000; }));  // 0x1e100000 spelt differently
  CHECK(refused([](ChainSpec& s) { s.halving = 0; }));
  CHECK(refused([](ChainSpec& s) { s.reward = UINT64_MAX; }));
  CHECK(refused([](ChainSpec& s) {
    s.reward = kMaxCoins;
    s.halving = 1;
  }));
}

TEST_CASE("subsidies halve and end") {
  const ChainParams params = easy_params();
  CHECK(params.subsidy(0) == 0);
  CHECK(params.subsidy(1) == 1000);
  CHECK(params.subsidy(49) == 1000);
  CHECK(params.subsidy(50) == 500);
  CHECK(params.subsidy(500) == 0);
  CHECK(params.subsidy(UINT32_MAX) == 0);
}

TEST_CASE("applying a block pays, counts nonces, and can be undone exactly") {
  const ChainParams params = easy_params();
  AccountMap accounts;
  accounts.set(address_of(1), {100, 4});
  Block block;
  block.txs = {Transaction::coinbase(1, address_of(9), 1003, {}), transfer(params, 1, 2, 60, 2, 4),
               transfer(params, 2, 2, 10, 1, 0),  // to itself, from money that just came
               anchor(params, 3, "free", 0)};
  const auto applied = apply_block(params, block, 1, accounts).value();
  REQUIRE_MESSAGE(applied.outcome.ok(), applied.outcome.message());
  AccountMap after = accounts;
  for (const auto& change : applied.change.accounts) after.set(change.address, change.after);
  CHECK(after.account(address_of(1)).value() == Account{38, 5});
  CHECK(after.account(address_of(2)).value() == Account{59, 1});
  CHECK(after.account(address_of(3)).value() == Account{0, 1});
  CHECK(after.account(address_of(9)).value() == Account{1003, 0});
  for (const auto& change : applied.change.accounts) after.set(change.address, change.before);
  CHECK(after == accounts);
  const Bytes raw = applied.change.encode();
  CHECK(StateChange::decode(raw).value() == applied.change);
  check_strict<StateChange>(raw);
}

TEST_CASE("a block is refused with the rule that it breaks") {
  const ChainParams params = easy_params();
  AccountMap accounts;
  accounts.set(address_of(1), {100, 4});
  const auto rule = [&](std::vector<Transaction> txs, std::uint64_t reward = 1000,
                        std::uint64_t height = 1) {
    Block block;
    block.txs = {Transaction::coinbase(height, address_of(9), reward, {})};
    block.txs.insert(block.txs.end(), txs.begin(), txs.end());
    return apply_block(params, block, 1, accounts).value().outcome.rule;
  };
  CHECK(rule({}) == Rule::none);
  CHECK(rule({}, 1001) == Rule::bad_coinbase);
  CHECK(rule({}, 999) == Rule::bad_coinbase);
  CHECK(rule({}, 1000, 2) == Rule::bad_coinbase);
  CHECK(rule({transfer(params, 1, 2, 99, 1, 4)}, 1001) == Rule::none);
  CHECK(rule({transfer(params, 1, 2, 100, 1, 4)}, 1001) == Rule::low_balance);
  CHECK(rule({transfer(params, 1, 2, 1, 0, 3)}) == Rule::bad_nonce);
  CHECK(rule({transfer(params, 1, 2, 1, 0, 5)}) == Rule::bad_nonce);
  CHECK(rule({anchor(params, 1, "x", 4), anchor(params, 1, "x", 4)}) == Rule::bad_nonce);
  Transaction forged = transfer(params, 1, 2, 1, 0, 4);
  forged.signature[0] ^= 1;
  CHECK(rule({forged}) == Rule::bad_signature);
}

TEST_CASE("signatures that are known are not verified again") {
  const ChainParams params = easy_params();
  Block block;
  Transaction forged = anchor(params, 1, "x", 0);
  forged.signature[0] ^= 1;
  block.txs = {Transaction::coinbase(1, address_of(9), 1000, {}), forged};
  int asked = 0;
  const SignatureKnown known = [&](const TxId& id) {
    ++asked;
    return id == forged.id();
  };
  CHECK(apply_block(params, block, 1, AccountMap(), known).value().outcome.ok());
  CHECK(asked == 1);
}
