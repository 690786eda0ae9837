#include "content/car/verifier.h"
#include "content/car/check.h"

#include "base/varint.h"
#include "content/car/store.h"
#include "content/dag_pb.h"
#include "unit/car/fixtures.h"

using namespace p2p;
using namespace p2p::car;
using multiformats::Cid;
using multiformats::Codec;

namespace {

class Bench final : public Listener {
 public:
  explicit Bench(Verifier& verifier, const Fingerprinter& fingerprints)
      : verifier_(verifier), fingerprints_(fingerprints) {}

  Result<void> on_header(const Header& header) override { return verifier_.on_header(header); }
  Result<void> on_section(const Section& section) override {
    Batch batch;
    batch.add(section);
    return verifier_.add(Checked::of(batch, fingerprints_, verifier_.has_index()));
  }
  Result<void> on_index(ByteView data) override { return verifier_.on_index(data); }

 private:
  Verifier& verifier_;
  const Fingerprinter& fingerprints_;
};

Result<Summary> verify(ByteView file) {
  crypto::SeededRandom random(1);
  const Fingerprinter fingerprints(random);
  MemoryScratch scratch;
  Verifier verifier(fingerprints, scratch);
  Bench bench(verifier, fingerprints);
  Reader reader(bench);
  P2P_CHECK(reader.feed(file));
  P2P_CHECK(reader.finish());
  return verifier.finish();
}

bool whole(ByteView file) {
  const auto summary = verify(file);
  return summary && summary->missing == 0;
}

/// `inner` as a CARv2 with an index of all its blocks.
Bytes wrapped(ByteView inner, bool fully_indexed = false) {
  MemoryScratch scratch;
  IndexBuilder index(scratch);
  class Indexer final : public Listener {
   public:
    explicit Indexer(IndexBuilder& builder) : builder_(builder) {}
    Result<void> on_header(const Header&) override { return {}; }
    Result<void> on_section(const Section& section) override {
      return builder_.add(section.cid.hash(), section.offset);
    }

   private:
    IndexBuilder& builder_;
  } indexer(index);
  Reader reader(indexer);
  REQUIRE(reader.feed(inner));
  Bytes file(kPragma.begin(), kPragma.end());
  append(file, encode_v2_header({fully_indexed, 51, inner.size(), 51 + inner.size()}));
  append(file, inner);
  REQUIRE(index.write([&](ByteView bytes) -> Result<void> {
    append(file, bytes);
    return {};
  }));
  return file;
}

}  // namespace

TEST_CASE("the published files are whole") {
  const auto v1 = verify(unhex(kBasicV1));
  REQUIRE_MESSAGE(v1, v1.error().message());
  CHECK(v1->blocks == 8);
  CHECK(v1->missing == 0);
  // The published CARv2 is older than the codes that indexes begin with; without its index it is
  // whole.
  Bytes v2 = unhex(kBasicV2);
  const auto unknown = verify(v2);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == Code::unsupported);
  v2.resize(499);
  std::fill_n(v2.begin() + 43, 8, 0);
  const auto indexless = verify(v2);
  REQUIRE_MESSAGE(indexless, indexless.error().message());
  CHECK(indexless->blocks == 5);
  CHECK(indexless->missing == 0);
}

TEST_CASE("each block is needed, and the roots first") {
  const auto leaf = raw_block("leaf");
  const auto list = list_block({leaf.cid, leaf.cid});
  CHECK(whole(car_of({list.cid}, {list, leaf})));
  CHECK(whole(car_of({list.cid}, {leaf, list, leaf})));
  CHECK(whole(car_of({leaf.cid}, {leaf})));
  const auto no_leaf = verify(car_of({list.cid}, {list}));
  REQUIRE(no_leaf);
  CHECK(no_leaf->missing == 1);
  CHECK(no_leaf->missing_from == 59);
  const auto no_root = verify(car_of({list.cid}, {leaf}));
  REQUIRE(no_root);
  CHECK(no_root->missing == 1);
  CHECK(no_root->missing_from == 0);
  const auto rootless = verify(car_of({}, {leaf}));
  REQUIRE_FALSE(rootless);
  CHECK(rootless.error().code == Code::not_found);
}

