#include "content/profile.h"

#include <algorithm>
#include <bit>
#include <string>

#include "content/unixfs.h"
#include "multiformats/multihash.h"

namespace p2p::content {

namespace {

constexpr std::size_t kMiB = 1024 * 1024;

constexpr Profile version_0(std::string_view name) {
  Profile profile;
  profile.name = name;
  profile.cid_version = 0;
  profile.raw_leaves = false;
  return profile;
}

constexpr Profile version_1(std::string_view name) {
  Profile profile;
  profile.name = name;
  profile.chunker = ChunkerSpec::fixed(kMiB);
  return profile;
}

constexpr Profile unconfigured() {
  Profile profile = version_0("v0");
  profile.usual_version = true;
  profile.usual_leaves = true;
  return profile;
}

constexpr Profile only_version_1() {
  Profile profile;
  profile.name = "v1";
  profile.usual_leaves = true;
  return profile;
}

constexpr Profile recent() {
  Profile profile = version_1("unixfs-v1-2025");
  profile.width = 1024;
  profile.estimate = Profile::Estimate::block;
  return profile;
}

constexpr Profile wide() {
  Profile profile = version_1("test-cid-v1-wide");
  profile.width = 1024;
  profile.fanout = 1024;
  profile.shard_threshold = kMiB;
  return profile;
}

constexpr Profile kProfiles[] = {
    version_0("unixfs-v0-2015"),
    recent(),
    version_0("legacy-cid-v0"),
    unconfigured(),
    only_version_1(),
    version_1("test-cid-v1"),
    wide(),
};

std::unexpected<Error> refuse(std::string why) {
  return fail(Code::invalid_argument, std::move(why));
}

Result<void> check_bounds(const Profile& profile) {
  if (profile.cid_version != 0 && profile.cid_version != 1) {
    return refuse("there is no CID version " + std::to_string(profile.cid_version));
  }
  if (profile.width > kMaxWidth) {
    return refuse("a node may have at most " + std::to_string(kMaxWidth) + " links");
  }
  if (profile.width == 1 && profile.layout == Profile::Layout::balanced) {
    return refuse("a balanced tree needs nodes of 2 links or more");
  }
  if (profile.fanout < kMinFanout || profile.fanout > kMaxFanout ||
      !std::has_single_bit(profile.fanout)) {
    return refuse("a shard's fanout is a power of two from 8 to 1024, not " +
                  std::to_string(profile.fanout));
  }
  if (profile.inline_limit > multiformats::kMaxDigestSize) {
    return refuse("a CID holds at most " + std::to_string(multiformats::kMaxDigestSize) +
                  " bytes, not " + std::to_string(*profile.inline_limit));
  }
  return check_block_hash(profile.hash);
}

}  // namespace

Result<void> check_block_hash(crypto::HashAlg alg) {
  using crypto::HashFunction;
  const auto refused = [&](const std::string& why, std::string instead) {
    return fail(Error(Code::unsupported, why).with_hint("it takes " + std::move(instead)));
  };
  const std::string name = crypto::name_of(alg);
  switch (alg.function()) {
    case HashFunction::md5:
    case HashFunction::sha2_224:
    case HashFunction::sha2_384:
    case HashFunction::sha2_512_224:
    case HashFunction::sha2_512_256:
    case HashFunction::shake_128:
    case HashFunction::crc32c:
      return refused("ipfs does not name blocks by " + name,
                     "sha2-256, sha2-512, sha3, shake-256, blake2b and blake3");
    case HashFunction::keccak_224:
    case HashFunction::keccak_384:
      return refused("ipfs cannot compute " + name, "keccak-256 and keccak-512");
    case HashFunction::blake2s:
      if (alg == crypto::HashAlg::blake2s_256) return {};
      return refused("ipfs cannot compute " + name, "blake2s-256, and blake2b from 160 bits on");
    default:
      break;
  }
  if (alg.size() >= kMinDigestSize) return {};
  const auto least = crypto::HashAlg::of(alg.function(), kMinDigestSize);
  return refused("ipfs takes no hash shorter than " + std::to_string(kMinDigestSize) +
                     " bytes, and " + name + " has " + std::to_string(alg.size()),
                 crypto::name_of(least.value_or(crypto::HashAlg::sha2_256)) + " and longer ones");
}

const Profile* profile_by_name(std::string_view name) {
  for (const auto& profile : kProfiles) {
    if (profile.name == name) return &profile;
  }
  return nullptr;
}

std::vector<std::string_view> profile_names() {
  std::vector<std::string_view> names;
  for (const auto& profile : kProfiles) names.push_back(profile.name);
  return names;
}

Result<Profile> change_profile(const Profile& base, const ProfileChanges& changes) {
  Profile profile = base;
  if (changes.cid_version) {
    profile.cid_version = *changes.cid_version;
    profile.usual_version = false;
  }
  if (changes.raw_leaves) {
    profile.raw_leaves = *changes.raw_leaves;
    profile.usual_leaves = false;
  }
  if (changes.metadata) {
    if (!profile.usual_leaves && profile.raw_leaves) {
      return fail(Error(Code::invalid_argument, "raw leaves have no room for modes and times")
                      .with_hint("give --raw-leaves=false"));
    }
    profile.raw_leaves = false;
    profile.usual_leaves = false;
  }
  profile.hash = changes.hash.value_or(profile.hash);
  if (profile.hash != crypto::HashAlg::sha2_256) {
    if (profile.cid_version == 0 && !profile.usual_version) {
      return refuse("CIDs of version 0 have sha2-256 only");
    }
    profile.cid_version = 1;
  }
  if (profile.usual_leaves) profile.raw_leaves = profile.cid_version == 1;
  profile.chunker = changes.chunker.value_or(profile.chunker);
  profile.layout = changes.layout.value_or(profile.layout);
  profile.width = changes.width.value_or(profile.width);
  if (profile.width == 0) profile.width = kDefaultWidth;
  profile.directory_links = changes.directory_links.value_or(profile.directory_links);
  profile.fanout = changes.fanout.value_or(profile.fanout);
  if (changes.inline_limit) profile.inline_limit = changes.inline_limit;
  P2P_CHECK(check_bounds(profile));
  return profile;
}

}  // namespace p2p::content
