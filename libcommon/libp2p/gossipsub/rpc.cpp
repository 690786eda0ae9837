#include "libp2p/gossipsub/rpc.h"

#include <algorithm>

#include "base/varint.h"
#include "codec/protobuf.h"

namespace p2p::libp2p::gossipsub {

namespace {

using codec::ProtoField;
using codec::ProtoReader;
using codec::ProtoWriter;

Bytes encode_part(const SubOpt& option) {
  return ProtoWriter().boolean(1, option.subscribe).text(2, option.topic).take();
}

Bytes encode_part(const IHave& ihave) {
  ProtoWriter out;
  out.text(1, ihave.topic);
  for (const Bytes& id : ihave.ids) out.bytes(2, id);
  return out.take();
}

Bytes encode_part(const IWant& iwant) {
  ProtoWriter out;
  for (const Bytes& id : iwant.ids) out.bytes(1, id);
  return out.take();
}

Bytes encode_part(const Graft& graft) { return ProtoWriter().text(1, graft.topic).take(); }

Bytes encode_part(const PxPeer& peer) {
  ProtoWriter out;
  out.bytes(1, peer.peer_id);
  if (!peer.signed_record.empty()) out.bytes(2, peer.signed_record);
  return out.take();
}

Bytes encode_part(const Prune& prune) {
  ProtoWriter out;
  out.text(1, prune.topic);
  for (const PxPeer& peer : prune.peers) out.bytes(2, encode_part(peer));
  if (prune.backoff) out.varint(3, *prune.backoff);
  return out.take();
}

Bytes encode_part(const Control& control) {
  ProtoWriter out;
  for (const IHave& part : control.ihave) out.bytes(1, encode_part(part));
  for (const IWant& part : control.iwant) out.bytes(2, encode_part(part));
  for (const Graft& part : control.graft) out.bytes(3, encode_part(part));
  for (const Prune& part : control.prune) out.bytes(4, encode_part(part));
  return out.take();
}

/// Calls `read(field)` for each field; the first error ends it.
template <class Read>
Result<void> each_field(ByteView message, Read read) {
  ProtoReader reader(message);
  while (true) {
    P2P_TRY(const std::optional<ProtoField> field, reader.next());
    if (!field) return {};
    P2P_CHECK(read(*field));
  }
}

Result<void> read_topic(const ProtoField& field, std::string& topic) {
  if (field.bytes.size() > kMaxTopicSize) return fail(Code::limit, "a topic's name is too long");
  topic = to_text(field.bytes);
  return {};
}

template <class T>
Result<void> add(std::vector<T>& list, T item, std::size_t most, std::string_view what) {
  if (list.size() >= most) {
    return fail(Code::limit, "more than " + std::to_string(most) + " " + std::string(what));
  }
  list.push_back(std::move(item));
  return {};
}

/// Counts the ids of a whole RPC, over all its parts.
class IdBudget {
 public:
  Result<void> read(const ProtoField& field, std::vector<Bytes>& ids) {
    if (++used_ > kMaxIdsPerRpc) return fail(Code::limit, "too many message ids in one RPC");
    if (!field.bytes.empty() && field.bytes.size() <= kMaxIdSize) {
      ids.push_back(to_bytes(field.bytes));
    }
    return {};
  }

