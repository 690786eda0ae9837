#include "files/guard.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>

namespace p2p::files::guard {

namespace {

/// Far more windows than threads; the handler walks them all.
constexpr std::size_t kSlots = 256;

struct Slot {
  std::atomic<bool> taken = false;
  std::atomic<std::uintptr_t> start = 0;  // 0 while not looked after
  std::atomic<std::uintptr_t> end = 0;
  std::atomic<bool> torn = false;
};
static_assert(std::atomic<std::uintptr_t>::is_always_lock_free);

std::array<Slot, kSlots> slots;
std::uintptr_t page_size = 4096;
struct sigaction before;

void on_bus_error(int signal, siginfo_t* info, void*) {
  const auto at = reinterpret_cast<std::uintptr_t>(info->si_addr);
  for (Slot& slot : slots) {
    const std::uintptr_t start = slot.start.load(std::memory_order_acquire);
    const std::uintptr_t end = slot.end.load(std::memory_order_relaxed);
    if (start == 0 || at < start || at >= end) continue;
    slot.torn.store(true, std::memory_order_relaxed);
    const std::uintptr_t page = at - at % page_size;
    // All that is left of the window: the file ends before it.
    if (::mmap(reinterpret_cast<void*>(page), end - page, PROT_READ,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED) {
      return;
    }
  }
  // Not ours: returning faults again, under the old disposition.
  ::sigaction(signal, &before, nullptr);
}

void install() {
  static std::once_flag once;
  std::call_once(once, [] {
    page_size = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    struct sigaction action{};
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(SIGBUS, &action, &before);
  });
}

}  // namespace

std::optional<std::size_t> enter(void* start, std::size_t size) {
  install();
  for (std::size_t i = 0; i < kSlots; ++i) {
    Slot& slot = slots[i];
    if (slot.taken.exchange(true, std::memory_order_acquire)) continue;
    const auto from = reinterpret_cast<std::uintptr_t>(start);
    slot.torn.store(false, std::memory_order_relaxed);
    slot.end.store(from + size, std::memory_order_relaxed);
    slot.start.store(from, std::memory_order_release);
    return i;
  }
  return std::nullopt;
}

bool leave(std::size_t slot) {
  slots[slot].start.store(0, std::memory_order_release);
  const bool whole = !slots[slot].torn.load(std::memory_order_relaxed);
  slots[slot].taken.store(false, std::memory_order_release);
  return whole;
}

}  // namespace p2p::files::guard
