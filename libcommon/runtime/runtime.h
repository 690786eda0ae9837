// The world a program runs in, handed to everything that needs a part of it. There are two:
// runtime/uv (real) and runtime/sim (virtual, seeded). Code below never knows which.
#pragma once

#include "crypto/random.h"
#include "runtime/clock.h"
#include "runtime/net.h"
#include "runtime/task.h"
#include "runtime/workers.h"

namespace p2p::runtime {

/// References only: copy freely; the world outlives everything built on it.
struct Runtime {
  ReadyQueue& queue;
  Clock& clock;
  crypto::Random& random;
  Net& net;
  Workers& workers;
};

}  // namespace p2p::runtime
