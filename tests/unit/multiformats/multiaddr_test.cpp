#include "multiformats/multiaddr.h"

#include <doctest/doctest.h>

#include "base/basen.h"

using namespace p2p;
using namespace p2p::multiformats;

namespace {

const std::string kPeer = "12D3KooWCryG7Mon9orvQxcS1rYZjotPgpwoJNHHKcLLfE4Hf5mV";
const std::string kHashedPeer = "QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC";

Multiaddr addr(std::string_view text) {
  auto parsed = Multiaddr::parse(text);
  if (!parsed) FAIL(parsed.error().message());
  return *parsed;
}

}  // namespace

TEST_CASE("multiaddr: go-multiaddr's binary vectors") {
  const std::pair<const char*, const char*> vectors[] = {
      {"/ip4/127.0.0.1/udp/1234", "047f000001910204d2"},
      {"/ip4/127.0.0.1/tcp/4321", "047f0000010610e1"},
      {"/ip4/127.0.0.1/udp/1234/ip4/127.0.0.1/tcp/4321", "047f000001910204d2047f0000010610e1"},
      {"/onion/aaimaq4ygg2iegci:80", "bc030010c0439831b48218480050"},
      {"/onion3/vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd:1234",
       "bd03adadec040be047f9658668b11a504f3155001f231a37f54c4476c07fb4cc139ed7e30304d2"},
      {"/garlic32/566niximlxdzpanmn4qouucvua3k7neniwss47li5r6ugoertzuq",
       "bf0320efbcd45d0c5dc79781ac6f20ea5055a036afb48d45a52e7d68ec7d4338919e69"},
      {"/memory/4", "89060000000000000004"},
      {"/unix/a/b", "9003042f612f62"},
  };
  for (const auto& [text, hex] : vectors) {
    CAPTURE(text);
    const auto binary = *hex_decode(hex);
    CHECK(addr(text).encode() == binary);
    const auto decoded = Multiaddr::decode(binary);
    REQUIRE(decoded);
    CHECK(decoded->text() == text);
    CHECK(*decoded == addr(text));
  }
}

TEST_CASE("multiaddr: what go-multiaddr accepts and gives back as it was") {
  const std::string peer = "/p2p/" + kPeer;
  const std::string vectors[] = {
      "/ip4/1.2.3.4",
      "/ip4/0.0.0.0",
      "/ip4/192.0.2.0/ipcidr/24",
      "/ip6/::1",
      "/ip6/2601:9:4f81:9700:803e:ca65:66e8:c21/udp/1234/quic-v1",
      "/ip6/2001:db8::/ipcidr/32",
      "/ip6zone/x/ip6/fe80::1",
      "/ip6zone/x%y/ip6/fe80::1/udp/1234/quic",
      "/ip6/::ffff:127.0.0.1",
      "/onion/timaq4ygg2iegci7:80/http",
      "/udp/0",
      "/tcp/65535",
      "/sctp/1234",
      "/dccp/7",
      "/garlic32/566niximlxdzpanmn4qouucvua3k7neniwss47li5r6ugoertzuqzwas",
      "/udp/1234/udt",
      "/udp/1234/utp",
      "/tcp/1234/tls/http",
      "/tcp/1234/https",
      peer,
      "/p2p/" + kHashedPeer + "/tcp/1234",
      "/unix/a/b/c/d/e",
      "/unix/stdio",
      "/ip4/1.2.3.4/tcp/80/unix/a/b/c/d/e/f",
      "/ip4/127.0.0.1/tcp/9090/http/p2p-webrtc-direct",
      "/ip4/127.0.0.1/tcp/127/tls/ws",
      "/ip4/127.0.0.1/tcp/127/noise",
      "/ip4/127.0.0.1/tcp/127/wss",
      "/ip4/127.0.0.1/udp/127/webrtc-direct",
      "/ip4/127.0.0.1/tcp/127/webrtc",
      "/http-path/tmp%2Fbar%2Fbaz",
      "/http-path/foo",
      "/http-path/%00%FF+.",
      "/ip4/127.0.0.1/tcp/0" + peer + "/http-path/foo",
      "/ip4/127.0.0.1/tcp/443/tls/sni/example.com/http/http-path/foo",
      "/dns4/example.com/tcp/443",
      "/dns/b\xc3\xbc"
      "cher.example",
      "/dns6/x",
      "/dnsaddr/bootstrap.libp2p.io" + peer,
      "/ip4/1.2.3.4/tcp/1/p2p/" + kHashedPeer + "/p2p-circuit" + peer,
      "/memory/18446744073709551615",
      "/tcp/1/plaintextv2",
      "/dns4/x/tcp/443/wss/p2p-websocket-star",
      "/ip4/127.0.0.1/udp/1234/quic-v1/webtransport/certhash/"
      "uEiAkH5a4DPGKUuOBjYw0CgwjvcJCJMD2K_1aluKR_tpevQ"};
  for (const auto& text : vectors) {
    CAPTURE(text);
    const auto parsed = Multiaddr::parse(text);
    REQUIRE(parsed);
    CHECK(parsed->text() == text);
    CHECK(Multiaddr::decode(parsed->encode()) == *parsed);
  }
}