TEST_CASE("both versions of a CID name one block, but another format names another") {
  const Bytes node = content::encode_dag_pb({});
  const auto v1 = content::cid_of_block(Codec::dag_pb, crypto::HashAlg::sha2_256, node).value();
  const auto v0 = Cid::v0(v1.hash()).value();
  CHECK(whole(car_of({v0}, {{v1, node}})));
  CHECK(whole(car_of({v1}, {{v0, node}})));
  CHECK_FALSE(whole(car_of({v1}, {{Cid::v1(Codec::raw, v1.hash()), node}})));
}

TEST_CASE("links that carry their target need no block, but what that links to does") {
  const auto leaf = raw_block("leaf");
  const auto list = list_block({leaf.cid});
  const auto hash =
      multiformats::Multihash::wrap(multiformats::HashCode::identity, list.bytes).value();
  const auto carried = Cid::v1(Codec::dag_cbor, hash);
  const auto outer = list_block({carried});
  CHECK(whole(car_of({outer.cid}, {outer, leaf})));
  CHECK_FALSE(whole(car_of({outer.cid}, {outer})));
  CHECK(whole(car_of({carried}, {leaf})));
  CHECK_FALSE(whole(car_of({carried}, {outer, list})));
}

TEST_CASE("every flipped bit is found") {
  const Bytes v1 = unhex(kBasicV1);
  for (const Bytes& good : {v1, wrapped(v1)}) {
    REQUIRE(whole(good));
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
      // All but the first of a CARv2's characteristics have no meaning, and that one is true here.
      if (good.size() > v1.size() && bit / 8 >= 11 && bit / 8 < 27) continue;
      Bytes bad = good;
      bad[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
      CAPTURE(bit);
      CHECK_FALSE(whole(bad));
    }
  }
}

TEST_CASE("a block's failure names it and says where it stands") {
  auto leaf = raw_block("leaf");
  leaf.bytes[0] ^= 1;
  const auto bad = verify(car_of({leaf.cid}, {leaf}));
  REQUIRE_FALSE(bad);
  CHECK(bad.error().code == Code::mismatch);
  CHECK(bad.error().why ==
        "block " + leaf.cid.text() + " at byte 59: does not have the hash that its CID says");
  // A hash that nobody here computes is said, not passed over.
  const auto unknown = Cid::decode(unhex("0155d9070100")).value();
  const auto unsupported = verify(car_of({unknown}, {{unknown, to_bytes("x")}}));
  REQUIRE_FALSE(unsupported);
  CHECK(unsupported.error().code == Code::unsupported);
  // Right by its hash, but not of its format.
  const Bytes text = to_bytes("no cbor");
  const auto wrong =
      Cid::v1(Codec::dag_cbor, multiformats::Multihash::of(crypto::HashAlg::sha2_256, text));
  CHECK_FALSE(verify(car_of({wrong}, {{wrong, text}})));
}

TEST_CASE("blocks of every function whose digests are long enough are checked") {
  const Bytes text = to_bytes("text");
  auto all = crypto::common_hashes();
  all.push_back(*crypto::hash_by_name("blake2b-168"));
  all.push_back(*crypto::hash_by_name("blake3-1024"));
  for (const auto alg : all) {
    if (!multiformats::hash_code_of(alg)) continue;
    CAPTURE(crypto::name_of(alg));
    const auto cid = Cid::v1(Codec::raw, multiformats::Multihash::of(alg, text));
    CHECK(whole(car_of({cid}, {{cid, text}})) == (alg.size() >= kMinDigestSize));
    CHECK_FALSE(whole(car_of({cid}, {{cid, to_bytes("Text")}})));
  }
}

