#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "support/needs.h"

int main(int argc, char** argv) {
  doctest::Context context(argc, argv);
  const int status = context.run();
  if (status == 0 && p2p::test::something_left_out) return p2p::test::kSkipped;
  return status;
}
