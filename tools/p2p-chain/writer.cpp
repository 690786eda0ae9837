#include "writer.h"

namespace p2p::chaintool {

namespace {

constexpr Duration kPatience = std::chrono::seconds(10);
constexpr Duration kRetry = std::chrono::milliseconds(20);

}  // namespace

runtime::Task<Result<std::optional<Writer>>> open_writer(cli::Context& context,
                                                         std::filesystem::path dir,
                                                         std::string purpose) {
  // Says that there is no chain before a lock file is made for one.
  {
    const auto there = chain::Store::open(dir);
    if (!there) co_return fail(there.error());
  }
  const Time give_up = context.runtime.clock.now() + kPatience;
  while (true) {
    P2P_CO_TRY(auto lock, chain::DirectoryLock::try_acquire(dir, purpose));
    if (lock) {
      chain::StoreOptions options;
      options.writable = true;
      P2P_CO_TRY(auto store, chain::Store::open(dir, options));
      P2P_CO_TRY(auto manager, chain::ChainManager::open(std::move(store)));
      co_return Writer{std::move(*lock), std::move(manager)};
    }
    const std::string holder = chain::DirectoryLock::holder(dir);
    if (holder.starts_with("node ")) co_return std::nullopt;
    if (context.runtime.clock.now() >= give_up) {
      co_return fail(Code::timeout, "write to", dir.string(), "another process does: " + holder);
    }
    co_await runtime::sleep_for(context.runtime.clock, kRetry);
  }
}

runtime::Task<Result<Access>> open_writer_or_node(cli::Context& context, std::filesystem::path dir,
                                                  std::string purpose) {
  const Time give_up = context.runtime.clock.now() + kPatience;
  Access out;
  while (true) {
    auto writer = co_await open_writer(context, dir, purpose);
    P2P_CO_TRY(out.writer, std::move(writer));
    if (out.writer) co_return out;
    auto node = co_await chain::ControlClient::connect(context.runtime, dir);
    if (node) {
      out.node.emplace(std::move(*node));
      co_return out;
    }
    // It may be starting, or ending.
    const bool later = node.error().code == Code::not_found || node.error().code == Code::refused;
    if (!later || context.runtime.clock.now() >= give_up) co_return fail(node.error());
    co_await runtime::sleep_for(context.runtime.clock, kRetry);
  }
}

Error node_is_running(const std::filesystem::path& dir) {
  return Error(Code::permission, "write to", dir.string(),
               "a running node does: " + chain::DirectoryLock::holder(dir))
      .with_hint("end the node first");
}

}  // namespace p2p::chaintool
