#include "libp2p/stranger.h"

namespace p2p::libp2p {

namespace {

using namespace std::string_view_literals;

struct Greeting {
  std::string_view start;
  std::string_view who;
};

/// What they say first, or in answer to a multistream header. Longer starts stand before shorter
/// ones that they contain.
constexpr Greeting kGreetings[] = {
    {"HTTP/"sv, "an HTTP server"},
    {"<!DOCTYPE"sv, "an HTTP server"},
    {"<html"sv, "an HTTP server"},
    {"\0\0\x12\x04\0\0\0\0\0"sv, "an HTTP/2 server"},
    {"\0\0\x06\x04\0\0\0\0\0"sv, "an HTTP/2 server"},
    {"\0\0\0\x04\0\0\0\0\0"sv, "an HTTP/2 server"},
    {"\x15\x03"sv, "a TLS server"},
    {"\x16\x03"sv, "a TLS server"},
    {"SSH-"sv, "an SSH server"},
    {"RFB "sv, "a VNC server"},
    {"220 "sv, "an SMTP or FTP server"},
    {"220-"sv, "an SMTP or FTP server"},
    {"* OK"sv, "an IMAP server"},
    {"+OK"sv, "a POP3 server"},
    {"-ERR"sv, "a Redis server"},
    {"RTSP/"sv, "an RTSP server"},
    {"SIP/"sv, "a SIP server"},
    {"\xf9\xbe\xb4\xd9"sv, "a Bitcoin node"},
    {"\x13"
     "BitTorrent protocol"sv,
     "a BitTorrent peer"},
    {"{\""sv, "a server that speaks JSON"},
};

}  // namespace

std::string_view recognise_stranger(ByteView greeting) {
  const std::string_view text = as_text(greeting);
  for (const Greeting& known : kGreetings) {
    if (text.starts_with(known.start)) return known.who;
  }
  return {};
}

}  // namespace p2p::libp2p
