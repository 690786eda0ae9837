// What the world and its hosts consist of. Internal to runtime/sim.
#pragma once

#include <deque>
#include <map>
#include <set>

#include "crypto/random.h"
#include "runtime/sim/world.h"
#include "runtime/timer_queue.h"

namespace p2p::runtime::sim {

/// A packet that stays within its host.
inline constexpr Duration kLoopbackLatency{20};

inline constexpr std::uint32_t kLoopbackIndex = 1;
inline constexpr std::uint32_t kInterfaceIndex = 2;

struct Side;      // stream.cpp: one end of a connection
struct Listener;  // stream.cpp
struct UdpState;  // udp.cpp
class SimNet;

class SimClock final : public Clock {
 public:
  SimClock(WorldState& world, int drift_ppm) : world_(world), drift_ppm_(drift_ppm) {}
  Time now() const override;
  WallTime wall() const override;
  std::unique_ptr<Timer> timer(std::move_only_function<void()> fire) override;

  Time from_world(Time world) const;
  /// The first moment of the world at which this clock shows `own` or more.
  Time to_world(Time own) const;

  Duration wall_offset{0};

 private:
  WorldState& world_;
  const std::int64_t drift_ppm_;
};

class SimWorkers final : public Workers {
 public:
  SimWorkers(HostState& host, unsigned threads, Duration job_time)
      : host_(host), threads_(threads), job_time_(job_time) {}
  unsigned threads() const override { return threads_; }
  void submit(std::move_only_function<void()> job, std::move_only_function<void()> done) override;

 private:
  HostState& host_;
  const unsigned threads_;
  const Duration job_time_;
};

struct HostState {
  HostState(WorldState& w, std::uint32_t number, std::string called, SimHostOptions options);
  ~HostState();

  bool has(const IpAddress& ip) const;
  /// Our address towards `to`, if there is one of its family.
  std::optional<IpAddress> source_for(const IpAddress& to) const;
  std::uint16_t ephemeral_port();
  bool out_of_sockets() const { return sockets >= most_sockets; }
  void crash();
  void boot();

  WorldState& world;
  const std::uint32_t id;
  const std::string name;
  std::vector<IpAddress> addresses;
  crypto::SeededRandom random;
  SimClock clock;
  SimWorkers workers;
  std::unique_ptr<SimNet> net;
  std::unique_ptr<TaskGroup> tasks;
  std::deque<SimHost::Program> programs;  // a deque: what runs may refer to its program
  bool up = true;
  std::uint32_t boots = 0;  // what is left from before a crash is recognised by it

  std::size_t most_sockets;
  std::size_t sockets = 0;
  double send_refusal = 0;
  double connect_refusal = 0;
  std::uint16_t last_port = 49151;  // ephemeral ports begin after it (RFC 6335)

  // Keyed by creation, never by pointer: their order decides behaviour.
  std::map<std::uint64_t, std::shared_ptr<Side>> sides;
  std::map<std::uint64_t, std::weak_ptr<UdpState>> udp;
  std::map<Endpoint, std::shared_ptr<Listener>> listeners;
  std::map<std::string, std::shared_ptr<Listener>> local_listeners;
};

struct WorldState {
  explicit WorldState(std::uint64_t seed_value);
  ~WorldState();

  /// An event, `delay` from now.
  void after(Duration delay, std::move_only_function<void()> action);
  /// Whether a packet can pass now: the receiver is up and no cut between.
  bool passes(const HostState& from, const HostState& to) const;
  const SimLink& link(const HostState& from, const HostState& to) const;
  /// When a packet of `size` bytes sent now arrives, not counting loss.
  Duration delay(const HostState& from, const HostState& to, std::size_t size);
  bool chance(double probability);
  HostState* host_at(const IpAddress& ip) const;

  void record(const char* kind, const HostState& from, const HostState& to, ByteView data);
  void record(const char* kind, const HostState& at);
  void mix(std::uint64_t value);

  void settle();  ///< runs what is ready
  bool step(Time end);

  const std::uint64_t seed;
  Time now;
  TimerQueue queue;
  ReadyQueue ready;
  crypto::SeededRandom random;       // the network's
  crypto::SeededRandom test_random;  // the test's
  std::uint64_t ids = 0;

  SimLink default_link;
  SimLink loopback_link;
  std::map<std::pair<std::uint32_t, std::uint32_t>, SimLink> links;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Time> busy;  // where bandwidth is limited
  std::set<std::pair<std::uint32_t, std::uint32_t>> cuts;
  std::map<std::uint32_t, std::size_t> groups;  // of a partition; hosts in none are in group 0

  std::map<std::string, std::vector<IpAddress>> names;
  std::map<std::string, std::vector<std::string>> texts;

  std::uint64_t hash = 0;
  std::uint64_t happened = 0;
  std::function<void(const std::string&)> log;

  std::map<IpAddress, HostState*> by_ip;
  std::vector<std::unique_ptr<SimHost>> hosts;
};

// stream.cpp
Task<Result<std::unique_ptr<TcpStream>>> connect_tcp(HostState& host, Endpoint to);
Task<Result<std::unique_ptr<TcpStream>>> connect_local(HostState& host, std::string path);
Result<std::unique_ptr<TcpListener>> listen_tcp(HostState& host, Endpoint at);
Result<std::unique_ptr<TcpListener>> listen_local(HostState& host, const std::string& path);
void drop_streams(HostState& host);  ///< as a crash does

// udp.cpp
Result<std::unique_ptr<UdpSocket>> open_udp(HostState& host, Endpoint at,
                                            const UdpOptions& options);
void drop_udp(HostState& host);

class SimNet final : public Net, public Resolver {
 public:
  explicit SimNet(HostState& host) : host_(host) {}

  Task<Result<std::unique_ptr<TcpStream>>> connect(Endpoint to) override;
  Result<std::unique_ptr<TcpListener>> listen(const Endpoint& at) override;
  Result<std::unique_ptr<UdpSocket>> udp(const Endpoint& at, const UdpOptions& options) override;
  Result<std::vector<Interface>> interfaces() override;
  Resolver& resolver() override { return *this; }
  Result<std::unique_ptr<TcpListener>> listen_local(const std::string& path) override;
  Task<Result<std::unique_ptr<TcpStream>>> connect_local(std::string path) override;

  Task<Result<std::vector<IpAddress>>> addresses(std::string name, Family family) override;
  Task<Result<std::vector<std::string>>> txt(std::string name) override;

 private:
  HostState& host_;
};

}  // namespace p2p::runtime::sim
