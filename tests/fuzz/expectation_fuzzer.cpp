// LAYERS: p2p_libp2p
// OPTIONS: -max_len=200
// What a probe must show, as a user writes it, met or not by what a peer says of itself; and the
// globs in it.
#include "fuzz/require.h"
#include "libp2p/probe.h"
#include "libp2p/stranger.h"

using namespace p2p;
using namespace p2p::libp2p;

/// Input: an expectation, a zero byte, and the peer's agent.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto all = as_text(ByteView(data, size));
  const auto zero = all.find('\0');
  const auto text = all.substr(0, zero);
  const auto agent = zero == all.npos ? std::string_view() : all.substr(zero + 1);

  static_cast<void>(recognise_stranger(ByteView(data, size)));
  static_cast<void>(matches_glob(text, agent));
  std::string literal;
  for (const char c : agent) {
    literal += '\\';
    literal += c;
  }
  require(matches_glob(literal, agent) && matches_glob(literal + '*', agent));
  require(matches_glob("*", agent) && !matches_glob(literal + '?', agent));

  const auto expectation = Expectation::parse(text);
  if (!expectation) return 0;
  require(expectation->text() == text);
  ProbeReport report(Multiaddr::parse("/ip4/127.0.0.1/tcp/1").value());
  static_cast<void>(expectation->unmet_by(report));  // a probe that failed shows nothing
  report.phase = Phase::done;
  report.identity.emplace();
  report.identity->agent = std::string(agent);
  report.identity->protocols.emplace_back(agent);
  report.pings.push_back(std::chrono::milliseconds(size % 128));
  const auto unmet = expectation->unmet_by(report);
  require(unmet == expectation->unmet_by(report));
  return 0;
}
