// Files against the CIDs that kubo 0.42 gives them, `ipfs add --only-hash` with the flags named.
#include <doctest/doctest.h>

#include <algorithm>

#include "content/directory.h"
#include "content/file_importer.h"

using namespace p2p;
using content::ChunkerSpec;
using content::FileImporter;
using content::Imported;
using content::Profile;
using content::ProfileChanges;
using content::UnixFsMetadata;
using content::UnixFsTime;
using crypto::HashAlg;

namespace {

/// Bytes that anybody can make again: the upper eight bits of Knuth's MMIX generator from 1.
Bytes noise(std::size_t size) {
  Bytes bytes(size);
  std::uint64_t state = 1;
  for (auto& byte : bytes) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    byte = static_cast<std::uint8_t>(state >> 56);
  }
  return bytes;
}

Profile profile(const ProfileChanges& changes, std::string_view base = "v0") {
  auto changed = content::change_profile(*content::profile_by_name(base), changes);
  REQUIRE(changed);
  return *changed;
}

ChunkerSpec chunker(std::string_view text) {
  const auto spec = content::parse_chunker(text);
  REQUIRE_MESSAGE(spec, std::string(text));
  return *spec;
}

Imported import(const Profile& profile, ByteView data, std::size_t piece,
                const UnixFsMetadata& metadata = {}) {
  FileImporter importer(profile, {}, metadata);
  while (!data.empty()) {
    const auto part = data.first(std::min(piece, data.size()));
    REQUIRE(importer.update(part));
    data = data.subspan(part.size());
  }
  auto root = importer.finish();
  REQUIRE(root);
  return *root;
}

std::string cid(const Profile& profile, ByteView data, const UnixFsMetadata& metadata = {}) {
  const auto whole = import(profile, data, data.size() + 1, metadata);
  CHECK(import(profile, data, 1000, metadata).cid == whole.cid);
  return whole.cid.text();
}

std::string refused(const ProfileChanges& changes, std::string_view base = "v0") {
  const auto changed = content::change_profile(*content::profile_by_name(base), changes);
  REQUIRE_FALSE(changed);
  return changed.error().why;
}

}  // namespace

TEST_CASE("content-defined chunkers cut where kubo cuts") {
  const Bytes data = noise(1'500'000);
  const std::pair<const char*, const char*> cases[] = {
      {"buzhash", "QmX9ppGLhD6vRaSUyUgvHVj5n99kMxmXopryTVHQ8QY2dC"},
      {"rabin", "QmekdpJbAY9tozcREouJZoFaPwohvW9C2Z6m3zWvAudY6p"},
      {"rabin-100000", "QmVcb59WWxJ2h37spfcu3v34N2nzsfTPmszkqcAZsjgMnt"},
      {"rabin-16-17-64", "QmdWGgtXJJBxqc3norwvsT1rA41wkrmPkurNk42G4Yf7Ko"},
      {"rabin-1000-5000-70000", "Qma2JpzV8jGnbbvUy9m653mQ5jhxfWHJyPYDpEzQLYyEWM"},
  };
  for (const auto& [text, expected] : cases) {
    CAPTURE(text);
    ProfileChanges changes;
    changes.chunker = chunker(text);
    CHECK(cid(profile(changes), data) == expected);
  }
}

TEST_CASE("trickle trees are kubo's, deep or flat, of framed or raw leaves") {
  struct Case {
    std::size_t width;
    std::size_t chunk;
    const char* framed;
    const char* raw;
  };
  const Case cases[] = {
      {2, 64, "QmVuzxV9USMBE54XW5Ta7r2AH8D6cCszd7zqSf6L7QNCB5",
       "QmfLxT6tvqYsh9kDzuJfrj2iUHEy4b9Tx1k661d6z1EwMm"},
      {2, 100, "QmNPJyDWBaBtrcAu6DBjvKjLgfPAiTJ6XXMdPS1mR8WCZ5",
       "QmPCaKmJoD6R5Q4sSRjPSBvi7kGzF26mfuG6M7YXc93r2m"},
      {3, 64, "QmaFSEqmPdb6jEaxP298S8Y33ScwSDSGAhgoxicHEQYWdG",
       "QmWCiphfz2obGMadBkeQ5ceLz2xrLhuGkouiPEjt3iiKnh"},
      {5, 100, "QmTkUxLTYfXeHmtyNkXmzQ39iME3xkMknw8GwmarPhKobn",
       "Qmf2RzSpVURd5833gh7t1YEC2Q8K2J6rf2ySjX4iq1BfCF"},
      {174, 64, "QmSp31GaSkTMQfCb4r7B6cmrTdsahpB82U3Hy3khD9DThh",
       "QmcZmGZF55iNMtKzEvGPtPrKqqZUsjtNSxGAgjGEs17Qcg"},
  };
  const Bytes data = noise(5000);
  for (const auto& each : cases) {
    CAPTURE(each.width);
    ProfileChanges changes;
    changes.layout = Profile::Layout::trickle;
    changes.width = each.width;
    changes.chunker = ChunkerSpec::fixed(each.chunk);
    CHECK(cid(profile(changes), data) == each.framed);
    changes.raw_leaves = true;
    CHECK(cid(profile(changes), data) == each.raw);
  }
}

