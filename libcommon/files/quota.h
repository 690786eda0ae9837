// How much of the processors a control group (cgroup v2) leaves its processes: containers are often
// given the time of fewer than they can see.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace p2p::files {

/// The processors that a cpu.max of "QUOTA PERIOD" comes to, rounded up; nothing for "max PERIOD",
/// which is no bound, and for what is malformed.
std::optional<unsigned> processors_in_quota(std::string_view cpu_max);

/// The least that the group which `membership`, as /proc/self/cgroup has it, names, or one above
/// it, leaves us; nothing where none is bounded. `root` is where the groups stand,
/// "/sys/fs/cgroup".
std::optional<unsigned> quota_of_group(std::string_view membership, const std::string& root);

}  // namespace p2p::files
