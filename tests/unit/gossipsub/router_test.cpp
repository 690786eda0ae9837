#include "libp2p/gossipsub/router.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "network.h"

using namespace p2p;
using namespace p2p::libp2p::gossipsub;
using namespace std::chrono_literals;

namespace {

const std::string kTopic = "news";

class FakeScore final : public PeerScore {
 public:
  std::map<PeerId, double> scores;
  std::map<PeerId, std::size_t> behaviours, invalids, firsts, duplicates, grafts, prunes;

  double score(const PeerId& peer) const override {
    const auto known = scores.find(peer);
    return known == scores.end() ? 0 : known->second;
  }
  void on_graft(const PeerId& peer, const std::string&, Time) override { ++grafts[peer]; }
  void on_prune(const PeerId& peer, const std::string&, Time) override { ++prunes[peer]; }
  void on_first_delivery(const PeerId& peer, const Message&, Time) override { ++firsts[peer]; }
  void on_duplicate(const PeerId& peer, const Message&, Time) override { ++duplicates[peer]; }
  void on_invalid(const PeerId& peer, const Message&, Time) override { ++invalids[peer]; }
  void on_behaviour(const PeerId& peer, std::size_t count, Time) override {
    behaviours[peer] += count;
  }
};

/// One router and what it did, with scripted peers around it.
struct Bench {
  explicit Bench(RouterConfig config = RouterConfig(), PeerScore* score = nullptr)
      : random(42), router(std::move(config), test::key_of(1000), random, score) {}

  crypto::SeededRandom random;
  Router router;
  Time now{1h};
  std::uint64_t seqno = 0;

  static crypto::SigningKey key(std::size_t i) { return test::key_of(i); }
  static PeerId peer(std::size_t i) { return PeerId::of(key(i).public_key()); }

  void add(std::size_t i, bool outbound = false,
           PeerProtocol protocol = PeerProtocol::gossipsub_1_1, bool subscribed = true) {
    router.add_peer(peer(i), protocol, outbound, IdForm::go, now);
    if (!subscribed) return;
    Rpc rpc;
    rpc.subscriptions.push_back(SubOpt{true, kTopic});
    rpc_from(i, rpc);
  }
  void rpc_from(std::size_t i, const Rpc& rpc) { router.on_rpc(peer(i), rpc, now); }
  void graft_from(std::size_t i) {
    Rpc rpc;
    rpc.control.graft.push_back(Graft{kTopic});
    rpc_from(i, rpc);
  }
  void prune_from(std::size_t i, std::optional<std::uint64_t> backoff = 60) {
    Rpc rpc;
    rpc.control.prune.push_back(Prune{kTopic, {}, backoff});
    rpc_from(i, rpc);
  }
  MessagePtr message_from(std::size_t author, std::string topic = kTopic) {
    return make_message(key(author), std::move(topic), to_bytes("hello"), ++seqno);
  }
  void deliver(std::size_t from, MessagePtr message) {
    Rpc rpc;
    rpc.publish.push_back(std::move(message));
    rpc_from(from, rpc);
  }
  void ihave_from(std::size_t i, std::vector<Bytes> ids, const std::string& topic = kTopic) {
    Rpc rpc;
    rpc.control.ihave.push_back(IHave{topic, std::move(ids)});
    rpc_from(i, rpc);
  }
  void iwant_from(std::size_t i, std::vector<Bytes> ids) {
    Rpc rpc;
    rpc.control.iwant.push_back(IWant{std::move(ids)});
    rpc_from(i, rpc);
  }
  void beat(Duration after = 1s) {
    now += after;
    router.heartbeat(now);
  }

  /// What happened since the last call.
  std::vector<Action> actions() { return router.take_actions(); }
  template <class T>
  std::vector<T> only() {
    std::vector<T> found;
    for (Action& action : router.take_actions()) {
      if (auto* one = std::get_if<T>(&action)) found.push_back(std::move(*one));
    }
    return found;
  }
  /// Everything sent to a peer since the last call, as one RPC; drops the other actions.
  Rpc sent_to(std::size_t i) { return sent()[peer(i)]; }
  std::map<PeerId, Rpc> sent() {
    std::map<PeerId, Rpc> all;
    for (Send& send : only<Send>()) {
      Rpc& to = all[send.to];
      const auto join = [](auto& a, auto& b) { a.insert(a.end(), b.begin(), b.end()); };
      join(to.subscriptions, send.rpc.subscriptions);
      join(to.publish, send.rpc.publish);
      join(to.control.ihave, send.rpc.control.ihave);
      join(to.control.iwant, send.rpc.control.iwant);
      join(to.control.graft, send.rpc.control.graft);
      join(to.control.prune, send.rpc.control.prune);
    }
    return all;
  }
};

std::size_t offences(const std::vector<Penalty>& penalties, Offence offence) {
  std::size_t count = 0;
  for (const Penalty& penalty : penalties) count += penalty.offence == offence ? penalty.count : 0;
  return count;
}

}  // namespace

