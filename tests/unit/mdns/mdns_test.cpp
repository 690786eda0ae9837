#include "libp2p/mdns/mdns.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace p2p;
using namespace p2p::libp2p::mdns;
using namespace std::chrono_literals;

namespace {

const Bytes kIp{192, 0, 2, 1};

Name name(std::string_view text) { return *Name::parse(text); }

PeerId peer(std::uint8_t number) {
  std::array<std::uint8_t, 32> seed{};
  seed[0] = number;
  return PeerId::of(crypto::SigningKey::from_seed(seed).public_key());
}

Multiaddr addr(const std::string& text) {
  auto parsed = Multiaddr::parse(text);
  REQUIRE(parsed);
  return *parsed;
}

struct Node {
  explicit Node(std::uint64_t seed, Config config = {}) : random(seed), mdns(config, random, now) {}

  std::vector<Message> sent() {
    std::vector<Message> all;
    while (auto datagram = mdns.next_datagram()) {
      CHECK(datagram->size() <= kMaxDatagram);
      auto message = decode(*datagram);
      REQUIRE(message);
      all.push_back(std::move(*message));
    }
    return all;
  }
  /// Lets time pass up to `until`, tick by tick.
  std::vector<Message> run(Time until) {
    std::vector<Message> all;
    while (mdns.deadline() <= until) {
      now = std::max(now, mdns.deadline());
      mdns.tick(now);
      for (Message& message : sent()) all.push_back(std::move(message));
    }
    now = until;
    return all;
  }
  void hear(const Message& message) {
    const auto data = encode(message);
    REQUIRE(data);
    mdns.receive(*data, kIp, now);
  }
  void ask(std::string_view what, Type type) {
    Message query;
    query.questions.push_back({name(what), type, kClassIn});
    hear(query);
  }
  std::vector<Found> found() {
    std::vector<Found> all;
    while (auto one = mdns.next_found(now + 50ms)) all.push_back(std::move(*one));
    return all;
  }

  Time now{1h};
  crypto::SeededRandom random;
  Mdns mdns;
};

Message announcement(const PeerId& who, std::vector<std::string> addrs, std::uint32_t ttl = 120,
                     std::string_view service = "_p2p._udp.local") {
  Message message;
  message.response = true;
  Record txt;
  txt.name = name(service).child("somebody");
  txt.type = Type::txt;
  txt.ttl = ttl;
  for (const std::string& text : addrs)
    txt.texts.push_back("dnsaddr=" + text + "/p2p/" + who.text());
  message.answers.push_back(txt);
  return message;
}

}  // namespace

TEST_CASE("mdns: asks at once, then ever more rarely") {
  Node node(1);
  const Time start = node.now;
  std::vector<Time> times;
  while (times.size() < 9) {
    node.now = node.mdns.deadline();
    node.mdns.tick(node.now);
    for (const Message& message : node.sent()) {
      CHECK_FALSE(message.response);
      REQUIRE(message.questions.size() == 1);
      CHECK(message.questions[0].name == name("_p2p._udp.local"));
      CHECK(message.questions[0].type == Type::ptr);
      times.push_back(node.now);
    }
  }
  CHECK(times[0] - start <= 20ms);
  CHECK(times[1] - times[0] >= 900ms);
  CHECK(times[1] - times[0] <= 1100ms);
  CHECK(times[8] - times[7] >= 54s);
  CHECK(times[8] - times[7] <= 66s);
}

TEST_CASE("mdns: the peer name is random, 32 to 63 lower-case characters") {
  std::size_t shortest = 100;
  std::size_t longest = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const std::string text = Node(seed).mdns.peer_name();
    shortest = std::min(shortest, text.size());
    longest = std::max(longest, text.size());
    CHECK(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") == std::string::npos);
  }
  CHECK(shortest == 32);
  CHECK(longest == 63);
}

TEST_CASE("mdns: announces, and two nodes find each other") {
  Node a(1);
  Node b(2);
  a.mdns.announce(peer(1), {addr("/ip4/127.0.0.1/tcp/4001"), addr("/ip6/::1/tcp/4001")}, a.now);
  auto sent = a.run(a.now);
  REQUIRE(sent.size() == 1);
  const Message& message = sent[0];
  CHECK(message.response);
  CHECK(message.questions.empty());
  REQUIRE(message.answers.size() == 1);
  const Name instance = name("_p2p._udp.local").child(a.mdns.peer_name());
  CHECK(message.answers[0].type == Type::ptr);
  CHECK(message.answers[0].target == instance);
  std::vector<Type> types;
  for (const Record& record : message.additionals) types.push_back(record.type);
  CHECK(types == std::vector<Type>{Type::srv, Type::a, Type::aaaa, Type::txt});
  CHECK(message.additionals[0].target == name("p2p.local").child(a.mdns.peer_name()));
  CHECK(message.additionals[1].name == message.additionals[0].target);
  CHECK(message.additionals[3].texts.size() == 2);
  CHECK(message.additionals[3].texts[0] == "dnsaddr=/ip4/127.0.0.1/tcp/4001/p2p/" + peer(1).text());

  b.hear(message);
  const auto found = b.found();
  REQUIRE(found.size() == 1);
  CHECK(found[0].peer == peer(1));
  REQUIRE(found[0].addrs.size() == 2);
  CHECK(found[0].addrs[0] == addr("/ip4/127.0.0.1/tcp/4001/p2p/" + peer(1).text()));
  // Our own answer, looped back, is nobody new.
  a.hear(message);
  CHECK(a.found().empty());
}

