#include <algorithm>

#include "runtime/sim/state.h"

namespace p2p::runtime {

namespace sim {

namespace {

/// The wall clock's reading when the world begins: 2026-01-01.
constexpr WallTime kEpoch{std::chrono::seconds(1'767'225'600)};

/// FNV-1a, so that a host's randomness depends on its name and not on how many there are.
std::uint64_t hash_name(const std::string& name) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : name) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3U;
  return hash;
}

class SimTimer final : public Timer {
 public:
  SimTimer(const SimClock& clock, std::unique_ptr<Timer> timer)
      : clock_(clock), timer_(std::move(timer)) {}
  void arm(Time at) override { timer_->arm(at == kNever ? kNever : clock_.to_world(at)); }
  void disarm() override { timer_->disarm(); }

 private:
  const SimClock& clock_;
  std::unique_ptr<Timer> timer_;
};

}  // namespace

Time SimClock::from_world(Time world) const {
  const auto micros = world.time_since_epoch().count();
  return Time(Duration(micros + micros / 1'000'000 * drift_ppm_ +
                       micros % 1'000'000 * drift_ppm_ / 1'000'000));
}

Time SimClock::to_world(Time own) const {
  if (drift_ppm_ == 0) return std::max(own, world_.now);
  // A first guess, then exact: the division by 1 + drift rounds.
  const auto micros = static_cast<double>(own.time_since_epoch().count());
  const double guess = micros / (1.0 + static_cast<double>(drift_ppm_) / 1e6);
  Time at = std::max(Time(Duration(static_cast<std::int64_t>(guess) - 2)), world_.now);
  while (from_world(at) < own) at += Duration(1);
  return at;
}

Time SimClock::now() const { return from_world(world_.now); }

WallTime SimClock::wall() const { return kEpoch + now().time_since_epoch() + wall_offset; }

std::unique_ptr<Timer> SimClock::timer(std::move_only_function<void()> fire) {
  return std::make_unique<SimTimer>(*this, make_timer(world_.queue, std::move(fire)));
}

void SimWorkers::submit(std::move_only_function<void()> job, std::move_only_function<void()> done) {
  host_.world.after(job_time_, [&host = host_, boot = host_.boots, job = std::move(job),
                                done = std::move(done)]() mutable {
    if (!host.up || host.boots != boot) return;
    host.world.record("job", host);
    job();
    done();
  });
}

HostState::HostState(WorldState& w, std::uint32_t number, std::string called,
                     SimHostOptions options)
    : world(w),
      id(number),
      name(std::move(called)),
      addresses(std::move(options.addresses)),
      random(w.seed ^ hash_name(name)),
      clock(w, options.drift_ppm),
      workers(*this, options.worker_threads, options.job_time),
      net(std::make_unique<SimNet>(*this)),
      tasks(std::make_unique<TaskGroup>(w.ready)),
      most_sockets(options.most_sockets) {
  clock.wall_offset = options.wall_offset;
}

HostState::~HostState() = default;

bool HostState::has(const IpAddress& ip) const {
  return ip.is_loopback() || std::find(addresses.begin(), addresses.end(), ip) != addresses.end();
}

std::optional<IpAddress> HostState::source_for(const IpAddress& to) const {
  if (to.is_loopback()) return to;
  const auto found = std::find_if(addresses.begin(), addresses.end(),
                                  [&to](const IpAddress& ip) { return ip.v6 == to.v6; });
  if (found == addresses.end()) return std::nullopt;
  return *found;
}

std::uint16_t HostState::ephemeral_port() {
  while (true) {
    last_port = last_port == 65535 ? 49152 : static_cast<std::uint16_t>(last_port + 1);
    const bool taken = std::any_of(listeners.begin(), listeners.end(), [this](const auto& entry) {
      return entry.first.port == last_port;
    });
    if (!taken) return last_port;
  }
}

void HostState::crash() {
  if (!up) return;
  world.record("crash", *this);
  up = false;
  ++boots;
  drop_streams(*this);
  drop_udp(*this);
  tasks->cancel();
}

void HostState::boot() {
  if (up) return;
  world.record("restart", *this);
  up = true;
  const Runtime runtime{world.ready, clock, random, *net, workers};
  for (const auto& program : programs) tasks->spawn(program(runtime));
}

}  // namespace sim

SimHost::SimHost(std::unique_ptr<sim::HostState> state) : state_(std::move(state)) {}
SimHost::~SimHost() = default;

const std::string& SimHost::name() const { return state_->name; }
IpAddress SimHost::ip() const { return state_->addresses.front(); }
Runtime SimHost::runtime() {
  return Runtime{state_->world.ready, state_->clock, state_->random, *state_->net, state_->workers};
}

void SimHost::run(Program program) {
  state_->programs.push_back(std::move(program));
  if (state_->up) state_->tasks->spawn(state_->programs.back()(runtime()));
}

void SimHost::spawn(Task<void> task) { state_->tasks->spawn(std::move(task)); }
std::size_t SimHost::tasks() const { return state_->tasks->size(); }
bool SimHost::up() const { return state_->up; }
void SimHost::crash() { state_->crash(); }
void SimHost::restart() { state_->boot(); }
void SimHost::set_most_sockets(std::size_t most) { state_->most_sockets = most; }
void SimHost::set_send_refusal(double share) { state_->send_refusal = share; }
void SimHost::set_connect_refusal(double share) { state_->connect_refusal = share; }
void SimHost::set_wall_offset(Duration offset) { state_->clock.wall_offset = offset; }

}  // namespace p2p::runtime
