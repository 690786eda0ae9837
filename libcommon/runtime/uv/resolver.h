// DNS by c-ares on the loop. Internal to runtime/uv.
#pragma once

#include <optional>

#include "runtime/net.h"
#include "runtime/uv/loop.h"

namespace p2p::runtime::uv {

class UvResolver final : public Resolver {
 public:
  /// Reads the system's configuration at the first question, not here.
  UvResolver(Loop& loop, std::optional<Endpoint> server);
  ~UvResolver() override;

  /// IP addresses and localhost answer themselves; /etc/hosts comes before the servers.
  Task<Result<std::vector<IpAddress>>> addresses(std::string name, Family family) override;
  Task<Result<std::vector<std::string>>> txt(std::string name) override;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace p2p::runtime::uv