 private:
  std::size_t used_ = 0;
};

Result<SubOpt> decode_subscription(ByteView in) {
  SubOpt option;
  P2P_CHECK(each_field(in, [&](const ProtoField& field) -> Result<void> {
    if (field.is_varint(1)) option.subscribe = field.value != 0;
    if (field.is_bytes(2)) return read_topic(field, option.topic);
    return {};
  }));
  return option;
}

Result<MessagePtr> decode_message(ByteView in) {
  auto message = std::make_shared<Message>();
  P2P_CHECK(each_field(in, [&](const ProtoField& field) -> Result<void> {
    if (field.is_bytes(1)) message->from = to_bytes(field.bytes);
    if (field.is_bytes(2)) message->data = to_bytes(field.bytes);
    if (field.is_bytes(3)) message->seqno = to_bytes(field.bytes);
    if (field.is_bytes(4)) return read_topic(field, message->topic);
    if (field.is_bytes(5)) message->signature = to_bytes(field.bytes);
    if (field.is_bytes(6)) message->key = to_bytes(field.bytes);
    return {};
  }));
  return message;
}

Result<PxPeer> decode_px(ByteView in) {
  PxPeer peer;
  P2P_CHECK(each_field(in, [&](const ProtoField& field) -> Result<void> {
    if (field.is_bytes(1)) peer.peer_id = to_bytes(field.bytes);
    if (field.is_bytes(2)) peer.signed_record = to_bytes(field.bytes);
    return {};
  }));
  return peer;
}

Result<Prune> decode_prune(ByteView in) {
  Prune prune;
  P2P_CHECK(each_field(in, [&](const ProtoField& field) -> Result<void> {
    if (field.is_bytes(1)) return read_topic(field, prune.topic);
    if (field.is_varint(3)) prune.backoff = field.value;
    if (!field.is_bytes(2)) return {};
    P2P_TRY(PxPeer peer, decode_px(field.bytes));
    return add(prune.peers, std::move(peer), kMaxPxPeers, "peers in a PRUNE");
  }));
  return prune;
}

Result<Graft> decode_graft(ByteView in) {
  Graft graft;
  P2P_CHECK(each_field(in, [&](const ProtoField& field) -> Result<void> {
    return field.is_bytes(1) ? read_topic(field, graft.topic) : Result<void>();
  }));
  return graft;
}

Result<IHave> decode_ihave(ByteView in, IdBudget& budget) {
  IHave ihave;
  P2P_CHECK(each_field(in, [&](const ProtoField& field) -> Result<void> {
    if (field.is_bytes(1)) return read_topic(field, ihave.topic);
    return field.is_bytes(2) ? budget.read(field, ihave.ids) : Result<void>();
  }));
  return ihave;
}

Result<IWant> decode_iwant(ByteView in, IdBudget& budget) {
  IWant iwant;
  P2P_CHECK(each_field(in, [&](const ProtoField& field) -> Result<void> {
    return field.is_bytes(1) ? budget.read(field, iwant.ids) : Result<void>();
  }));
  return iwant;
}

Result<void> decode_control(ByteView in, Control& control, IdBudget& budget) {
  return each_field(in, [&](const ProtoField& field) -> Result<void> {
    if (field.is_bytes(1)) {
      P2P_TRY(IHave part, decode_ihave(field.bytes, budget));
      return add(control.ihave, std::move(part), kMaxControlsPerRpc, "IHAVEs in one RPC");
    }
    if (field.is_bytes(2)) {
      P2P_TRY(IWant part, decode_iwant(field.bytes, budget));
      return add(control.iwant, std::move(part), kMaxControlsPerRpc, "IWANTs in one RPC");
    }
    if (field.is_bytes(3)) {
      P2P_TRY(Graft part, decode_graft(field.bytes));
      return add(control.graft, std::move(part), kMaxControlsPerRpc, "GRAFTs in one RPC");
    }
    if (field.is_bytes(4)) {
      P2P_TRY(Prune part, decode_prune(field.bytes));
      return add(control.prune, std::move(part), kMaxControlsPerRpc, "PRUNEs in one RPC");
    }
    return {};
  });
}

/// A length-delimited field of a one-byte tag.
std::size_t field_size(std::size_t size) { return 1 + varint_size(size) + size; }

/// What an RPC adds around one control part: tag and length of the control message and of the part,
/// whose lengths are below 2^28.
constexpr std::size_t kControlOverhead = 10;

/// Fills RPCs one after the other, each to at most `most` bytes.
class Splitter {
 public:
  explicit Splitter(std::size_t most) : most_(most) {}