TEST_CASE("a file's mode and time stand in its root, whatever is the root") {
  const Bytes data = noise(5000);
  const UnixFsMetadata metadata{0640, UnixFsTime{-5, 7}};
  ProfileChanges changes;
  changes.metadata = true;
  changes.width = 3;
  changes.chunker = ChunkerSpec::fixed(64);
  CHECK(cid(profile(changes), data, metadata) == "QmeBZ9RitLP4X8JiuwK7P9aXGVRbdU1UZB1JCBXdMz6oEF");
  changes.width = 5;
  changes.chunker = ChunkerSpec::fixed(100);
  CHECK(cid(profile(changes), data, metadata) == "QmcQ8ksnj4R6CVk7QhUDoNQwNmMiqwfH6Uc8rFVgqEhvPZ");
  // A leaf is the root, cut by the chunker or by the file's end; and exactly a full node is.
  const UnixFsMetadata mode{0600, std::nullopt};
  CHECK(cid(profile(changes), as_bytes("x"), mode) ==
        "Qmf8XHSAPbEUEEg6oH9JTpqk71vbagzfyPXyxrhLQpoFyN");
  changes.chunker = ChunkerSpec::fixed(1);
  CHECK(cid(profile(changes), as_bytes("x"), mode) ==
        "Qmf8XHSAPbEUEEg6oH9JTpqk71vbagzfyPXyxrhLQpoFyN");
  CHECK(cid(profile(changes), {}, mode) == "QmStXxkUej4evQ4RoH53Qa13Ak2Yev6VU41jdbNfPvForx");
  changes.layout = Profile::Layout::trickle;
  CHECK(cid(profile(changes), {}, mode) == "QmStXxkUej4evQ4RoH53Qa13Ak2Yev6VU41jdbNfPvForx");
  CHECK(cid(profile(changes), as_bytes("x"), mode) ==
        "QmNWnPnSLQbtLTuo7WF59dEEtXfNYpzLtx7BjmswKkPD5j");
}

TEST_CASE("small blocks are put into their CIDs, and never come to the sink") {
  ProfileChanges changes;
  changes.inline_limit = 32;
  CHECK(cid(profile(changes), {}) == "bafyaabqkaqeaegaa");
  CHECK(cid(profile(changes), as_bytes("x")) == "bafyaacika4eaeeqbpamac");
  CHECK(content::DirectoryImporter(profile(changes)).finish()->cid.text() == "bafyaabakaieac");
  CHECK(content::import_symlink(profile(changes), "target")->cid.text() ==
        "bafyaadakbieaieqgorqxez3foq");
  changes.cid_version = 1;
  CHECK(cid(profile(changes), {}) == "bafkqaaa");
  CHECK(cid(profile(changes), as_bytes("x")) == "bafkqaaly");
  changes.layout = Profile::Layout::trickle;
  CHECK(cid(profile(changes), as_bytes("x")) == "bafyaafisbmfakakvaaaxqeqadaaqubqiaimaciab");

  changes.layout = Profile::Layout::balanced;
  changes.inline_limit = 64;
  changes.width = 2;
  changes.chunker = ChunkerSpec::fixed(64);
  std::uint64_t blocks = 0;
  FileImporter importer(profile(changes),
                        [&](const multiformats::Cid& cid, ByteView) -> Result<void> {
                          CHECK_FALSE(content::is_inlined(cid));
                          ++blocks;
                          return {};
                        });
  REQUIRE(importer.update(noise(5000)));
  const auto root = importer.finish();
  REQUIRE(root);
  CHECK(root->cid.text() == "bafybeidcykxvef2jj7i3cbsg4xcvbx3jze33v2bajcxeeeyjc7a2ctxthm");
  CHECK(root->blocks == blocks);
}