TEST_CASE("a new peer hears of our topics first; later changes are announced to everyone") {
  Bench bench;
  bench.router.subscribe("a", false, bench.now);
  bench.router.subscribe("b", false, bench.now);
  bench.add(1, false, PeerProtocol::floodsub, false);
  CHECK(bench.sent_to(1).subscriptions == std::vector<SubOpt>{{true, "a"}, {true, "b"}});
  bench.router.unsubscribe("a", bench.now);
  bench.router.subscribe("c", false, bench.now);
  CHECK(bench.sent_to(1).subscriptions == std::vector<SubOpt>{{false, "a"}, {true, "c"}});
  bench.router.subscribe("c", false, bench.now);
  CHECK(bench.sent_to(1).empty());
}

TEST_CASE("joining grafts D of the topic's peers, and a starving mesh takes newcomers at once") {
  Bench bench;
  for (std::size_t i = 0; i < 20; ++i) bench.add(i);
  bench.router.subscribe(kTopic, false, bench.now);
  CHECK(bench.router.mesh(kTopic).size() == 6);
  std::size_t grafts = 0;
  for (const auto& [peer, rpc] : bench.sent()) {
    if (rpc.control.graft.empty()) continue;
    ++grafts;
    CHECK(bench.router.mesh(kTopic).contains(peer));
  }
  CHECK(grafts == 6);

  Bench late;
  late.router.subscribe(kTopic, false, late.now);
  for (std::size_t i = 0; i < 10; ++i) late.add(i);
  CHECK(late.router.mesh(kTopic).size() == 5);  // D_low; the heartbeat fills up to D only below it
}

TEST_CASE(
    "a received message is delivered once and forwarded to the mesh but its sender and author") {
  Bench bench;
  bench.router.subscribe(kTopic, false, bench.now);
  for (std::size_t i = 0; i < 4; ++i) bench.add(i);
  bench.actions();
  const MessagePtr message = bench.message_from(3);
  bench.deliver(0, message);
  const auto actions = bench.actions();
  std::set<PeerId> to;
  std::size_t delivered = 0;
  for (const Action& action : actions) {
    if (const auto* send = std::get_if<Send>(&action)) {
      CHECK(*send->rpc.publish.at(0) == *message);
      to.insert(send->to);
    } else if (const auto* one = std::get_if<Deliver>(&action)) {
      ++delivered;
      CHECK(one->from == Bench::peer(0));
      CHECK(one->id == message_id(*message));
    }
  }
  CHECK(delivered == 1);
  CHECK(to == std::set<PeerId>{Bench::peer(1), Bench::peer(2)});
  bench.deliver(1, message);
  bench.deliver(0, message);
  CHECK(bench.actions().empty());
}

TEST_CASE("bad messages are dropped and charged to their sender; other topics' are not looked at") {
  FakeScore score;
  Bench bench(RouterConfig(), &score);
  bench.router.subscribe(kTopic, false, bench.now);
  bench.add(0);
  bench.actions();
  const auto spoilt = [&](auto change) {
    auto message = std::make_shared<Message>(*bench.message_from(7));
    change(*message);
    bench.deliver(0, message);
    const auto penalties = bench.only<Penalty>();
    return offences(penalties, Offence::bad_message) == 1;
  };
  CHECK(spoilt([](Message& m) { m.data->push_back(1); }));
  CHECK(spoilt([](Message& m) { m.signature.clear(); }));
  CHECK(spoilt([](Message& m) { m.seqno.clear(); }));
  CHECK(spoilt([](Message& m) { m.from.clear(); }));
  CHECK(score.invalids[Bench::peer(0)] == 4);
  CHECK_FALSE(spoilt([](Message& m) { m.topic = "elsewhere"; }));
  // Forged or echoed in our name: ignored without blame, for an honest peer may have been fooled.
  bench.deliver(0, bench.message_from(1000));
  CHECK(bench.actions().empty());
}

