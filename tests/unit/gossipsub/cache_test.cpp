#include <doctest/doctest.h>

#include "libp2p/gossipsub/mcache.h"
#include "libp2p/gossipsub/seen_cache.h"
#include "network.h"

using namespace p2p;
using namespace p2p::libp2p::gossipsub;
using namespace std::chrono_literals;

namespace {

MessageId id_of(std::uint64_t n) {
  Bytes id;
  append_be(id, n);
  return id;
}

MessagePtr message(std::uint64_t n, std::size_t size = 1, std::string topic = "t") {
  return make_message(test::key_of(0), std::move(topic), Bytes(size), n);
}

}  // namespace

TEST_CASE("a message is seen until its time is over, counted from the first sight") {
  SeenCache seen(10s);
  const Time start{1h};
  CHECK(seen.add(id_of(1), start));
  CHECK_FALSE(seen.add(id_of(1), start + 5s));
  seen.expire(start + 9s);
  CHECK(seen.contains(id_of(1)));
  seen.expire(start + 10s);
  CHECK_FALSE(seen.contains(id_of(1)));
  CHECK(seen.add(id_of(1), start + 10s));
}

TEST_CASE("the seen cache forgets the oldest beyond its bound") {
  SeenCache seen(10s, 3);
  for (std::uint64_t i = 0; i < 5; ++i) CHECK(seen.add(id_of(i), Time(1h)));
  CHECK(seen.size() == 3);
  CHECK_FALSE(seen.contains(id_of(1)));
  CHECK(seen.contains(id_of(2)));
}

TEST_CASE("messages are gossiped for three windows and answered for five") {
  MessageCache cache(5, 3);
  cache.put(id_of(1), message(1));
  cache.put(id_of(2), message(2, 1, "other"));
  for (int window = 0; window < 5; ++window) {
    CAPTURE(window);
    CHECK(cache.get(id_of(1)) != nullptr);
    CHECK(cache.gossip("t").size() == (window < 3 ? 1 : 0));
    CHECK(cache.gossip("other").size() == (window < 3 ? 1 : 0));
    cache.shift();
  }
  CHECK(cache.get(id_of(1)) == nullptr);
  CHECK(cache.size() == 0);
  CHECK(cache.bytes() == 0);
}

TEST_CASE("a peer gets a message by IWANT as often as it is allowed to ask") {
  MessageCache cache(5, 3);
  cache.put(id_of(1), message(1));
  const PeerId a = PeerId::of(test::key_of(1).public_key());
  const PeerId b = PeerId::of(test::key_of(2).public_key());
  for (int i = 0; i < 3; ++i) CHECK(cache.get_for(id_of(1), a, 3) != nullptr);
  CHECK(cache.get_for(id_of(1), a, 3) == nullptr);
  CHECK(cache.get_for(id_of(1), b, 3) != nullptr);
  CHECK(cache.get_for(id_of(9), b, 3) == nullptr);
}

TEST_CASE("the message cache drops the oldest beyond its bytes") {
  MessageCache cache(3, 3, 10'000);
  for (std::uint64_t i = 0; i < 4; ++i) {
    cache.put(id_of(i), message(i, 3000));
    cache.shift();
    CHECK(cache.bytes() <= 10'000);
  }
  cache.put(id_of(4), message(4, 3000));
  CHECK(cache.get(id_of(0)) == nullptr);
  CHECK(cache.get(id_of(4)) != nullptr);
  // Larger than everything: it does not stay, and nothing breaks.
  cache.put(id_of(5), message(5, 20'000));
  CHECK(cache.bytes() <= 10'000);
  cache.put(id_of(4), message(4, 3000));
  CHECK(cache.size() <= 1);
}
