// The simulated world: hosts with clocks, randomness and workers of their own, on a network with
// faults, all driven by one seed and one virtual clock. The code that runs in it is the real code.
//
//     SimWorld world(seed);
//     SimHost& alice = world.host("alice");
//     SimHost& bob = world.host("bob");
//     bob.run([](Runtime rt) { return serve(rt); });        // starts again after a restart
//     alice.run([to = bob.ip()](Runtime rt) { return visit(rt, to); });
//     world.run_for(std::chrono::seconds(60));
//     CHECK(world.trace() == …);                            // same seed, same trace
//
// Events happen in the order of (time, sequence); after each one every coroutine that it woke runs
// until nothing is ready. Time is whole microseconds and stands still while code runs. A test
// prints its seed when it fails and runs each seed twice, comparing traces.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/runtime.h"

namespace p2p::runtime {

namespace sim {
struct HostState;
struct WorldState;
}  // namespace sim

/// One direction of the network between two hosts. Probabilities are in [0, 1].
struct SimLink {
  SimLink() {}
  Duration latency = std::chrono::milliseconds(10);  ///< one way
  Duration jitter{0};    ///< up to this much more, uniformly; reorders datagrams
  double loss = 0;       ///< of a packet: a datagram is gone, a TCP segment late
  double duplicate = 0;  ///< of a datagram
  double reset = 0;      ///< of a TCP segment: its connection is cut, both ends see a reset
  std::uint64_t bytes_per_second = 0;  ///< 0: no limit
};

struct SimHostOptions {
  SimHostOptions() {}
  std::vector<IpAddress> addresses;  ///< of its one interface; empty: the next free 10.x.y.z
  Duration wall_offset{0};           ///< how wrong its wall clock is
  int drift_ppm = 0;                 ///< how fast its clocks run, in millionths too fast
  std::size_t most_sockets = 1024;   ///< more fail as if descriptors had run out (EMFILE)
  unsigned worker_threads = 2;       ///< what Workers::threads says
  Duration job_time{0};              ///< what each job of Workers takes
};

class SimHost {
 public:
  explicit SimHost(std::unique_ptr<sim::HostState> state);
  ~SimHost();

  const std::string& name() const;
  IpAddress ip() const;  ///< its first address
  Runtime runtime();

  using Program = std::function<Task<void>(Runtime)>;
  /// Starts a program now and after every restart.
  void run(Program program);
  /// Starts one task, which a crash ends for good.
  void spawn(Task<void> task);
  /// Tasks still running.
  std::size_t tasks() const;

  bool up() const;
  /// Destroys every task of the host. Nothing is said to its peers: they see resets once it is
  /// back, or time-outs. Objects of the host that others still hold fail with Code::closed.
  void crash();
  /// Runs its programs again, with empty memory, on the same addresses.
  void restart();

  void set_most_sockets(std::size_t most);
  /// The share of datagrams that the host's own firewall refuses (EPERM), unseen by the program.
  void set_send_refusal(double share);
  /// The share of outgoing connections refused so (Code::permission).
  void set_connect_refusal(double share);
  /// Steps the wall clock.
  void set_wall_offset(Duration offset);

 private:
  friend class SimWorld;
  std::unique_ptr<sim::HostState> state_;
};

class SimWorld {
 public:
  explicit SimWorld(std::uint64_t seed);
  ~SimWorld();
  SimWorld(const SimWorld&) = delete;
  SimWorld& operator=(const SimWorld&) = delete;

  /// Adds a host. Names and addresses are unique; a host lives as long as the world.
  SimHost& host(std::string name, SimHostOptions options = SimHostOptions());

  std::uint64_t seed() const;
  Time now() const;
  /// For the test's own choices: faults and their times.
  crypto::Random& random();

  /// Every pair of hosts without a link of their own.
  void set_link(const SimLink& link);
  /// Both directions between two hosts.
  void set_link(const SimHost& a, const SimHost& b, const SimLink& link);
  /// What `from` sends no longer reaches `to`. Connections survive a cut shorter than a minute.
  void cut(const SimHost& from, const SimHost& to);
  void mend(const SimHost& from, const SimHost& to);
  /// Hosts of different groups do not hear each other; hosts in none form one more group.
  void partition(const std::vector<std::vector<SimHost*>>& groups);
  /// Undoes every cut and partition.
  void heal();

  /// What every host's resolver answers; unknown names are Code::not_found.
  void set_addresses(const std::string& name, std::vector<IpAddress> addresses);
  void set_txt(const std::string& name, std::vector<std::string> texts);

  /// Calls `action` at that moment, in order with all other events.
  void at(Time when, std::move_only_function<void()> action);

  void run_until(Time end);
  void run_for(Duration time);
  /// Until `done` holds after some event; false if `limit` passed, or nothing is left to happen.
  bool run_until(const std::function<bool()>& done, Duration limit);
  /// Until nothing is left to happen; false if `limit` passed first.
  bool run_until_idle(Duration limit = std::chrono::hours(24));
  /// Spawns `task` on `host` and runs the world until it ends; false if `limit` passed, nothing is
  /// left to happen, or the host crashed.
  bool run(SimHost& host, Task<void> task, Duration limit = std::chrono::hours(1));

  /// A hash of everything that happened so far: times, hosts, sizes, content, resumptions.
  std::uint64_t trace() const;
  /// How many events happened so far.
  std::uint64_t events() const;
  /// Writes each event as a line, to find where two runs part. Costs time; off by default.
  void log_to(std::function<void(const std::string&)> sink);

 private:
  std::unique_ptr<sim::WorldState> state_;
};

}  // namespace p2p::runtime