TEST_CASE("a peer that sends nothing but bad messages is not verified for ever") {
  Bench bench;
  bench.router.subscribe(kTopic, false, bench.now);
  bench.add(0);
  bench.actions();
  const auto bad = std::make_shared<Message>(*bench.message_from(7));
  bad->data->push_back(1);
  for (std::size_t i = 0; i < Router::kMaxInvalid + 10; ++i) bench.deliver(0, bad);
  CHECK(offences(bench.only<Penalty>(), Offence::bad_message) == Router::kMaxInvalid);
  bench.deliver(0, bench.message_from(7));
  CHECK(bench.actions().empty());
  bench.beat();
  bench.actions();
  bench.deliver(0, bench.message_from(7));
  CHECK(bench.only<Deliver>().size() == 1);
}

TEST_CASE("a bad copy does not keep the good message out") {
  Bench bench;
  bench.router.subscribe(kTopic, false, bench.now);
  bench.add(0);
  bench.add(1);
  bench.actions();
  const MessagePtr good = bench.message_from(7);
  auto bad = std::make_shared<Message>(*good);
  bad->data->push_back(1);
  bench.deliver(0, bad);
  bench.actions();
  bench.deliver(1, good);
  CHECK(bench.only<Deliver>().size() == 1);
}

TEST_CASE("validated topics: nothing is delivered or forwarded before the verdict") {
  FakeScore score;
  Bench bench(RouterConfig(), &score);
  bench.router.subscribe(kTopic, true, bench.now);
  bench.add(0);
  bench.add(1);
  bench.actions();
  for (const Verdict verdict : {Verdict::accept, Verdict::ignore, Verdict::reject}) {
    const MessagePtr message = bench.message_from(9);
    bench.deliver(0, message);
    auto actions = bench.actions();
    REQUIRE(actions.size() == 1);
    const auto asked = std::get<Validate>(actions[0]);
    CHECK(bench.router.pending() == 1);
    bench.deliver(1, message);  // a duplicate does not ask again
    CHECK(bench.actions().empty());
    bench.router.resolve(asked.id, verdict, bench.now);
    CHECK(bench.router.pending() == 0);
    actions = bench.actions();
    if (verdict == Verdict::accept) {
      REQUIRE(actions.size() == 2);
      CHECK(std::get<Deliver>(actions[0]).message == message);
      CHECK(std::get<Send>(actions[1]).to == Bench::peer(1));
    } else if (verdict == Verdict::ignore) {
      CHECK(actions.empty());
    } else {
      REQUIRE(actions.size() == 1);
      CHECK(std::get<Penalty>(actions[0]).offence == Offence::rejected_message);
      CHECK(score.invalids[Bench::peer(0)] == 1);
    }
    bench.router.resolve(asked.id, Verdict::accept, bench.now);  // once only
    CHECK(bench.actions().empty());
  }
}

TEST_CASE("too many messages waiting for a verdict: the rest is forgotten and may come again") {
  Bench bench;
  bench.router.subscribe(kTopic, true, bench.now);
  bench.add(0);
  for (std::size_t i = 0; i < Router::kMaxPending; ++i) bench.deliver(0, bench.message_from(9));
  const auto waiting = bench.only<Validate>();
  CHECK(waiting.size() == Router::kMaxPending);
  const MessagePtr late = bench.message_from(9);
  bench.deliver(0, late);
  CHECK(bench.actions().empty());
  bench.router.resolve(waiting[0].id, Verdict::ignore, bench.now);
  bench.deliver(0, late);
  CHECK(bench.only<Validate>().size() == 1);
}

TEST_CASE(
    "own messages flood to every peer of the topic; without flooding they take mesh or fanout") {
  for (const bool flood : {true, false}) {
    CAPTURE(flood);
    RouterConfig config;
    config.params.flood_publish = flood;
    Bench bench(config);
    for (std::size_t i = 0; i < 20; ++i) bench.add(i);
    bench.add(20, false, PeerProtocol::floodsub);
    bench.add(21, false, PeerProtocol::gossipsub_1_1, false);
    bench.actions();
    const auto published = bench.router.publish(kTopic, to_bytes("x"), WallTime(1h), bench.now);
    REQUIRE(published);
    CHECK(published->to.size() == (flood ? 21 : 7));  // D and the floodsub peer
    CHECK(std::ranges::find(published->to, Bench::peer(20)) != published->to.end());
    CHECK(bench.sent().size() == published->to.size());
    CHECK(bench.router.fanout(kTopic).size() == (flood ? 0 : 6));
    // Joining turns the fanout into the mesh.
    if (flood) continue;
    const auto fanout = bench.router.fanout(kTopic);
    bench.router.subscribe(kTopic, false, bench.now);
    CHECK(bench.router.mesh(kTopic) == fanout);
    CHECK(bench.router.fanout(kTopic).empty());
  }
}

