#include "runtime/sim/state.h"

namespace p2p::runtime::sim {

namespace {

/// A name server on the same network.
constexpr Duration kLookup = std::chrono::milliseconds(5);

}  // namespace

Task<Result<std::unique_ptr<TcpStream>>> SimNet::connect(Endpoint to) {
  return connect_tcp(host_, to);
}

Result<std::unique_ptr<TcpListener>> SimNet::listen(const Endpoint& at) {
  return listen_tcp(host_, at);
}

Result<std::unique_ptr<UdpSocket>> SimNet::udp(const Endpoint& at, const UdpOptions& options) {
  return open_udp(host_, at, options);
}

Result<std::unique_ptr<TcpListener>> SimNet::listen_local(const std::string& path) {
  return sim::listen_local(host_, path);
}

Task<Result<std::unique_ptr<TcpStream>>> SimNet::connect_local(std::string path) {
  return sim::connect_local(host_, std::move(path));
}

Result<std::vector<Interface>> SimNet::interfaces() {
  std::vector<Interface> out;
  const auto add = [&out](const char* name, std::uint32_t index, const IpAddress& address) {
    Interface entry;
    entry.name = name;
    entry.index = index;
    entry.address = address;
    entry.loopback = index == kLoopbackIndex;
    entry.multicast = true;
    out.push_back(std::move(entry));
  };
  add("lo", kLoopbackIndex, IpAddress::v4(127, 0, 0, 1));
  for (const auto& address : host_.addresses) add("eth0", kInterfaceIndex, address);
  return out;
}

Task<Result<std::vector<IpAddress>>> SimNet::addresses(std::string name, Family family) {
  HostState& host = host_;
  std::vector<IpAddress> all;
  if (const auto literal = IpAddress::parse(name)) {
    all.push_back(*literal);
  } else if (name == "localhost") {
    all.push_back(IpAddress::v4(127, 0, 0, 1));
  } else {
    co_await sleep_for(host.clock, kLookup);
    const auto found = host.world.names.find(name);
    if (found != host.world.names.end()) all = found->second;
  }
  std::vector<IpAddress> out;
  for (const auto& ip : all) {
    if (family == Family::any || ip.v6 == (family == Family::v6)) out.push_back(ip);
  }
  if (out.empty()) co_return fail(Code::not_found, "resolve", name, "no such name");
  co_return std::move(out);
}

Task<Result<std::vector<std::string>>> SimNet::txt(std::string name) {
  HostState& host = host_;
  co_await sleep_for(host.clock, kLookup);
  const auto found = host.world.texts.find(name);
  if (found == host.world.texts.end()) {
    co_return fail(Code::not_found, "resolve", name, "no such name");
  }
  co_return std::vector<std::string>(found->second);
}

}  // namespace p2p::runtime::sim
