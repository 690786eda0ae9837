#include "libp2p/mdns/mdns.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace p2p::libp2p::mdns {

namespace {

using multiformats::Proto;
using namespace std::chrono_literals;

constexpr std::string_view kPrefix = "dnsaddr=";
/// A host with more interfaces than that is not helped by announcing all of them.
constexpr std::size_t kMaxAddrs = 32;
/// Peers remembered at one time. A home or office network has fewer; a flood of made-up ones stops
/// here.
constexpr std::size_t kMaxKnown = 1024;
/// Whatever is claimed, nobody is remembered longer.
constexpr Duration kMaxTtl = 1h;
/// RFC 6762 section 6: shared records are answered after 20 to 120 ms, and not again within a
/// second.
constexpr Duration kAnswerLow = 20ms;
constexpr Duration kAnswerHigh = 120ms;
constexpr Duration kAnswerGap = 1s;
/// The datagrams of one announcement leave back to back.
constexpr Duration kSettle = 50ms;
/// An SRV record needs a port, which nobody reads; go-libp2p sends this one.
constexpr std::uint16_t kSrvPort = 4001;

Name literal(std::string_view text) { return Name::parse(text).value_or(Name()); }

std::string random_name(crypto::Random& random) {
  constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string name(static_cast<std::size_t>(32 + random.below(32)), 'x');
  for (char& c : name) c = kAlphabet[static_cast<std::size_t>(random.below(kAlphabet.size()))];
  return name;
}

/// Smaller is better.
int rank(const Multiaddr& addr, ByteView from_ip) {
  const auto* v4 = addr.find(Proto::ip4);
  const auto* v6 = addr.find(Proto::ip6);
  const auto* ip = v4 != nullptr ? v4 : v6;
  if (ip == nullptr || addr.find(Proto::tcp) == nullptr) return 4;
  if (addr.find(Proto::ws) != nullptr || addr.find(Proto::wss) != nullptr) return 3;
  if (equal(ip->value, from_ip)) return 0;
  return ip == v4 ? 1 : 2;
}

}  // namespace

Mdns::Mdns(Config config, crypto::Random& random, Time now)
    : config_(std::move(config)),
      random_(random),
      peer_name_(random_name(random)),
      service_(literal(config_.service)),
      instance_(service_.child(peer_name_)),
      host_(literal("p2p.local").child(peer_name_)),
      meta_(literal("_services._dns-sd._udp.local")),
      query_at_(now + jitter(0ms, kAnswerLow)),
      answered_(now - kAnswerGap) {}

void Mdns::announce(const PeerId& peer, const std::vector<Multiaddr>& addrs, Time now) {
  self_ = peer;
  texts_.clear();
  ips_v4_.clear();
  ips_v6_.clear();
  for (const Multiaddr& addr : addrs) {
    std::string text = std::string(kPrefix) + addr.with_peer(peer).text();
    if (text.size() > 255 || texts_.size() >= kMaxAddrs) continue;
    if (std::ranges::find(texts_, text) != texts_.end()) continue;
    texts_.push_back(std::move(text));
    for (auto [proto, ips] : {std::pair(Proto::ip4, &ips_v4_), std::pair(Proto::ip6, &ips_v6_)}) {
      const auto* ip = addr.find(proto);
      if (ip == nullptr || std::ranges::find(*ips, ip->value) != ips->end()) continue;
      ips->push_back(ip->value);
    }
  }
  known_.erase(peer);
  drop_found(peer);
  if (!texts_.empty()) answer_at_ = now;
}

void Mdns::receive(ByteView datagram, ByteView from_ip, Time now) {
  const auto message = decode(datagram);
  if (!message) return;
  if (message->response) {
    on_response(*message, from_ip, now);
  } else {
    on_query(*message, now);
  }
}

void Mdns::on_query(const Message& query, Time now) {
  if (texts_.empty()) return;
  // A probe before claiming a name: not a question to us.
  if (!query.authorities.empty()) return;
  bool ask = false;
  for (const Question& question : query.questions) {
    if ((question.klass & ~kTopBit) != kClassIn) continue;
    const auto wants = [&](const Name& name, std::initializer_list<Type> types) {
      if (question.name != name) return false;
      return question.type == Type::any || std::ranges::find(types, question.type) != types.end();
    };
    if (wants(service_, {Type::ptr})) ask = ask || !known_answer(query);
    if (wants(instance_, {Type::txt, Type::srv})) ask = true;
    if (wants(host_, {Type::a, Type::aaaa})) ask = true;
    if (wants(meta_, {Type::ptr})) ask = answer_meta_ = true;
  }
  if (!ask || answer_at_ != kNever) return;
  answer_at_ = std::max(now + jitter(kAnswerLow, kAnswerHigh), answered_ + kAnswerGap);
}

/// RFC 6762 section 7.1: who already has our record, for long enough yet, needs no answer.
bool Mdns::known_answer(const Message& query) const {
  const auto half = std::chrono::duration_cast<std::chrono::seconds>(config_.ttl).count() / 2;
  return std::ranges::any_of(query.answers, [&](const Record& record) {
    return record.type == Type::ptr && record.name == service_ && record.target == instance_ &&
           record.ttl >= half;
  });
}