TEST_CASE("CIDs in any function that ipfs takes are of version 1, of raw leaves") {
  const std::pair<HashAlg, const char*> cases[] = {
      {HashAlg::sha1, "bafkrcfar62wy5rjkfgckxkx5pq5vczidpboca4q"},
      {HashAlg::keccak_256, "bafkrwidvehi4vw6pvepoyznkczyvxfh7yhewks5fp2ro6grbe66kcet2qm"},
      {HashAlg::blake2b_256, "bafk2bzacediwdvyriwv65rppcwv46bczz3daujzsdyxqvqhpplhfevhvsrchm"},
      {HashAlg::blake2s_256, "bafk6bzacedwdbdahza2yfrtd5eram3cesi57og6bat73qjdz7mdnyisqhsnqy"},
      {HashAlg::blake3, "bafkr4ib247mal5tytjsaflfxblkas2ufuvv7nacov4s4asj2y2lvjdjqwu"},
      {HashAlg::dbl_sha2_256, "bafkvmiakgjokga7lgakmioxaaslq6nbwgtnro35bnf54zde67leumjsiru"},
      {HashAlg::shake_256,
       "bafkrsqgikejbvpuaswltzg64dncgbcptesopotqlmrtawyoxhpfoanipjvm4pswmizgfgjmipffp2zj22do5zklrrk"
       "fb4f7ravciojjvympau"},
      {*crypto::hash_by_name("blake2b-160"), "bafkzjzaccqcaq7fuywhtrheax34ifyzzf4ntwdu6hq"},
      {*crypto::hash_by_name("blake2b-504"),
       "bafk37zach4oczexetq6zz53wawqyaakimzormbfk74sqtefxf2tc2illd54uvtng5hxouq5sizwlgawf7ee4mpfgh4"
       "gmvwjlldvr46rkqyifbcq"},
      // By `ipfs block put --mhlen`, 64 and 20.
      {*crypto::hash_by_name("blake3-512"),
       "bafkr4qb247mal5tytjsaflfxblkas2ufuvv7nacov4s4asj2y2lvjdjqwxz4672q6vpel2u56trf2hgqfhkq25fg5n"
       "jtwnv6dgerpccqljk6a"},
      {*crypto::hash_by_name("shake-256-160"), "bafkrsfgikejbvpuaswltzg64dncgbcptesopotq"},
  };
  for (const auto& [hash, expected] : cases) {
    ProfileChanges changes;
    changes.hash = hash;
    CHECK(cid(profile(changes), as_bytes("x")) == expected);
    // Of the profile that says so of itself, version 0 and framed leaves are meant.
    CHECK(refused(changes, "unixfs-v0-2015") == "CIDs of version 0 have sha2-256 only");
  }
}

TEST_CASE("functions that ipfs does not take are refused, and why") {
  const std::pair<const char*, const char*> cases[] = {
      {"sha2-384", "ipfs does not name blocks by sha2-384"},
      {"crc32c", "ipfs does not name blocks by crc32c"},
      {"md5", "ipfs does not name blocks by md5"},
      {"shake-128", "ipfs does not name blocks by shake-128"},
      {"keccak-384", "ipfs cannot compute keccak-384"},
      {"blake2s-248", "ipfs cannot compute blake2s-248"},
      {"blake2b-152", "ipfs takes no hash shorter than 20 bytes, and blake2b-152 has 19"},
      {"blake3-8", "ipfs takes no hash shorter than 20 bytes, and blake3-8 has 1"},
      {"shake-256-152", "ipfs takes no hash shorter than 20 bytes, and shake-256-152 has 19"},
  };
  for (const auto& [name, why] : cases) {
    ProfileChanges changes;
    changes.hash = crypto::hash_by_name(name);
    CHECK(refused(changes) == why);
  }
  const auto hint = [](const char* name) {
    return content::check_block_hash(*crypto::hash_by_name(name)).error().hint;
  };
  CHECK(hint("blake2b-8") == "it takes blake2b-160 and longer ones");
  CHECK(hint("keccak-224") == "it takes keccak-256 and keccak-512");
}

