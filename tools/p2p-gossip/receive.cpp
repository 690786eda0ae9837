#include "run.h"

namespace p2p::gossip {

using cli::ExitStatus;
using libp2p::gossipsub::Message;
using libp2p::gossipsub::MessageId;
using libp2p::gossipsub::Received;
using runtime::Task;

record::Record record_of(const Message& message, const MessageId& id) {
  record::Record record("message");
  record.set("data", message.payload())
      .set("topic", message.topic)
      .set("seqno", libp2p::gossipsub::seqno_of(message))
      .set("id", ByteView(id));
  if (const auto sender = libp2p::PeerId::from_bytes(message.from)) {
    record.set("sender", sender->text());
  }
  return record;
}

Task<void> receive(Session& session, Outcome& outcome) {
  cli::Console& console = session.context().console;
  const Options& options = session.options();
  const Framing framing = options.framing();
  while (true) {
    auto received = co_await session.gossip().next(options.topic);
    if (!received) {
      outcome.decide(fail(std::move(received).error()));
      co_return;
    }
    const Message& message = *received->message;
    if (console.format() == cli::Format::text && framing != Framing::lines) {
      console.out().write(message.payload());
      if (framing == Framing::null) console.out().write(std::string_view("\0", 1));
    } else {
      console.print(record_of(message, received->id).set("received_from", received->from.text()));
    }
    if (++outcome.received == options.count) outcome.decide(ExitStatus::yes);
  }
}

}  // namespace p2p::gossip