  /// The RPC that takes `size` more bytes: the current one or a new one.
  Rpc& room(std::size_t size) {
    if (out_.empty() || (used_ > 0 && used_ + size > most_)) {
      out_.emplace_back();
      used_ = 0;
    }
    used_ += size;
    return out_.back();
  }

  /// Cuts a list of ids into as many parts as it takes. `begin(rpc)` appends an empty part, which
  /// costs `head`, and returns its ids.
  template <class Begin>
  void ids(std::vector<Bytes>& list, std::size_t head, Begin begin) {
    auto next = list.begin();
    while (next != list.end()) {
      std::vector<Bytes>& part = begin(room(head + field_size(next->size())));
      part.push_back(std::move(*next++));
      while (next != list.end() && used_ + field_size(next->size()) <= most_) {
        used_ += field_size(next->size());
        part.push_back(std::move(*next++));
      }
    }
  }

  std::vector<Rpc> take() { return std::move(out_); }

 private:
  std::size_t most_;
  std::size_t used_ = 0;
  std::vector<Rpc> out_;
};

}  // namespace

bool operator==(const Rpc& a, const Rpc& b) {
  return a.subscriptions == b.subscriptions && a.control == b.control &&
         std::ranges::equal(a.publish, b.publish,
                            [](const MessagePtr& x, const MessagePtr& y) { return *x == *y; });
}

Bytes encode(const Rpc& rpc) {
  ProtoWriter out;
  for (const SubOpt& option : rpc.subscriptions) out.bytes(1, encode_part(option));
  for (const MessagePtr& message : rpc.publish) out.bytes(2, encode(*message));
  if (!rpc.control.empty()) out.bytes(3, encode_part(rpc.control));
  return out.take();
}

Result<Rpc> decode_rpc(ByteView in) {
  if (in.size() > kMaxInboundRpcSize) return fail(Code::limit, "the RPC is larger than 4 MiB");
  Rpc rpc;
  IdBudget budget;
  P2P_CHECK(each_field(in, [&](const ProtoField& field) -> Result<void> {
    if (field.is_bytes(1)) {
      P2P_TRY(SubOpt option, decode_subscription(field.bytes));
      return add(rpc.subscriptions, std::move(option), kMaxSubscriptionsPerRpc,
                 "subscriptions in one RPC");
    }
    if (field.is_bytes(2)) {
      P2P_TRY(MessagePtr message, decode_message(field.bytes));
      return add(rpc.publish, std::move(message), kMaxMessagesPerRpc, "messages in one RPC");
    }
    if (field.is_bytes(3)) return decode_control(field.bytes, rpc.control, budget);
    return {};
  }));
  return rpc;
}

std::vector<Rpc> split(Rpc rpc, std::size_t most) {
  Splitter out(most);
  for (SubOpt& option : rpc.subscriptions) {
    out.room(field_size(encode_part(option).size())).subscriptions.push_back(std::move(option));
  }
  for (MessagePtr& message : rpc.publish) {
    out.room(field_size(encoded_size(*message))).publish.push_back(std::move(message));
  }
  for (Graft& graft : rpc.control.graft) {
    const std::size_t size = kControlOverhead + encode_part(graft).size();
    out.room(size).control.graft.push_back(std::move(graft));
  }
  for (Prune& prune : rpc.control.prune) {
    const std::size_t size = kControlOverhead + encode_part(prune).size();
    out.room(size).control.prune.push_back(std::move(prune));
  }
  for (IWant& iwant : rpc.control.iwant) {
    out.ids(iwant.ids, kControlOverhead,
            [](Rpc& part) -> std::vector<Bytes>& { return part.control.iwant.emplace_back().ids; });
  }
  for (IHave& ihave : rpc.control.ihave) {
    const std::size_t head = kControlOverhead + field_size(ihave.topic.size());
    out.ids(ihave.ids, head, [&ihave](Rpc& part) -> std::vector<Bytes>& {
      IHave& cut = part.control.ihave.emplace_back();
      cut.topic = ihave.topic;
      return cut.ids;
    });
  }
  return out.take();
}

}  // namespace p2p::libp2p::gossipsub