TEST_CASE("publishing refuses what no peer would take") {
  Bench bench;
  const auto code = [&](const std::string& topic, std::size_t size) {
    const auto published = bench.router.publish(topic, Bytes(size), WallTime(1h), bench.now);
    return published ? Code::internal : published.error().code;
  };
  CHECK(code("", 1) == Code::limit);
  CHECK(code(std::string(kMaxTopicSize + 1, 'x'), 1) == Code::limit);
  CHECK(code("t", kMaxDataSize + 1) == Code::limit);
  const auto largest = bench.router.publish(std::string(kMaxTopicSize, 'x'), Bytes(kMaxDataSize),
                                            WallTime(1h), bench.now);
  REQUIRE(largest);
  CHECK(encode(Rpc{{}, {largest->message}, {}}).size() <= kMaxRpcSize);
}

TEST_CASE("a message of ours is sent again, the same, to those who came later") {
  Bench bench;
  const auto first = bench.router.publish(kTopic, to_bytes("x"), WallTime(1h), bench.now);
  CHECK(first->to.empty());
  bench.add(0);
  bench.add(1);
  bench.actions();
  const auto again =
      bench.router.republish(first->message, std::set<PeerId>{Bench::peer(0)}, bench.now);
  CHECK(again.id == first->id);
  CHECK(again.to == std::vector<PeerId>{Bench::peer(1)});
  CHECK(bench.sent_to(1).publish.at(0) == first->message);
}

TEST_CASE("GRAFT: accepted below D_high, refused with PRUNE above unless outbound") {
  Bench bench;
  bench.router.subscribe(kTopic, false, bench.now);
  for (std::size_t i = 0; i < 20; ++i) bench.add(i, i == 19);
  bench.actions();
  for (std::size_t i = 0; i < 12; ++i) bench.graft_from(i);
  CHECK(bench.router.mesh(kTopic).size() == 12);
  CHECK(bench.actions().empty());
  bench.graft_from(12);
  const Rpc refused = bench.sent_to(12);
  REQUIRE(refused.control.prune.size() == 1);
  CHECK(refused.control.prune[0].backoff == 60);
  CHECK_FALSE(bench.router.mesh(kTopic).contains(Bench::peer(12)));
  bench.graft_from(19);
  CHECK(bench.router.mesh(kTopic).contains(Bench::peer(19)));
}

TEST_CASE("GRAFT of a topic that is not ours is not answered") {
  Bench bench;
  bench.add(0);
  bench.actions();
  bench.graft_from(0);
  CHECK(bench.actions().empty());
}

TEST_CASE("GRAFT within the backoff is refused, charged, and extends it") {
  FakeScore score;
  Bench bench(RouterConfig(), &score);
  bench.router.subscribe(kTopic, false, bench.now);
  bench.add(0);
  bench.prune_from(0, 60);
  CHECK(bench.router.mesh(kTopic).empty());
  bench.actions();
  bench.now += 5s;
  bench.graft_from(0);  // within the flood threshold: counts twice
  CHECK(score.behaviours[Bench::peer(0)] == 2);
  CHECK(bench.sent_to(0).control.prune.size() == 1);
  bench.now += 59s;  // 64 s after the PRUNE, but the early GRAFT moved the end to 65 s
  bench.graft_from(0);
  CHECK(score.behaviours[Bench::peer(0)] == 3);
  bench.actions();
  bench.now += 61s;
  bench.graft_from(0);
  CHECK(bench.router.mesh(kTopic).contains(Bench::peer(0)));
}

TEST_CASE("PRUNE with a backoff keeps us from grafting until it is over, with slack") {
  Bench bench;
  bench.router.subscribe(kTopic, false, bench.now);
  bench.add(0);
  bench.prune_from(0, 20);
  bench.actions();
  const Time until = bench.now + 20s;
  while (bench.router.mesh(kTopic).empty()) {
    bench.beat();
    REQUIRE(bench.now < until + 20s);
  }
  CHECK(bench.now > until + 1s);
  CHECK(bench.sent_to(0).control.graft.size() == 1);
}

TEST_CASE("a monstrous backoff is capped, and one of 0 means the default") {
  Bench bench;
  bench.router.subscribe(kTopic, false, bench.now);
  bench.add(0);
  bench.prune_from(0, ~std::uint64_t(0));
  bench.now += Router::kMaxBackoff + 1s;
  bench.graft_from(0);
  CHECK(bench.router.mesh(kTopic).contains(Bench::peer(0)));
  bench.prune_from(0, 0);
  bench.now += 59s;
  bench.graft_from(0);
  CHECK_FALSE(bench.router.mesh(kTopic).contains(Bench::peer(0)));
}