TEST_CASE("hashes cut down so far that any block would do are refused") {
  const Bytes text = to_bytes("text");
  const auto whole_hash = multiformats::Multihash::of(crypto::HashAlg::sha2_256, text);
  for (const std::size_t size : {0U, 1U, 19U, 20U, 31U}) {
    CAPTURE(size);
    const auto cut = multiformats::Multihash::wrap(multiformats::HashCode::sha2_256,
                                                   ByteView(whole_hash.digest()).first(size));
    const auto cid = Cid::v1(Codec::raw, cut.value());
    CHECK(whole(car_of({cid}, {{cid, text}})) == (size >= kMinDigestSize));
    CHECK(check_hash(cid, text).has_value() == (size >= kMinDigestSize));
    // Nor is it enough to link to.
    const auto list = list_block({cid});
    CHECK(whole(car_of({list.cid}, {list, {cid, text}})) == (size >= kMinDigestSize));
    const auto alone = verify(car_of({list.cid}, {list}));
    CHECK(alone.has_value() == (size >= kMinDigestSize));
    if (!alone) {
      CHECK(alone.error().why == "block " + list.cid.text() + " at byte 59: it links to " +
                                     cid.text() + ", which has " + std::to_string(size) +
                                     " bytes of a hash, and fewer than 20 prove nothing");
    }
  }
}

TEST_CASE("formats whose links are unknown are named") {
  const auto git = Cid::v1(Codec::git_raw, raw_block("x").cid.hash());
  const auto summary = verify(car_of({git}, {{git, to_bytes("x")}}));
  REQUIRE(summary);
  CHECK(summary->opaque == std::set{Codec::git_raw});
}

TEST_CASE("an index of ours is right, and a wrong one is found") {
  const auto leaf = raw_block("leaf");
  const auto other = raw_block("other");
  const auto list = list_block({leaf.cid, other.cid});
  const Bytes inner = car_of({list.cid}, {list, leaf, other, leaf});
  CHECK(whole(wrapped(inner)));
  CHECK(whole(wrapped(inner, true)));
  CHECK(whole(wrapped(car_of({list.cid}, {leaf, other, list}))));

  // The index of one file around another's data.
  Bytes swapped = wrapped(inner);
  const Bytes elsewhere = wrapped(car_of({list.cid}, {list, other, leaf, leaf}));
  std::copy(elsewhere.begin() + 51 + static_cast<std::ptrdiff_t>(inner.size()), elsewhere.end(),
            swapped.begin() + 51 + static_cast<std::ptrdiff_t>(inner.size()));
  const auto wrong = verify(swapped);
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == Code::mismatch);
  // One that lacks a block.
  Bytes file(kPragma.begin(), kPragma.end());
  append(file, encode_v2_header({false, 51, inner.size(), 51 + inner.size()}));
  append(file, inner);
  append_varint(file, kMultihashIndexSorted);
  append(file, unhex("00000000"));
  const auto lacking = verify(file);
  REQUIRE_FALSE(lacking);
  CHECK(lacking.error().why.starts_with("the CARv2 index lacks the section at byte "));
  // Any cut of it.
  const Bytes good = wrapped(inner);
  for (std::size_t size = 51 + inner.size(); size < good.size(); ++size) {
    CHECK_FALSE(verify(ByteView(good).first(size)));
  }
  Bytes more = good;
  more.push_back(0);
  CHECK_FALSE(verify(more));
}

TEST_CASE("a store reads what it is asked for, and no block that is not what it should be") {
  crypto::SeededRandom random(1);
  const Fingerprinter fingerprints(random);
  for (const auto fixture : {kBasicV1, kBasicV2}) {
    MemoryScratch car;
    MemoryScratch scratch;
    REQUIRE(car.append(unhex(fixture)));
    Store store(car, fingerprints, scratch);
    REQUIRE(store.index());
    const auto root = store.header().roots.at(0);
    CHECK(store.read(root));
    CHECK(store.read(Cid::parse("QmWXZxVQ9yZfhQxLD35eDR8LiMRsYtHxYqTFCBbJoiJVys").value())
              .has_value() == (fixture == kBasicV1));
    const auto missing = store.read(raw_block("not there").cid);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == Code::not_found);
  }
  auto leaf = raw_block("leaf");
  leaf.bytes[0] ^= 1;
  MemoryScratch car;
  MemoryScratch scratch;
  REQUIRE(car.append(car_of({leaf.cid}, {leaf})));
  Store store(car, fingerprints, scratch);
  REQUIRE(store.index());
  const auto read = store.read(leaf.cid);
  REQUIRE_FALSE(read);
  CHECK(read.error().code == Code::mismatch);
}
