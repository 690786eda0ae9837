#include "cli/out_of_memory.h"

#include <alloca.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <new>
#include <string_view>

#include "base/temporary_name.h"
#include "cli/exit_status.h"

namespace p2p::cli {

namespace {

constexpr std::string_view kWhat = ": error: out of memory\n";

/// More than the first thread was ever seen to need, twice over. Other threads have theirs from
/// the beginning.
constexpr std::size_t kStack = 256 * 1024;
/// With less to grow into, the stack is left as it is: arguments and environment take a part of it.
constexpr rlim_t kLeastLimit = 4 * kStack;

/// The whole line, since nothing can be put together any more. Room for any tool's name.
std::array<char, 128> line;
std::size_t line_size = 0;

void name(std::string_view tool) {
  tool = tool.substr(0, line.size() - kWhat.size());
  std::memcpy(line.data(), tool.data(), tool.size());
  std::memcpy(line.data() + tool.size(), kWhat.data(), kWhat.size());
  line_size = tool.size() + kWhat.size();
}

[[noreturn]] void end() {
  static std::atomic<bool> ending = false;
  // Another thread is at it already.
  while (ending.exchange(true)) ::pause();
  TemporaryName::remove_all();
  [[maybe_unused]] const auto n = ::write(STDERR_FILENO, line.data(), line_size);
  std::_Exit(static_cast<int>(ExitStatus::error));
}

/// A stack that cannot grow ends the process by SIGSEGV: it takes its room while there is some.
void grow_stack() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur < kLeastLimit) return;
  void* room = ::mmap(nullptr, kStack, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED) end();
  ::munmap(room, kStack);
  *static_cast<volatile char*>(alloca(kStack)) = 0;
}

void begin(int argc, char** argv, char**) {
  const std::string_view path = argc > 0 ? argv[0] : "";
  name(path.substr(path.rfind('/') + 1));  // 0 where there is no slash
  std::set_new_handler(end);
  grow_stack();
}

/// The loader calls it before all constructors, those of libraries included, of which some
/// allocate.
__attribute__((section(".preinit_array"), used)) void (*const before_all)(int, char**,
                                                                          char**) = begin;

}  // namespace

void name_in_out_of_memory(const std::string& tool) { name(tool); }

}  // namespace p2p::cli