TEST_CASE("multiaddr: other texts of the same address") {
  CHECK(addr("/ipfs/" + kPeer).text() == "/p2p/" + kPeer);
  CHECK(addr("/ip4/127.0.0.1/tcp/1234//").text() == "/ip4/127.0.0.1/tcp/1234");
  CHECK(addr("/ip6/0:0::0:1").text() == "/ip6/::1");
  CHECK(addr("/unix/a/").text() == "/unix/a");
  CHECK(addr("/http-path/a%20b%2f").text() == "/http-path/a+b%2F");
  // Peer ids as CIDs, base36 and base32, from go-multiaddr's tests.
  CHECK(addr("/p2p/k2k4r8oqamigqdo6o7hsbfwd45y70oyynp98usk7zmyfrzpqxh1pohl7").text() ==
        addr("/p2p/bafzbeigvf25ytwc3akrijfecaotc74udrhcxzh2cx3we5qqnw5vgrei4bm").text());
  CHECK(addr("/p2p/k51qzi5uqu5dhb6l8spkdx7yxafegfkee5by8h7lmjh2ehc2sgg34z7c15vzqs").peer() ==
        addr("/p2p/bafzaajaiaejcalj543iwv2d7pkjt7ykvefrkfu7qjfi6sduakhso4lay6abn2d5u").peer());
  CHECK(addr("/certhash/b2uaraocy6yrdblb4sfptaddgimjmmpy").text() ==
        "/certhash/u1QEQOFj2IjCsPJFfMAxmQxLGPw");
}

TEST_CASE("multiaddr: what go-multiaddr refuses") {
  const char* vectors[] = {"",
                           "/",
                           "//",
                           "ip4/1.2.3.4",
                           "/ip4",
                           "/ip4/::1",
                           "/ip4/fdpsofodsajfdoisa",
                           "/ip6",
                           "/ip4/1.2.3.4/ipcidr/256",
                           "/ip6/::/ipcidr/1026",
                           "/ip6zone",
                           "/ip6zone/",
                           "/ip6zone//ip6/fe80::1",
                           "/udp",
                           "/tcp",
                           "/sctp",
                           "/udp/65536",
                           "/tcp/65536",
                           "/quic/65536",
                           "/onion/9imaq4ygg2iegci7:80",
                           "/onion/aaimaq4ygg2iegci7:80",
                           "/onion/timaq4ygg2iegci7:0",
                           "/onion/timaq4ygg2iegci7:-1",
                           "/onion/timaq4ygg2iegci7",
                           "/onion/timaq4ygg2iegci@:666",
                           "/onion3/9ww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd:80",
                           "/onion3/vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd7:80",
                           "/onion3/vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd:0",
                           "/garlic32/566niximlxdzpanmn4qouucvua3k7neniwss47li5r6ugoertzu",
                           "/garlic32/566niximlxdzpanmn4qouucvua3k7neniwss47li5r6ugoertzu77",
                           "/garlic64/AAAA",
                           "/udp/1234/sctp",
                           "/udp/1234/udt/1234",
                           "/ip4/127.0.0.1/tcp/jfodsajfidosajfoidsa",
                           "/ip4/127.0.0.1/quic-v1/1234",
                           "/ip4/127.0.0.1/udp/1234/quic-v1/webtransport/certhash",
                           "/certhash/b2uaraocy6yrdblb4sfptaddgimjmmp",
                           "/ip4/127.0.0.1/ipfs",
                           "/ip4/127.0.0.1/p2p/tcp",
                           "/unix",
                           "/unix/",
                           "/ip4/1.2.3.4/tcp/80/unix",
                           "/ip4/1.2.3.4/tcp/-1",
                           "/memory/92233720368547758081",
                           "/ip4/127.0.0.1/tcp/9090/http/p2p-webcrt-direct",
                           "/http-path",
                           "/http-path/%",
                           "/http-path/%2",
                           "/http-path/%zz",
                           "/p2p/QmxoHT6iViN5xAjoz1VZ553cL31U9F94ht3QvWR1FrEbZY",
                           "/dns4",
                           "/dns4//tcp/1"};
  for (const auto* text : vectors) {
    CAPTURE(text);
    CHECK_FALSE(Multiaddr::parse(text));
  }
}

