#include "content/profile.h"

namespace p2p::content {

namespace {

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;
using Estimate = Profile::Estimate;

// 174 links: 8 KiB at about 47 bytes each, go-ipfs's choice of 2015.
constexpr Profile kProfiles[] = {
    {.name = "unixfs-v0-2015",
     .cid_version = 0,
     .raw_leaves = false,
     .chunk_size = 256 * kKiB,
     .width = 174,
     .estimate = Estimate::links},
    {.name = "unixfs-v1-2025",
     .cid_version = 1,
     .raw_leaves = true,
     .chunk_size = kMiB,
     .width = 1024,
     .estimate = Estimate::block},
    {.name = "v0",
     .cid_version = 0,
     .raw_leaves = false,
     .chunk_size = 256 * kKiB,
     .width = 174,
     .estimate = Estimate::links},
    {.name = "v1",
     .cid_version = 1,
     .raw_leaves = true,
     .chunk_size = 256 * kKiB,
     .width = 174,
     .estimate = Estimate::links},
    {.name = "test-cid-v1",
     .cid_version = 1,
     .raw_leaves = true,
     .chunk_size = kMiB,
     .width = 174,
     .estimate = Estimate::links},
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
