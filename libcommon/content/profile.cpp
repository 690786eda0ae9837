#include "content/profile.h"

namespace p2p::content {

namespace {

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;

constexpr Profile old(std::string_view name) {
  Profile profile;
  profile.name = name;
  profile.cid_version = 0;
  profile.raw_leaves = false;
  profile.chunk_size = 256 * kKiB;
  profile.width = 174;  // 8 KiB at about 47 bytes a link, go-ipfs's choice of 2015
  profile.estimate = Profile::Estimate::links;
  return profile;
}

constexpr Profile with_raw_leaves(std::string_view name, std::size_t chunk_size, std::size_t width,
                                  Profile::Estimate estimate) {
  Profile profile;
  profile.name = name;
  profile.chunk_size = chunk_size;
  profile.width = width;
  profile.estimate = estimate;
  return profile;
}

constexpr Profile kProfiles[] = {
    old("unixfs-v0-2015"),
    with_raw_leaves("unixfs-v1-2025", kMiB, 1024, Profile::Estimate::block),
    old("v0"),
    with_raw_leaves("v1", 256 * kKiB, 174, Profile::Estimate::links),
    with_raw_leaves("test-cid-v1", kMiB, 174, Profile::Estimate::links),
};

}  // namespace

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

}  // namespace p2p::content