TEST_CASE("mdns: answers questions for the service and for its own records, after a short delay") {
  Node node(3);
  node.mdns.announce(peer(1), {addr("/ip4/127.0.0.1/tcp/4001")}, node.now);
  const std::string instance = node.mdns.peer_name() + "._p2p._udp.local";
  const std::string host = node.mdns.peer_name() + ".p2p.local";
  const auto answered = [&](std::string_view what, Type type) {
    node.run(node.now + 5s);
    node.sent();
    node.ask(what, type);
    const Time asked = node.now;
    std::size_t responses = 0;
    for (const Message& message : node.run(asked + 130ms)) responses += message.response ? 1 : 0;
    return responses;
  };
  CHECK(answered("_p2p._udp.local", Type::ptr) == 1);
  CHECK(answered("_P2P._udp.LOCAL", Type::any) == 1);
  CHECK(answered(instance, Type::txt) == 1);
  CHECK(answered(instance, Type::srv) == 1);
  CHECK(answered(host, Type::a) == 1);
  CHECK(answered(host, Type::aaaa) == 1);
  CHECK(answered("_p2p._udp.local", Type::txt) == 0);
  CHECK(answered("_other._udp.local", Type::ptr) == 0);
  CHECK(answered("somebody._p2p._udp.local", Type::txt) == 0);

  node.run(node.now + 5s);
  node.ask("_services._dns-sd._udp.local", Type::ptr);
  bool meta = false;
  for (const Message& message : node.run(node.now + 130ms)) {
    for (const Record& record : message.answers) {
      meta = meta || record.target == name("_p2p._udp.local");
    }
  }
  CHECK(meta);
}

TEST_CASE("mdns: a flood of questions is answered once a second") {
  Node node(4);
  node.mdns.announce(peer(1), {addr("/ip4/127.0.0.1/tcp/4001")}, node.now);
  node.run(node.now + 3s);
  std::size_t responses = 0;
  for (int i = 0; i < 1000; ++i) {
    node.ask("_p2p._udp.local", Type::ptr);
    for (const Message& message : node.run(node.now + 10ms)) responses += message.response ? 1 : 0;
  }
  CHECK(responses >= 9);
  CHECK(responses <= 11);
}

TEST_CASE("mdns: no answer for who knows it already, for a probe, or with nothing to say") {
  Node node(5);
  const auto answers = [&](const Message& query) {
    node.run(node.now + 5s);
    node.hear(query);
    std::size_t responses = 0;
    for (const Message& message : node.run(node.now + 200ms)) responses += message.response ? 1 : 0;
    return responses;
  };
  Message query;
  query.questions.push_back({name("_p2p._udp.local"), Type::ptr, kClassIn});
  CHECK(answers(query) == 0);
  node.mdns.announce(peer(1), {addr("/ip4/127.0.0.1/tcp/4001")}, node.now);
  CHECK(answers(query) == 1);
  Record known;
  known.name = name("_p2p._udp.local");
  known.type = Type::ptr;
  known.target = known.name.child(node.mdns.peer_name());
  known.ttl = 60;
  query.answers = {known};
  CHECK(answers(query) == 0);
  query.answers[0].ttl = 59;
  CHECK(answers(query) == 1);
  query.authorities = {known};
  CHECK(answers(query) == 0);
}

TEST_CASE("mdns: many addresses are spread over datagrams that fit a frame, each complete") {
  Node node(6);
  std::vector<Multiaddr> addrs;
  for (int i = 0; i < 40; ++i)
    addrs.push_back(addr("/ip4/10.0.0." + std::to_string(i) + "/tcp/4001"));
  addrs.insert(addrs.begin(), addr("/dns4/" + std::string(180, 'a') + "/tcp/4001"));  // too long
  node.mdns.announce(peer(1), addrs, node.now);
  const auto sent = node.run(node.now);
  REQUIRE(sent.size() == 3);
  Node other(7);
  for (const Message& message : sent) {
    CHECK(message.answers[0].type == Type::ptr);
    CHECK(message.additionals.back().type == Type::txt);
    CHECK(message.additionals.back().texts.size() >= 5);
    other.hear(message);
  }
  const auto found = other.found();
  REQUIRE(found.size() == 1);
  CHECK(found[0].addrs.size() == 32);
}