TEST_CASE("directories and symbolic links have modes and times") {
  ProfileChanges changes;
  changes.metadata = true;
  const UnixFsMetadata metadata{0750, UnixFsTime{77, 0}};
  CHECK(content::DirectoryImporter(profile(changes), {}, metadata).finish()->cid.text() ==
        "QmQeLAj85jcJb8qj7PXgepRvmR4nQANewJtGgmrWLUfF19");
  CHECK(content::import_symlink(profile(changes), "target")->cid.text() ==
        "QmbqcXVc1m3ptTWpceoVYfkn1gD6MRvjEFbVeMsBjSKQgT");
  // A link has no mode of its own.
  CHECK(content::import_symlink(profile(changes), "target", {}, {0644, UnixFsTime{1, 0}})
            ->cid.text() == "QmbCTmvb3yfcm7dej6HpJB2zwAWSUkouQMDpPbyhWsk6bm");
}

TEST_CASE("what one choice implies for another is as in ipfs add") {
  ProfileChanges changes;
  CHECK_FALSE(profile(changes).raw_leaves);
  changes.cid_version = 1;
  CHECK(profile(changes).raw_leaves);
  // Configured leaves stay; leaves that are only usual follow the version.
  CHECK_FALSE(profile(changes, "unixfs-v0-2015").raw_leaves);
  changes.metadata = true;
  CHECK_FALSE(profile(changes).raw_leaves);
  CHECK_FALSE(profile(changes, "v1").raw_leaves);
  CHECK(refused(changes, "unixfs-v1-2025") == "raw leaves have no room for modes and times");
  changes.raw_leaves = true;
  CHECK(refused(changes) == "raw leaves have no room for modes and times");
  changes.raw_leaves = false;
  CHECK_FALSE(profile(changes, "unixfs-v1-2025").raw_leaves);
}

TEST_CASE("choices past a bound are refused") {
  const auto with = [](auto change) {
    ProfileChanges changes;
    change(changes);
    return refused(changes);
  };
  CHECK(with([](auto& c) { c.cid_version = 2; }) == "there is no CID version 2");
  CHECK(with([](auto& c) { c.width = 1; }) == "a balanced tree needs nodes of 2 links or more");
  CHECK(with([](auto& c) { c.width = 32769; }) == "a node may have at most 32768 links");
  for (const std::size_t fanout : {0, 4, 7, 24, 2048}) {
    CHECK(with([&](auto& c) { c.fanout = fanout; }) ==
          "a shard's fanout is a power of two from 8 to 1024, not " + std::to_string(fanout));
  }
  CHECK(with([](auto& c) { c.inline_limit = 129; }) == "a CID holds at most 128 bytes, not 129");
  ProfileChanges zero;
  zero.width = 0;
  CHECK(profile(zero, "unixfs-v1-2025").width == 174);
}

TEST_CASE("chunkers are spelled as kubo spells them") {
  CHECK(chunker("size-1048576") == ChunkerSpec::fixed(1048576));
  CHECK(chunker("rabin").text() == "rabin-87381-262144-393216");
  CHECK(chunker("rabin-min:16-avg:17-max:18").text() == "rabin-16-17-18");
  CHECK(chunker("rabin-48").min == 16);
  CHECK(chunker("rabin-1397931").max == content::kMaxChunkSize);
  CHECK(chunker("buzhash").text() == "buzhash");
  const std::pair<const char*, const char*> wrong[] = {
      {"", "not a chunker"},
      {"size", "not a chunker"},
      {"size-1-2", "not a chunker"},
      {"buzhash-3", "not a chunker"},
      {"size-0", "the size must not be 0"},
      {"size-", "'' is no number"},
      {"size-1k", "'1k' is no number"},
      {"size--1", "not a chunker"},
      {"size-2096897", "chunks may not be larger than 2096896"},
      {"size-99999999999999999999", "chunks may not be larger than 2096896"},
      {"rabin-47", "the average must be at least 48"},
      {"rabin-1397932", "chunks may be 1.5 times the average, and not larger than 2096896"},
      {"rabin-1-2", "not a chunker"},
      {"rabin-15-16-17", "the minimum must be at least 16"},
      {"rabin-16-16-17", "the minimum must be below the average"},
      {"rabin-16-17-17", "the average must be below the maximum"},
      {"rabin-16-17-2096897", "chunks may not be larger than 2096896"},
      {"rabin-avg:16-17-18", "'avg:16' is no number"},
  };
  for (const auto& [text, why] : wrong) {
    const auto spec = content::parse_chunker(text);
    REQUIRE_FALSE(spec);
    CHECK(spec.error().why == "chunker '" + std::string(text) + "': " + why);
  }
}