TEST_CASE("leaving sends PRUNE with the unsubscribe backoff, and rejoining waits for it") {
  Bench bench;
  bench.router.subscribe(kTopic, false, bench.now);
  bench.add(0);
  bench.add(1, false, PeerProtocol::gossipsub_1_0);
  bench.actions();
  bench.router.unsubscribe(kTopic, bench.now);
  auto sent = bench.sent();
  CHECK(sent[Bench::peer(0)].control.prune == std::vector<Prune>{Prune{kTopic, {}, 10}});
  CHECK(sent[Bench::peer(1)].control.prune == std::vector<Prune>{Prune{kTopic, {}, std::nullopt}});
  bench.router.subscribe(kTopic, false, bench.now);
  CHECK(bench.router.mesh(kTopic).empty());
  for (int i = 0; i < 16; ++i) bench.beat();
  CHECK(bench.router.mesh(kTopic).size() == 2);
}

TEST_CASE("the heartbeat prunes a mesh of D_high to D and keeps D_out outbound links") {
  for (std::uint64_t round = 0; round < 20; ++round) {
    Bench bench;
    bench.random = crypto::SeededRandom(round);
    bench.router.subscribe(kTopic, false, bench.now);
    for (std::size_t i = 0; i < 14; ++i) bench.add(i, i >= 12);
    for (std::size_t i = 0; i < 14; ++i) bench.graft_from(i);
    bench.actions();
    CHECK(bench.router.mesh(kTopic).size() == 14);
    bench.beat();
    const auto mesh = bench.router.mesh(kTopic);
    CHECK(mesh.size() == 6);
    CHECK(mesh.contains(Bench::peer(12)));
    CHECK(mesh.contains(Bench::peer(13)));
    std::size_t pruned = 0;
    for (const auto& [peer, rpc] : bench.sent()) pruned += rpc.control.prune.size();
    CHECK(pruned == 8);
  }
}

TEST_CASE("the heartbeat grafts outbound peers where the mesh has too few") {
  Bench bench;
  bench.router.subscribe(kTopic, false, bench.now);
  for (std::size_t i = 0; i < 6; ++i) bench.add(i);
  for (std::size_t i = 0; i < 6; ++i) bench.graft_from(i);
  for (std::size_t i = 6; i < 10; ++i) bench.add(i, true);
  CHECK(bench.router.mesh(kTopic).size() == 6);
  bench.beat();
  CHECK(bench.router.mesh(kTopic).size() == 8);
}

TEST_CASE("a bootstrapper keeps no mesh") {
  RouterConfig config;
  config.params.D = config.params.D_low = config.params.D_high = config.params.D_out = 0;
  CHECK(config.params.check());
  Bench bench(config);
  bench.router.subscribe(kTopic, false, bench.now);
  for (std::size_t i = 0; i < 5; ++i) bench.add(i, true);
  bench.graft_from(0);
  bench.beat();
  CHECK(bench.router.mesh(kTopic).empty());
}

TEST_CASE("gossip names what is new to peers outside the mesh, in each one's own form") {
  RouterConfig config;
  config.params.D = config.params.D_low = config.params.D_high = config.params.D_out = 0;
  config.params.flood_publish = false;
  Bench bench(config);  // no mesh: everyone is gossiped to
  bench.router.subscribe(kTopic, false, bench.now);
  for (std::size_t i = 0; i < 3; ++i) bench.add(i);
  bench.add(3, false, PeerProtocol::floodsub);
  bench.actions();
  const MessagePtr known = bench.message_from(7);
  bench.ihave_from(1, {wire_id(*known, IdForm::js)});
  bench.ihave_from(2, {wire_id(*known, IdForm::rust)});
  CHECK(bench.router.form_of(Bench::peer(1)) == IdForm::js);
  bench.actions();
  const MessagePtr message = bench.message_from(8);
  bench.deliver(0, message);
  bench.actions();
  for (int beat = 0; beat < 5; ++beat) {
    CAPTURE(beat);
    bench.beat();
    auto sent = bench.sent();
    const auto expect = [&](std::size_t i, IdForm form) {
      const std::vector<IHave> want{IHave{kTopic, {wire_id(*message, form)}}};
      return sent[Bench::peer(i)].control.ihave == (beat < 3 ? want : std::vector<IHave>());
    };
    CHECK(expect(0, IdForm::go));
    CHECK(expect(1, IdForm::js));
    CHECK(expect(2, IdForm::rust));
    CHECK(sent[Bench::peer(3)].empty());
  }
}

