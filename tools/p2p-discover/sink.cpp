#include "commands.h"
#include "record/record.h"

namespace p2p::discover {

using cli::ExitStatus;
using multiformats::Multiaddr;
using multiformats::PeerId;

void Sink::found(const PeerId& peer, const std::vector<Multiaddr>& addrs,
                 const libp2p::Identity* identity) {
  if (full() || addrs.empty() || !seen_.insert(peer).second) return;
  ++printed_;
  std::vector<std::string> others;
  for (std::size_t i = 1; i < addrs.size(); ++i) {
    others.push_back(addrs[i].with_peer(peer).text());
  }
  record::Record record("peer");
  record.set("addr", addrs.front().with_peer(peer).text()).set("source", source_);
  if (!others.empty()) record.set("addrs", std::move(others));
  record.set("network", "libp2p").set("peer_id", peer.text());
  if (identity != nullptr) {
    record.set("agent", identity->agent).set("protocols", identity->protocols);
  }
  console_.print(record);
}

void Sink::found(const Multiaddr& addr) {
  if (full()) return;
  ++printed_;
  record::Record record("peer");
  record.set("addr", addr.text()).set("source", source_).set("network", "libp2p");
  console_.print(record);
}

ExitStatus Sink::status() const {
  return printed_ >= count_.value_or(1) ? ExitStatus::yes : ExitStatus::no;
}

}  // namespace p2p::discover