TEST_CASE("multiaddr: stricter than go-multiaddr, for one text and one line each") {
  for (const auto* text :
       {"/tcp/080", "/tcp/+80", "/ip4/01.2.3.4", "/ip4/::ffff:1.2.3.4", "/ip6/1.2.3.4",
        "/dns4/a\nb", "/dns4/a\x1b[2J", "/unix/a\tb", "/ip6zone/\xff/ip6/::1",
        // The last character carries bits that belong to no byte.
        "/garlic32/566niximlxdzpanmn4qouucvua3k7neniwss47li5r6ugoertzuqzwassw"}) {
    CAPTURE(text);
    CHECK_FALSE(Multiaddr::parse(text));
  }
}

TEST_CASE("multiaddr: hostile bytes") {
  const std::pair<const char*, Code> vectors[] = {
      {"", Code::parse},
      {"04", Code::parse},
      {"047f0000", Code::parse},
      {"047f00000106", Code::parse},
      {"047f0000018600", Code::parse},                // tcp's code, not minimal
      {"350161ff", Code::parse},                      // half a varint after a name
      {"3500", Code::parse},                          // empty dns name
      {"3503612f62", Code::parse},                    // a slash inside
      {"3501ff", Code::parse},                        // not UTF-8
      {"35ffffffff0f61", Code::parse},                // a length past the end
      {"9003042f612f62061234", Code::parse},          // something after a path
      {"9003022f2f", Code::parse},                    // a path that ends in a slash
      {"900302612f", Code::parse},                    // one that begins without
      {"bc030010c0439831b48218480000", Code::parse},  // onion, port 0
      {"a503020000", Code::parse},                    // peer id: identity of nothing
      {"a50303120100", Code::parse},                  // peer id: short sha2-256
      {"d2030112", Code::parse},                      // certhash: half a multihash
      {"ff7f", Code::unsupported},
  };
  for (const auto& [hex, code] : vectors) {
    CAPTURE(hex);
    const auto decoded = Multiaddr::decode(*hex_decode(hex));
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error().code == code);
  }
}

TEST_CASE("multiaddr: an address's size is bounded") {
  CHECK(Multiaddr::parse("/dns/" + std::string(4000, 'a')));
  CHECK(Multiaddr::parse("/dns/" + std::string(4096, 'a')).error().code == Code::limit);
  CHECK(Multiaddr::parse(std::string(20000, '/')).error().code == Code::limit);
  CHECK(Multiaddr::decode(Bytes(4097, 0)).error().code == Code::limit);
}

TEST_CASE("multiaddr: cut anywhere, it is refused or a shorter address") {
  const auto whole = addr("/ip4/1.2.3.4/tcp/1/p2p/" + kPeer + "/p2p-circuit/dns/x").encode();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto part = Multiaddr::decode(ByteView(whole).first(size));
    if (part) CHECK(part->encode() == to_bytes(ByteView(whole).first(size)));
  }
}

TEST_CASE("multiaddr: parts and peers") {
  const auto peer = *PeerId::parse(kPeer);
  const auto other = *PeerId::parse(kHashedPeer);
  const auto plain = Multiaddr::tcp(false, Bytes{127, 0, 0, 1}, 4001);
  CHECK(plain.text() == "/ip4/127.0.0.1/tcp/4001");
  CHECK(Multiaddr::tcp(true, Bytes(16, 0), 1).text() == "/ip6/::/tcp/1");
  CHECK(plain.find(Proto::tcp)->value_text() == "4001");
  CHECK(plain.find(Proto::udp) == nullptr);
  CHECK_FALSE(plain.peer());
  CHECK(plain.without_peer() == plain);

  const auto full = plain.with_peer(peer);
  CHECK(full.text() == "/ip4/127.0.0.1/tcp/4001/p2p/" + kPeer);
  CHECK(full.peer() == peer);
  CHECK(full.without_peer() == plain);
  CHECK(full.with_peer(other).text() == "/ip4/127.0.0.1/tcp/4001/p2p/" + kHashedPeer);

  const auto relayed = full + addr("/p2p-circuit");
  CHECK_FALSE(relayed.peer());
  CHECK(relayed.with_peer(other).peer() == other);
  CHECK(relayed.with_peer(other).without_peer() == relayed);
  CHECK(Multiaddr().text() == "");
}

TEST_CASE("multiaddr: errors say which part is wrong") {
  CHECK(
      Multiaddr::parse("/ip4/1.2.3.4/tcp/70000").error().message() ==
      "\"/ip4/1.2.3.4/tcp/70000\" is not a multiaddr: /tcp: \"70000\" is not between 0 and 65535");
  CHECK(Multiaddr::parse("/foo").error().code == Code::unsupported);
}