TEST_CASE("IHAVE is answered with IWANT for what is unseen, once, in the peer's own words") {
  Bench bench;
  bench.router.subscribe(kTopic, false, bench.now);
  bench.add(0);
  bench.actions();
  const MessagePtr seen = bench.message_from(7);
  const MessagePtr fresh = bench.message_from(7);
  bench.deliver(0, seen);
  bench.actions();
  for (const IdForm form : {IdForm::go, IdForm::js, IdForm::rust}) {
    CAPTURE(name_of(form));
    const Bytes wanted = wire_id(*fresh, form);
    bench.ihave_from(0, {wire_id(*seen, form), wanted, wanted, Bytes(32, 9)});
    CHECK(bench.sent_to(0).control.iwant == std::vector<IWant>{IWant{{wanted}}});
  }
  bench.ihave_from(0, {wire_id(*fresh, IdForm::go)}, "not ours");
  CHECK(bench.sent_to(0).empty());
}

TEST_CASE("IWANT is answered from the cache three times, whatever the form") {
  Bench bench;
  bench.router.subscribe(kTopic, false, bench.now);
  bench.add(0);
  bench.add(1);
  const MessagePtr message = bench.message_from(7);
  bench.deliver(0, message);
  bench.actions();
  for (const IdForm form : {IdForm::go, IdForm::js, IdForm::rust}) {
    const Bytes id = wire_id(*message, form);
    bench.iwant_from(1, {id, id, Bytes(32, 9)});
    CHECK(bench.sent_to(1).publish == std::vector<MessagePtr>{message});
  }
  bench.iwant_from(1, {wire_id(*message, IdForm::go)});
  CHECK(bench.sent_to(1).publish.empty());
  bench.iwant_from(0, {wire_id(*message, IdForm::go)});
  CHECK(bench.sent_to(0).publish.size() == 1);
}

TEST_CASE("an IHAVE flood is asked about up to the bound, then ignored until the heartbeat") {
  RouterConfig config;
  config.params.max_ihave_length = 10;
  config.params.max_ihave_messages = 3;
  Bench bench(config);
  bench.router.subscribe(kTopic, false, bench.now);
  bench.add(0);
  bench.actions();
  const auto ids = [&](std::size_t count) {
    std::vector<Bytes> list;
    for (std::size_t i = 0; i < count; ++i) list.push_back(message_id(*bench.message_from(7)));
    return list;
  };
  bench.ihave_from(0, ids(8));
  CHECK(bench.sent_to(0).control.iwant.at(0).ids.size() == 8);
  bench.ihave_from(0, ids(8));
  CHECK(bench.sent_to(0).control.iwant.at(0).ids.size() == 2);
  bench.ihave_from(0, ids(8));
  bench.ihave_from(0, ids(8));
  bench.ihave_from(0, ids(8));
  const auto actions = bench.actions();
  REQUIRE(actions.size() == 1);
  CHECK(std::get<Penalty>(actions[0]).offence == Offence::too_many_ids);
  bench.beat(500ms);
  bench.actions();
  bench.ihave_from(0, ids(100));
  CHECK(bench.sent_to(0).control.iwant.at(0).ids.size() == 10);
}

TEST_CASE(
    "a peer that does not send what it advertised breaks a promise; one that does, does not") {
  FakeScore score;
  Bench bench(RouterConfig(), &score);
  bench.router.subscribe(kTopic, false, bench.now);
  bench.add(0);
  bench.add(1);
  const MessagePtr kept = bench.message_from(7);
  const MessagePtr broken = bench.message_from(7);
  bench.ihave_from(0, {message_id(*kept)});
  bench.ihave_from(1, {message_id(*broken)});
  bench.deliver(0, kept);
  bench.beat(2s);
  CHECK(score.behaviours.empty());
  bench.beat(2s);
  CHECK(score.behaviours == std::map<PeerId, std::size_t>{{Bench::peer(1), 1}});
  bench.beat(2s);
  CHECK(score.behaviours[Bench::peer(1)] == 1);
}

