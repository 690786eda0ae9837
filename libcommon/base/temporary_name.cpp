#include "base/temporary_name.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <climits>
#include <cstring>
#include <mutex>
#include <utility>

namespace p2p {

namespace {

/// More than any tool writes at a time; a name beyond is removed by its destructor only.
constexpr std::size_t kSlots = 8;

/// The name is kept here, and not in a string, so that the handler never reads freed memory.
struct Slot {
  std::atomic<bool> taken = false;
  std::atomic<bool> ready = false;
  std::atomic<int> folder = AT_FDCWD;
  std::array<char, PATH_MAX> name{};
};

std::array<Slot, kSlots> slots;

void on_signal(int signal) {
  TemporaryName::remove_all();
  ::raise(signal);  // comes when this returns; SA_RESETHAND has made it the default by then
}

void install() {
  static std::once_flag once;
  std::call_once(once, [] {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
      struct sigaction action{};
      if (::sigaction(signal, nullptr, &action) != 0 || action.sa_handler != SIG_DFL) continue;
      action.sa_handler = on_signal;
      action.sa_flags = static_cast<int>(SA_RESETHAND);
      ::sigemptyset(&action.sa_mask);
      ::sigaction(signal, &action, nullptr);
    }
  });
}

/// kSlots where there is none left, or the name is too long to be one.
std::size_t take_slot(int folder, const std::string& name) {
  if (name.size() >= PATH_MAX) return kSlots;
  for (std::size_t i = 0; i < kSlots; ++i) {
    Slot& slot = slots[i];
    if (slot.taken.exchange(true, std::memory_order_acquire)) continue;
    slot.folder.store(folder, std::memory_order_relaxed);
    std::memcpy(slot.name.data(), name.c_str(), name.size() + 1);
    slot.ready.store(true, std::memory_order_release);
    return i;
  }
  return kSlots;
}

}  // namespace

TemporaryName::TemporaryName(int folder, std::string name)
    : folder_(folder), name_(std::move(name)), slot_(take_slot(folder, name_)) {
  install();
  ::unlinkat(folder_, name_.c_str(), 0);
}

TemporaryName::TemporaryName(TemporaryName&& other) noexcept
    : folder_(other.folder_),
      name_(std::move(other.name_)),
      slot_(other.slot_),
      held_(std::exchange(other.held_, false)) {}

TemporaryName::~TemporaryName() {
  if (held_) ::unlinkat(folder_, name_.c_str(), 0);
  let_go();
}

void TemporaryName::let_go() {
  if (!std::exchange(held_, false) || slot_ == kSlots) return;
  slots[slot_].ready.store(false, std::memory_order_relaxed);
  slots[slot_].taken.store(false, std::memory_order_release);
}

void TemporaryName::remove_all() {
  for (Slot& slot : slots) {
    if (!slot.ready.exchange(false, std::memory_order_acquire)) continue;
    ::unlinkat(slot.folder.load(std::memory_order_relaxed), slot.name.data(), 0);
  }
}

}  // namespace p2p