TEST_CASE("mdns: each peer once a TTL, again for a new address, forgotten when it takes leave") {
  Node node(8);
  const auto hear = [&](std::vector<std::string> addrs, std::uint32_t ttl = 120) {
    node.hear(announcement(peer(2), std::move(addrs), ttl));
    return node.found().size();
  };
  CHECK(hear({"/ip4/1.2.3.4/tcp/1"}) == 1);
  CHECK(hear({"/ip4/1.2.3.4/tcp/1"}) == 0);
  node.now += 119s;
  CHECK(hear({"/ip4/1.2.3.4/tcp/1"}) == 0);
  node.now += 119s;
  CHECK(hear({"/ip4/1.2.3.4/tcp/1", "/ip4/1.2.3.4/tcp/2"}) == 1);
  node.now += 121s;
  CHECK(hear({"/ip4/1.2.3.4/tcp/1"}) == 1);
  CHECK(hear({"/ip4/1.2.3.4/tcp/1"}, 0) == 0);
  CHECK(hear({"/ip4/1.2.3.4/tcp/1"}) == 1);
  // Nobody is told of before the rest of an announcement can have come.
  node.hear(announcement(peer(3), {"/ip4/1.2.3.4/tcp/1"}));
  CHECK_FALSE(node.mdns.next_found(node.now + 49ms));
  CHECK(node.mdns.deadline() <= node.now + 50ms);
  node.hear(announcement(peer(3), {}, 0));
  node.hear(announcement(peer(3), {"/ip4/9.9.9.9/tcp/1"}, 0));
  CHECK(node.found().empty());
  // Two addresses in two messages before anyone looks are one finding.
  node.hear(announcement(peer(3), {"/ip4/1.2.3.4/tcp/1"}));
  node.hear(announcement(peer(3), {"/ip4/1.2.3.4/tcp/2"}));
  const auto found = node.found();
  REQUIRE(found.size() == 1);
  CHECK(found[0].addrs.size() == 2);
}

TEST_CASE("mdns: the address to dial first comes first") {
  Node node(9);
  node.hear(announcement(
      peer(2), {"/ip4/10.0.0.9/udp/4001/quic-v1", "/ip6/::1/tcp/4001", "/ip4/10.0.0.9/tcp/4001/ws",
                "/ip4/10.0.0.9/tcp/4001", "/ip4/192.0.2.1/tcp/4001"}));
  const auto found = node.found();
  REQUIRE(found.size() == 1);
  std::vector<std::string> order;
  for (const Multiaddr& a : found[0].addrs) order.push_back(a.without_peer().text());
  CHECK(order == std::vector<std::string>{"/ip4/192.0.2.1/tcp/4001", "/ip4/10.0.0.9/tcp/4001",
                                          "/ip6/::1/tcp/4001", "/ip4/10.0.0.9/tcp/4001/ws",
                                          "/ip4/10.0.0.9/udp/4001/quic-v1"});
}

TEST_CASE("mdns: foreign services, broken addresses and nameless peers are passed over") {
  Node node(10);
  node.hear(announcement(peer(2), {"/ip4/1.2.3.4/tcp/1"}, 120, "_p2p-X._udp.local"));
  Message message = announcement(peer(2), {"/ip4/1.2.3.4.5/tcp/1"});
  message.answers[0].texts.push_back("dnsaddr=/ip4/1.2.3.4/tcp/1");
  message.answers[0].texts.push_back("peer=/ip4/1.2.3.4/tcp/1/p2p/" + peer(2).text());
  node.hear(message);
  Message question = announcement(peer(2), {"/ip4/1.2.3.4/tcp/1"});
  question.response = false;
  node.hear(question);
  node.mdns.receive(as_bytes("not DNS at all"), kIp, node.now);
  CHECK(node.found().empty());
}

TEST_CASE("mdns: what is remembered is bounded") {
  Node node(11);
  std::size_t found = 0;
  for (std::uint32_t i = 0; i < 1500; ++i) {
    // Made-up peers: sha2-256 multihashes of nothing in particular.
    Bytes id{0x12, 0x20};
    id.resize(34);
    id[2] = static_cast<std::uint8_t>(i);
    id[3] = static_cast<std::uint8_t>(i >> 8);
    node.hear(announcement(*PeerId::from_bytes(id), {"/ip4/1.2.3.4/tcp/1"}));
    found += node.found().size();
  }
  CHECK(found == 1024);
  node.now += 121s;
  node.hear(announcement(peer(2), {"/ip4/1.2.3.4/tcp/1"}));
  CHECK(node.found().size() == 1);
}

TEST_CASE("mdns: takes its records back with TTL 0") {
  Node node(12);
  CHECK(node.mdns.goodbye().empty());
  node.mdns.announce(peer(1), {addr("/ip4/127.0.0.1/tcp/4001")}, node.now);
  const auto datagrams = node.mdns.goodbye();
  REQUIRE(datagrams.size() == 1);
  const auto message = decode(datagrams[0]);
  REQUIRE(message);
  CHECK(message->answers[0].ttl == 0);
  CHECK(message->additionals.back().ttl == 0);
}