TEST_CASE("direct peers get everything, are never grafted, and are dialed when they are away") {
  RouterConfig config;
  config.direct = {Bench::peer(0), Bench::peer(1)};
  config.params.flood_publish = false;
  Bench bench(config);
  bench.router.subscribe(kTopic, false, bench.now);
  bench.add(0);
  bench.add(2);
  bench.actions();
  bench.graft_from(0);
  CHECK(bench.sent_to(0).control.prune.size() == 1);
  CHECK(bench.router.mesh(kTopic) == std::set<PeerId>{Bench::peer(2)});
  bench.deliver(2, bench.message_from(7));
  CHECK(bench.sent_to(0).publish.size() == 1);
  bench.beat();
  const auto dials = bench.only<Connect>();
  REQUIRE(dials.size() == 1);
  CHECK(dials[0].peer == Bench::peer(1));
}

TEST_CASE("a peer that leaves is forgotten everywhere") {
  Bench bench;
  bench.router.subscribe(kTopic, false, bench.now);
  bench.add(0);
  bench.actions();
  bench.router.remove_peer(Bench::peer(0), bench.now);
  const auto left = bench.only<TopicPeer>();
  REQUIRE(left.size() == 1);
  CHECK_FALSE(left[0].joined);
  CHECK(bench.router.mesh(kTopic).empty());
  CHECK(bench.router.peers(kTopic).empty());
  // What it said before it left still counts; that it subscribes or grafts does not.
  Rpc late;
  late.subscriptions.push_back(SubOpt{true, kTopic});
  late.publish.push_back(bench.message_from(7));
  late.control.graft.push_back(Graft{kTopic});
  bench.router.on_rpc(Bench::peer(0), late, bench.now);
  const auto actions = bench.actions();
  REQUIRE(actions.size() == 1);
  CHECK(std::holds_alternative<Deliver>(actions[0]));
  CHECK(bench.router.mesh(kTopic).empty());
  CHECK(bench.router.peers(kTopic).empty());
  bench.beat();
  CHECK(bench.only<Send>().empty());
}

TEST_CASE("a peer that unsubscribes leaves the mesh even without PRUNE") {
  Bench bench;
  bench.router.subscribe(kTopic, false, bench.now);
  bench.add(0);
  CHECK(bench.router.mesh(kTopic).size() == 1);
  Rpc rpc;
  rpc.subscriptions.push_back(SubOpt{false, kTopic});
  bench.rpc_from(0, rpc);
  CHECK(bench.router.mesh(kTopic).empty());
}

TEST_CASE("a peer's topics are bounded in bytes") {
  Bench bench;
  bench.add(0, false, PeerProtocol::gossipsub_1_1, false);
  const std::size_t cost = 64 + 936;
  for (std::size_t i = 0; i < Router::kMaxTopicBytesPerPeer / cost + 10; ++i) {
    Rpc rpc;
    std::string topic = std::to_string(i);
    topic.resize(936, 'x');
    rpc.subscriptions.push_back(SubOpt{true, topic});
    bench.rpc_from(0, rpc);
  }
  std::size_t joined = 0, refused = 0;
  for (const Action& action : bench.actions()) {
    joined += std::holds_alternative<TopicPeer>(action) ? 1 : 0;
    refused += std::holds_alternative<Penalty>(action) ? 1 : 0;
  }
  CHECK(joined == Router::kMaxTopicBytesPerPeer / cost);
  CHECK(refused == 10);
}

TEST_CASE("peer exchange: handed out when asked for, taken from peers of good standing") {
  RouterConfig config;
  config.params.do_px = true;
  FakeScore score;
  Bench bench(config, &score);
  bench.router.subscribe(kTopic, false, bench.now);
  for (std::size_t i = 0; i < 13; ++i) bench.add(i);
  bench.router.set_signed_record(Bench::peer(0), Bytes{1, 2, 3});
  for (std::size_t i = 0; i < 12; ++i) bench.graft_from(i);
  score.scores[Bench::peer(5)] = -1;
  bench.actions();
  bench.graft_from(12);
  const Rpc refused = bench.sent_to(12);
  REQUIRE(refused.control.prune.size() == 1);
  const auto& px = refused.control.prune[0].peers;
  CHECK(px.size() == 11);  // neither itself nor the one of bad score
  for (const PxPeer& peer : px) {
    CHECK(peer.peer_id != Bench::peer(5).bytes());
    CHECK(peer.peer_id != Bench::peer(12).bytes());
    CHECK(peer.signed_record.empty() == (peer.peer_id != Bench::peer(0).bytes()));
  }

  Rpc rpc;
  rpc.control.prune.push_back(
      Prune{kTopic,
            {PxPeer{Bench::peer(50).bytes(), Bytes{9}},
             PxPeer{Bench::peer(3).bytes(), {}},  // connected already
             PxPeer{bench.router.self().bytes(), {}}, PxPeer{Bytes{1, 2, 3}, {}}},  // no peer id
            60});
  bench.rpc_from(1, rpc);
  const auto offers = bench.only<Exchange>();
  REQUIRE(offers.size() == 1);
  CHECK(offers[0].peers == std::vector<PxPeer>{PxPeer{Bench::peer(50).bytes(), Bytes{9}}});
  score.scores[Bench::peer(2)] = -1;
  bench.rpc_from(2, rpc);
  CHECK(bench.only<Exchange>().empty());
}

