// Multiaddrs: self-describing network addresses, https://github.com/multiformats/multiaddr.
//
// Where the specification leaves a value's form open, go-multiaddr's is read and written. Two rules
// are stricter: there is one text for one address (no leading zeros, no stray bits), and text
// values (names, zones, paths) are UTF-8 without control characters, so that an address is always
// one printable line.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "multiformats/peer_id.h"

namespace p2p::multiformats {

/// Codes of the multiaddr table (protocols.csv).
enum class Proto : std::uint32_t {
  ip4 = 4,
  tcp = 6,
  dccp = 33,
  ip6 = 41,
  ip6zone = 42,
  ipcidr = 43,
  dns = 53,
  dns4 = 54,
  dns6 = 55,
  dnsaddr = 56,
  sctp = 132,
  udp = 273,
  p2p_webrtc_star = 275,
  p2p_webrtc_direct = 276,
  p2p_stardust = 277,
  webrtc_direct = 280,
  webrtc = 281,
  p2p_circuit = 290,
  udt = 301,
  utp = 302,
  unix = 400,
  p2p = 421,
  https = 443,
  onion = 444,
  onion3 = 445,
  garlic64 = 446,
  garlic32 = 447,
  tls = 448,
  sni = 449,
  noise = 454,
  quic = 460,
  quic_v1 = 461,
  webtransport = 465,
  certhash = 466,
  ws = 477,
  wss = 478,
  p2p_websocket_star = 479,
  http = 480,
  http_path = 481,
  memory = 777,
  plaintextv2 = 7367777,
};

/// One part, such as /tcp/4001.
struct Component {
  std::uint32_t code = 0;
  Bytes value;  ///< the binary value, without its length prefix

  std::string name() const;        ///< "tcp"
  std::string value_text() const;  ///< "4001", or empty
  friend auto operator<=>(const Component&, const Component&) = default;
};

/// Bounds a hostile address. The longest honest part is a garlic64 address of about 400 bytes, and
/// a webtransport address carries a few certificate hashes.
inline constexpr std::size_t kMaxMultiaddrSize = 4096;

/// Immutable in spirit; every operation returns a new one. Ordered and compared part by part: by
/// code, then by binary value.
class Multiaddr {
 public:
  Multiaddr() = default;  ///< the empty address, which parse never returns
  /// "/ip4/127.0.0.1/tcp/4001/p2p/12D3Koo…"; /ipfs/ is read as /p2p/. Trailing slashes are dropped.
  /// An unknown protocol is Code::unsupported.
  static Result<Multiaddr> parse(std::string_view text);
  /// The whole of `binary`. Unknown protocols are Code::unsupported: their length cannot be known.
  static Result<Multiaddr> decode(ByteView binary);
  /// /ip4 or /ip6 with /tcp.
  static Multiaddr tcp(bool v6, ByteView ip, std::uint16_t port);

  bool empty() const { return parts_.empty(); }
  std::string text() const;
  Bytes encode() const;
  const std::vector<Component>& parts() const { return parts_; }

  /// The first part of that protocol.
  const Component* find(Proto proto) const;
  /// The last /p2p part's peer: whom a dial must reach. What stands before a /p2p-circuit is a
  /// relay, not the peer.
  std::optional<PeerId> peer() const;
  /// Without a trailing /p2p part.
  Multiaddr without_peer() const;
  /// With its trailing /p2p part set to `peer`.
  Multiaddr with_peer(const PeerId& peer) const;
  Multiaddr operator+(const Multiaddr& tail) const;

  friend auto operator<=>(const Multiaddr&, const Multiaddr&) = default;

 private:
  std::vector<Component> parts_;
};

}  // namespace p2p::multiformats
