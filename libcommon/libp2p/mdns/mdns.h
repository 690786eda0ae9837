// Finding libp2p peers on the local network: specs/discovery/mdns.md over RFC 6762, as a state
// machine without I/O. The driver (mdns/service.h) feeds it datagrams and the time, and multicasts
// what it wants sent, on every interface.
//
// It asks for `_p2p._udp.local` at the start and then ever more rarely, answers such questions and
// those for its own TXT, SRV, A and AAAA records, and tells of peers as it hears of them. As the
// specification wants, it answers its own questions too, so that others learn of it passively.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "crypto/random.h"
#include "libp2p/mdns/dns.h"
#include "multiformats/multiaddr.h"
#include "multiformats/peer_id.h"

namespace p2p::libp2p::mdns {

using multiformats::Multiaddr;
using multiformats::PeerId;

inline constexpr std::uint16_t kPort = 5353;
/// What we send stays below an Ethernet frame: fragments of UDP get lost (go-libp2p#3415).
inline constexpr std::size_t kMaxDatagram = 1400;

struct Config {
  std::string service = "_p2p._udp.local";
  /// How long others may remember our records; RFC 6762 section 10 names 120 s for such ones.
  Duration ttl{std::chrono::seconds(120)};
  /// Questions follow each other after 1 s, then twice as long each time up to this.
  Duration max_interval{std::chrono::seconds(60)};
};

/// A peer that was heard of.
struct Found {
  PeerId peer;
  /// With /p2p; what we can likely dial first: TCP before other transports, and among those
  /// addresses that contain the sender's own IP.
  std::vector<Multiaddr> addrs;
};

class Mdns {
 public:
  /// Draws its name (32 to 63 characters, as the specification wants) and the first question's time
  /// from `random`, which must outlive it.
  Mdns(Config config, crypto::Random& random, Time now);

  /// Announces `peer` at `addrs` (with or without /p2p) from now on, unasked once; without
  /// addresses it only asks. Addresses whose text does not fit a TXT string (255 bytes) are left
  /// out, and past 32 the rest.
  void announce(const PeerId& peer, const std::vector<Multiaddr>& addrs, Time now);

  /// A datagram from anyone on the network; `from_ip` as in /ip4 or /ip6, 4 or 16 bytes. Whatever
  /// is no message for us is ignored.
  void receive(ByteView datagram, ByteView from_ip, Time now);
  void tick(Time now);
  /// When tick must be called, and what was found be taken.
  Time deadline() const;

  /// What to multicast next.
  std::optional<Bytes> next_datagram();
  /// A peer that is new, whose last announcement's TTL has passed, or that told of an address it
  /// had not told before; then with all its addresses, which may come in several datagrams: it is
  /// told a moment after the first. Never ourselves.
  std::optional<Found> next_found(Time now);
  /// Takes our records back (TTL 0): the last datagrams, when we end.
  std::vector<Bytes> goodbye() const;

  const std::string& peer_name() const { return peer_name_; }

 private:
  struct Known {
    std::vector<Multiaddr> addrs;
    Time expires{};
    bool queued = false;
  };

  void on_query(const Message& query, Time now);
  void on_response(const Message& response, ByteView from_ip, Time now);
  void learn(const Multiaddr& addr, const PeerId& peer, Duration ttl, ByteView from_ip, Time now);
  void drop_found(const PeerId& peer);
  bool known_answer(const Message& query) const;
  std::vector<Bytes> answers(std::uint32_t ttl) const;
  Duration jitter(Duration low, Duration high);

  Config config_;
  crypto::Random& random_;
  std::string peer_name_;
  Name service_;
  Name instance_;
  Name host_;
  Name meta_;

  PeerId self_;
  std::vector<std::string> texts_;
  std::vector<Bytes> ips_v4_;
  std::vector<Bytes> ips_v6_;

  Time query_at_;
  Duration query_interval_{std::chrono::seconds(1)};
  Time answer_at_ = kNever;
  Time answered_;
  bool answer_meta_ = false;

  std::deque<Bytes> out_;
  std::map<PeerId, Known> known_;
  struct Pending {
    PeerId peer;
    Time due{};
  };
  std::deque<Pending> found_;
};

}  // namespace p2p::libp2p::mdns