TEST_CASE("scores: the hooks of a scoring function and each threshold") {
  FakeScore score;
  RouterConfig config;
  config.thresholds = Thresholds{-10, -50, -80, 0, 5};
  Bench bench(config, &score);
  bench.router.subscribe(kTopic, false, bench.now);
  for (std::size_t i = 0; i < 8; ++i) bench.add(i);
  for (std::size_t i = 0; i < 8; ++i) bench.graft_from(i);
  CHECK(score.grafts.size() == 8);
  bench.actions();

  SUBCASE("negative: out of the mesh at the heartbeat, GRAFT refused, not grafted again") {
    score.scores[Bench::peer(0)] = -1;
    bench.beat();
    CHECK_FALSE(bench.router.mesh(kTopic).contains(Bench::peer(0)));
    CHECK(score.prunes[Bench::peer(0)] == 1);
    bench.now += 100s;
    bench.graft_from(0);
    CHECK_FALSE(bench.router.mesh(kTopic).contains(Bench::peer(0)));
  }
  SUBCASE("gossip: IHAVE and IWANT are ignored") {
    score.scores[Bench::peer(0)] = -11;
    const MessagePtr message = bench.message_from(50);
    bench.ihave_from(0, {message_id(*message)});
    bench.deliver(1, message);
    bench.actions();
    bench.iwant_from(0, {message_id(*message)});
    CHECK(bench.sent_to(0).empty());
  }
  SUBCASE("publish: own messages do not go there") {
    score.scores[Bench::peer(0)] = -51;
    const auto published = bench.router.publish(kTopic, {}, WallTime(1h), bench.now);
    CHECK(published->to.size() == 7);
  }
  SUBCASE("graylist: everything but subscriptions is ignored") {
    score.scores[Bench::peer(0)] = -81;
    bench.deliver(0, bench.message_from(50));
    bench.ihave_from(0, {message_id(*bench.message_from(50))});
    CHECK(bench.actions().empty());
    CHECK(score.firsts.empty());
  }
  SUBCASE("deliveries and duplicates are reported") {
    const MessagePtr message = bench.message_from(50);
    bench.deliver(0, message);
    bench.deliver(1, message);
    CHECK(score.firsts == std::map<PeerId, std::size_t>{{Bench::peer(0), 1}});
    CHECK(score.duplicates == std::map<PeerId, std::size_t>{{Bench::peer(1), 1}});
  }
  SUBCASE("opportunistic grafting brings in peers above the median") {
    for (std::size_t i = 20; i < 23; ++i) bench.add(i);
    score.scores[Bench::peer(20)] = 3;
    score.scores[Bench::peer(21)] = 4;
    for (int i = 0; i < 59; ++i) bench.beat();
    CHECK_FALSE(bench.router.mesh(kTopic).contains(Bench::peer(20)));
    bench.beat();
    CHECK(bench.router.mesh(kTopic).contains(Bench::peer(20)));
    CHECK(bench.router.mesh(kTopic).contains(Bench::peer(21)));
    CHECK_FALSE(bench.router.mesh(kTopic).contains(Bench::peer(22)));
  }
}

TEST_CASE("parameters that contradict each other are refused") {
  const auto ok = [](auto change) {
    Params params;
    change(params);
    return params.check().has_value();
  };
  CHECK(ok([](Params&) {}));
  CHECK_FALSE(ok([](Params& p) { p.mcache_gossip = 6; }));
  CHECK_FALSE(ok([](Params& p) { p.D_low = 7; }));
  CHECK_FALSE(ok([](Params& p) { p.D_high = 5; }));
  CHECK_FALSE(ok([](Params& p) { p.D_out = 4; }));
  CHECK_FALSE(ok([](Params& p) { p.D_out = 5; }));
  CHECK_FALSE(ok([](Params& p) { p.D_score = 13; }));
  CHECK_FALSE(ok([](Params& p) { p.heartbeat_interval = Duration(0); }));
}