void Mdns::on_response(const Message& response, ByteView from_ip, Time now) {
  for (const auto* section : {&response.answers, &response.additionals}) {
    for (const Record& record : *section) {
      if (record.type != Type::txt || (record.klass & ~kTopBit) != kClassIn) continue;
      if (!record.name.is_child_of(service_) || record.name == instance_) continue;
      for (const std::string& text : record.texts) {
        if (!text.starts_with(kPrefix)) continue;
        const auto addr = Multiaddr::parse(std::string_view(text).substr(kPrefix.size()));
        if (!addr) continue;
        const auto peer = addr->peer();
        if (!peer || *peer == self_) continue;
        learn(*addr, *peer, std::min<Duration>(std::chrono::seconds(record.ttl), kMaxTtl), from_ip,
              now);
      }
    }
  }
}

void Mdns::learn(const Multiaddr& addr, const PeerId& peer, Duration ttl, ByteView from_ip,
                 Time now) {
  if (ttl == Duration::zero()) {
    known_.erase(peer);
    drop_found(peer);
    return;
  }
  auto it = known_.find(peer);
  if (it == known_.end()) {
    std::erase_if(known_, [&](const auto& entry) {
      return entry.second.expires <= now && !entry.second.queued;
    });
    if (known_.size() >= kMaxKnown) return;
    it = known_.emplace(peer, Known()).first;
  }
  Known& known = it->second;
  if (known.expires <= now && !known.queued) known.addrs.clear();
  known.expires = std::max(known.expires, now + ttl);
  if (std::ranges::find(known.addrs, addr) != known.addrs.end()) return;
  if (known.addrs.size() >= kMaxAddrs) return;
  const auto place = std::ranges::find_if(known.addrs, [&](const Multiaddr& other) {
    return rank(other, from_ip) > rank(addr, from_ip);
  });
  known.addrs.insert(place, addr);
  if (!std::exchange(known.queued, true)) found_.push_back({peer, now + kSettle});
}

void Mdns::drop_found(const PeerId& peer) {
  std::erase_if(found_, [&peer](const Pending& pending) { return pending.peer == peer; });
}

std::optional<Found> Mdns::next_found(Time now) {
  if (found_.empty() || found_.front().due > now) return std::nullopt;
  Found found{found_.front().peer, {}};
  found_.pop_front();
  Known& known = known_.at(found.peer);
  known.queued = false;
  found.addrs = known.addrs;
  return found;
}

void Mdns::tick(Time now) {
  if (now >= query_at_) {
    Message query;
    query.questions.push_back({service_, Type::ptr, kClassIn});
    if (auto datagram = encode(query)) out_.push_back(std::move(*datagram));
    query_at_ = now + jitter(query_interval_ * 9 / 10, query_interval_ * 11 / 10);
    query_interval_ = std::min(query_interval_ * 2, config_.max_interval);
  }
  if (now >= answer_at_) {
    const auto ttl = std::chrono::ceil<std::chrono::seconds>(config_.ttl).count();
    for (Bytes& datagram : answers(static_cast<std::uint32_t>(ttl))) {
      out_.push_back(std::move(datagram));
    }
    answer_at_ = kNever;
    answered_ = now;
    answer_meta_ = false;
  }
}

Time Mdns::deadline() const {
  const Time due = found_.empty() ? kNever : found_.front().due;
  return std::min({query_at_, answer_at_, due});
}

std::optional<Bytes> Mdns::next_datagram() {
  if (out_.empty()) return std::nullopt;
  Bytes datagram = std::move(out_.front());
  out_.pop_front();
  return datagram;
}

std::vector<Bytes> Mdns::goodbye() const {
  return texts_.empty() ? std::vector<Bytes>() : answers(0);
}

/// Every datagram is an answer of its own: js-libp2p takes TXT records only beside a PTR, go-libp2p
/// only the last TXT record of a message, and only beside SRV and A.
std::vector<Bytes> Mdns::answers(std::uint32_t ttl) const {
  const auto record = [&](const Name& name, Type type) {
    Record made;
    made.name = name;
    made.type = type;
    made.ttl = ttl;
    return made;
  };
  Message base;
  base.response = true;
  base.answers.push_back(record(service_, Type::ptr));
  base.answers.back().target = instance_;
  if (answer_meta_) {
    base.answers.push_back(record(meta_, Type::ptr));
    base.answers.back().target = service_;
  }
  base.additionals.push_back(record(instance_, Type::srv));
  base.additionals.back().target = host_;
  base.additionals.back().port = kSrvPort;
  for (const auto& [ips, type] : {std::pair(&ips_v4_, Type::a), std::pair(&ips_v6_, Type::aaaa)}) {
    if (ips->empty()) continue;
    base.additionals.push_back(record(host_, type));
    base.additionals.back().data = ips->front();
  }
  base.additionals.push_back(record(instance_, Type::txt));

  std::vector<Bytes> datagrams;
  const auto empty = encode(base);
  if (!empty) return datagrams;
  std::size_t next = 0;
  while (next < texts_.size()) {
    Message message = base;
    std::vector<std::string>& texts = message.additionals.back().texts;
    for (std::size_t size = empty->size(); next < texts_.size(); ++next) {
      size += 1 + texts_[next].size();
      if (size > kMaxDatagram && !texts.empty()) break;
      texts.push_back(texts_[next]);
    }
    if (auto datagram = encode(message)) datagrams.push_back(std::move(*datagram));
  }
  return datagrams;
}

Duration Mdns::jitter(Duration low, Duration high) {
  const auto span = static_cast<std::uint64_t>((high - low).count());
  return low + Duration(static_cast<Duration::rep>(random_.below(span + 1)));
}

}  // namespace p2p::libp2p::mdns
