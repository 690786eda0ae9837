#include "runtime/sim/world.h"

#include <algorithm>
#include <stdexcept>

#include "base/endian.h"
#include "runtime/sim/state.h"

namespace p2p::runtime {

namespace sim {

namespace {

/// Code that readies itself for ever would hang the simulation; no honest instant resumes as many.
constexpr std::uint64_t kResumesPerInstant = 20'000'000;

/// Not zero, so that code which confuses "never" with zero is found out.
constexpr Time kStart{std::chrono::seconds(1000)};

struct Event final : TimerQueue::Entry {
  explicit Event(std::move_only_function<void()> a) : action(std::move(a)) {}
  void fire() override {
    const std::unique_ptr<Event> self(this);
    action();
  }
  void forgotten() override { delete this; }
  std::move_only_function<void()> action;
};

}  // namespace

WorldState::WorldState(std::uint64_t seed_value)
    : seed(seed_value),
      now(kStart),
      random(seed_value),
      test_random(~seed_value),
      hash(seed_value) {
  loopback_link.latency = kLoopbackLatency;
}

WorldState::~WorldState() {
  for (const auto& host : hosts) host->crash();  // no task sees half a world
  queue.clear();
}

void WorldState::after(Duration delay, std::move_only_function<void()> action) {
  queue.arm(*new Event(std::move(action)), now + delay);
}

bool WorldState::passes(const HostState& from, const HostState& to) const {
  if (!from.up || !to.up) return false;
  if (from.id == to.id) return true;
  if (cuts.contains({from.id, to.id})) return false;
  const auto group = [this](const HostState& host) {
    const auto found = groups.find(host.id);
    return found == groups.end() ? 0 : found->second;
  };
  return groups.empty() || group(from) == group(to);
}

const SimLink& WorldState::link(const HostState& from, const HostState& to) const {
  if (from.id == to.id) return loopback_link;
  if (links.empty()) return default_link;
  const auto found = links.find({from.id, to.id});
  return found == links.end() ? default_link : found->second;
}

Duration WorldState::delay(const HostState& from, const HostState& to, std::size_t size) {
  const SimLink& way = link(from, to);
  Duration out = way.latency;
  if (way.jitter.count() > 0) {
    out += Duration(static_cast<std::int64_t>(
        random.below(static_cast<std::uint64_t>(way.jitter.count()) + 1)));
  }
  if (way.bytes_per_second > 0) {
    Time& free = busy[{from.id, to.id}];
    const auto sending = static_cast<std::int64_t>(size * 1'000'000 / way.bytes_per_second);
    free = std::max(free, now) + Duration(sending);
    out += free - now;
  }
  return out;
}

bool WorldState::chance(double probability) {
  return probability > 0 && random.unit() < probability;  // no draw where there is no doubt
}

HostState* WorldState::host_at(const IpAddress& ip) const {
  const auto found = by_ip.find(ip);
  return found == by_ip.end() ? nullptr : found->second;
}

void WorldState::mix(std::uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15U;
  hash ^= hash >> 29;
}

void WorldState::record(const char* kind, const HostState& from, const HostState& to,
                        ByteView data) {
  mix(static_cast<std::uint64_t>(now.time_since_epoch().count()));
  for (const char* c = kind; *c != 0; ++c) mix(static_cast<std::uint8_t>(*c));
  mix(std::uint64_t{from.id} << 32 | to.id);
  mix(data.size());
  for (; data.size() >= 8; data = data.subspan(8)) mix(load_le<std::uint64_t>(data.data()));
  for (const std::uint8_t byte : data) mix(byte);
  if (log) {
    log(std::to_string(now.time_since_epoch().count()) + ' ' + kind + ' ' + from.name + ' ' +
        to.name + ' ' + std::to_string(hash));
  }
}

void WorldState::record(const char* kind, const HostState& at) { record(kind, at, at, ByteView()); }

void WorldState::settle() {
  const auto begun = ready.resumed();
  while (ready.run_one()) {
    if (ready.resumed() - begun > kResumesPerInstant) {
      throw std::runtime_error("simulated code runs for ever in one instant; seed " +
                               std::to_string(seed));
    }
  }
}

bool WorldState::step(Time end) {
  settle();
  if (queue.next() > end || queue.empty()) return false;
  now = std::max(now, queue.next());
  ++happened;
  queue.fire_next();
  mix(static_cast<std::uint64_t>(now.time_since_epoch().count()));
  settle();
  mix(ready.resumed());
  return true;
}

}  // namespace sim

SimWorld::SimWorld(std::uint64_t seed) : state_(std::make_unique<sim::WorldState>(seed)) {}
SimWorld::~SimWorld() = default;

SimHost& SimWorld::host(std::string name, SimHostOptions options) {
  const auto id = static_cast<std::uint32_t>(state_->hosts.size() + 1);
  if (options.addresses.empty()) {
    options.addresses.push_back(IpAddress::v4(10, static_cast<std::uint8_t>(id >> 16),
                                              static_cast<std::uint8_t>(id >> 8),
                                              static_cast<std::uint8_t>(id)));
  }
  auto made = std::make_unique<sim::HostState>(*state_, id, std::move(name), std::move(options));
  for (const auto& ip : made->addresses) {
    if (!state_->by_ip.emplace(ip, made.get()).second) {
      throw std::invalid_argument("two simulated hosts have the address " + ip.text());
    }
  }
  state_->hosts.push_back(std::make_unique<SimHost>(std::move(made)));
  return *state_->hosts.back();
}

std::uint64_t SimWorld::seed() const { return state_->seed; }
Time SimWorld::now() const { return state_->now; }
crypto::Random& SimWorld::random() { return state_->test_random; }

void SimWorld::set_link(const SimLink& link) { state_->default_link = link; }

void SimWorld::set_link(const SimHost& a, const SimHost& b, const SimLink& link) {
  state_->links[{a.state_->id, b.state_->id}] = link;
  state_->links[{b.state_->id, a.state_->id}] = link;
}

void SimWorld::cut(const SimHost& from, const SimHost& to) {
  state_->cuts.insert({from.state_->id, to.state_->id});
}

void SimWorld::mend(const SimHost& from, const SimHost& to) {
  state_->cuts.erase({from.state_->id, to.state_->id});
}

void SimWorld::partition(const std::vector<std::vector<SimHost*>>& groups) {
  state_->groups.clear();
  for (std::size_t i = 0; i < groups.size(); ++i) {
    for (const SimHost* host : groups[i]) state_->groups[host->state_->id] = i + 1;
  }
}

void SimWorld::heal() {
  state_->cuts.clear();
  state_->groups.clear();
}

void SimWorld::set_addresses(const std::string& name, std::vector<IpAddress> addresses) {
  state_->names[name] = std::move(addresses);
}

void SimWorld::set_txt(const std::string& name, std::vector<std::string> texts) {
  state_->texts[name] = std::move(texts);
}

void SimWorld::at(Time when, std::move_only_function<void()> action) {
  state_->after(std::max(when - state_->now, Duration(0)), std::move(action));
}

void SimWorld::run_until(Time end) {
  while (state_->step(end)) {
  }
  state_->now = std::max(state_->now, end);
}

void SimWorld::run_for(Duration time) { run_until(state_->now + time); }

bool SimWorld::run_until(const std::function<bool()>& done, Duration limit) {
  const Time end = state_->now + limit;
  state_->settle();
  while (!done()) {
    if (!state_->step(end)) return done();
  }
  return true;
}

bool SimWorld::run_until_idle(Duration limit) {
  run_until([] { return false; }, limit);
  return state_->queue.empty() && state_->ready.empty();
}

namespace {

Task<void> then_mark(Task<void> task, std::shared_ptr<bool> ended) {
  co_await std::move(task);
  *ended = true;
}

}  // namespace

bool SimWorld::run(SimHost& host, Task<void> task, Duration limit) {
  const auto ended = std::make_shared<bool>(false);
  host.spawn(then_mark(std::move(task), ended));
  return run_until([&ended] { return *ended; }, limit);
}

std::uint64_t SimWorld::trace() const { return state_->hash; }
std::uint64_t SimWorld::events() const { return state_->happened; }
void SimWorld::log_to(std::function<void(const std::string&)> sink) {
  state_->log = std::move(sink);
}

}  // namespace p2p::runtime
