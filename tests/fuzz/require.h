// What a fuzzer says about its subject: a property that does not hold ends the run.
#pragma once

#include <cstdlib>

inline void require(bool holds) {
  if (!holds) std::abort();
}
