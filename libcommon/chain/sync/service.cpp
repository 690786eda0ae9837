#include "chain/sync/service.h"

#include <algorithm>

#include "runtime/deadline.h"

namespace p2p::chain {

namespace {

std::vector<std::string> protocols() {
  return std::vector<std::string>(1, std::string(kChainProtocol));
}

Error no_answer() { return Error(Code::closed, "the answer ended early"); }

}  // namespace

SyncService::SyncService(libp2p::Host& host, ChainManager& chain, SyncEvents events,
                         SyncParams params)
    : host_(host),
      chain_(chain),
      events_(std::move(events)),
      sync_(chain, params),
      timer_(host.runtime().clock.timer([this] {
        sync_.on_time(now());
        pump();
      })),
      asking_(host.runtime().queue) {
  host_.handle(std::string(kChainProtocol), [this](std::unique_ptr<libp2p::Stream> stream) {
    return serve(*this, std::move(stream));
  });
  host_.add_observer(*this);
  for (const PeerId& peer : host_.peers()) {
    if (const libp2p::Identity* identity = host_.known_identity(peer)) on_identified(*identity);
  }
}

SyncService::~SyncService() {
  host_.remove_observer(*this);
  host_.unhandle(std::string(kChainProtocol));
}

Outcome SyncService::on_gossip_block(const PeerId& from, ByteView raw) {
  const Outcome outcome = sync_.on_gossip_block(from, raw, now(), wall_s());
  pump();
  return outcome;
}

Outcome SyncService::on_gossip_transaction(const PeerId& from, ByteView raw) {
  const Outcome outcome = sync_.on_gossip_transaction(from, raw, now());
  pump();
  return outcome;
}

void SyncService::announce() {
  sync_.announce(now());
  pump();
}

void SyncService::on_identified(const libp2p::Identity& identity) {
  if (std::ranges::find(identity.protocols, kChainProtocol) == identity.protocols.end()) return;
  if (!host_.connected(identity.peer)) return;
  sync_.add_peer(identity.peer, now());
  pump();
}

void SyncService::on_disconnected(const PeerId& peer, const Error&) {
  sync_.remove_peer(peer, now());
  pump();
}

void SyncService::pump() {
  for (SyncAction& action : sync_.take_actions()) {
    if (auto* question = std::get_if<Ask>(&action)) {
      asking_.spawn(ask(*this, std::move(*question)));
    } else if (const auto* drop = std::get_if<Drop>(&action)) {
      events_.on_drop(*drop);
    } else if (const auto* refused = std::get_if<Refused>(&action)) {
      events_.on_refused(*refused);
    } else if (auto* fresh = std::get_if<FreshTransaction>(&action)) {
      events_.on_fresh_transaction(std::move(fresh->raw));
    }
  }
  timer_->arm(sync_.failed() ? kNever : sync_.deadline());
  if (sync_.failed() && !std::exchange(told_failure_, true)) events_.on_failed(*sync_.failed());
}

// Answering.

Task<void> SyncService::serve(SyncService& self, std::unique_ptr<libp2p::Stream> stream) {
  const PeerId peer = stream->peer();
  std::size_t& count = self.served_[peer];
  if (count >= kMaxServed) {
    stream->reset();
    co_return;
  }
  ++count;
  Task<Result<void>> answering = answer(self, *stream);
  const runtime::Runtime runtime = self.host_.runtime();
  const auto outcome = co_await runtime::before(runtime.queue, runtime.clock,
                                                self.now() + kServeTime, std::move(answering));
  if (outcome && *outcome) {
    stream->close_write();
  } else {
    stream->reset();
  }
  const auto place = self.served_.find(peer);
  if (--place->second == 0) self.served_.erase(place);
}

Task<Result<void>> SyncService::answer(SyncService& self, libp2p::Stream& stream) {
  auto raw = co_await libp2p::read_message(stream, kMaxRequestSize);
  if (!raw) co_return fail(std::move(raw).error());
  if (!*raw) co_return Result<void>();
  auto request = decode_request(**raw);
  if (!request) {
    Drop drop{stream.peer(), std::move(request).error().during("read", "its request"), true};
    self.events_.on_drop(drop);
    co_return fail(Code::protocol, drop.why.message());
  }
  if (const auto* status = std::get_if<Status>(&*request)) {
    Bytes ours = encode(self.sync_.status());
    auto wrote = co_await libp2p::write_message(stream, std::move(ours));
    // Only now: if it is on another chain, this ends the connection, and it is to know why.
    self.sync_.on_status(stream.peer(), *status, self.now());
    self.pump();
    co_return wrote;
  }
  if (const auto* headers = std::get_if<GetHeaders>(&*request)) {
    Bytes found =
        encode_headers(self.chain_.headers_after(headers->locator, headers->stop, kMaxHeaders));
    co_return co_await libp2p::write_message(stream, std::move(found));
  }
  if (auto* blocks = std::get_if<GetBlocks>(&*request)) {
    co_return co_await answer_blocks(self, stream, std::move(*blocks));
  }
  co_return co_await answer_transactions(self, stream);
}

Task<Result<void>> SyncService::answer_blocks(SyncService& self, libp2p::Stream& stream,
                                              GetBlocks ask) {
  for (const BlockId& id : ask.ids) {
    auto block = self.chain_.block(id);
    if (!block) co_return fail(std::move(block).error());
    Bytes frame = std::move(*block).value_or(Bytes());
    const bool missing = frame.empty();
    auto wrote = co_await libp2p::write_message(stream, std::move(frame));
    P2P_CO_CHECK(wrote);
    if (missing) break;  // it is not to search all our disk by guessing ids
  }
  co_return Result<void>();
}

Task<Result<void>> SyncService::answer_transactions(SyncService& self, libp2p::Stream& stream) {
  std::vector<Bytes> waiting;
  for (const Mempool::Entry* entry : self.chain_.mempool().entries()) {
    if (waiting.size() == kMaxTransactions) break;
    waiting.push_back(entry->tx.encode());
  }
  for (Bytes& raw : waiting) {
    auto wrote = co_await libp2p::write_message(stream, std::move(raw));
    P2P_CO_CHECK(wrote);
  }
  co_return Result<void>();
}

// Asking.

Task<void> SyncService::ask(SyncService& self, Ask question) {
  const PeerId peer = question.peer;
  const std::uint64_t number = question.number;
  const auto outcome = co_await exchange(self, std::move(question));
  if (!outcome) self.sync_.on_failure(peer, number, outcome.error(), self.now());
  self.pump();
}

Task<Result<void>> SyncService::exchange(SyncService& self, Ask question) {
  auto opened = co_await self.host_.open(question.peer, protocols());
  // Not the peer's answer, so none of the codes by which that is judged.
  if (!opened) co_return fail(Code::unreachable, opened.error().message());
  const std::unique_ptr<libp2p::Stream> stream = std::move(*opened);
  Bytes request = encode(question.request);
  auto wrote = co_await libp2p::write_message(*stream, std::move(request));
  P2P_CO_CHECK(wrote);
  stream->close_write();
  co_return co_await read_answer(self, *stream, std::move(question));
}

Task<Result<void>> SyncService::read_answer(SyncService& self, libp2p::Stream& stream,
                                            Ask question) {
  const PeerId& peer = question.peer;
  const std::uint64_t number = question.number;
  if (std::holds_alternative<Status>(question.request)) {
    auto raw = co_await libp2p::read_message(stream, kMaxRequestSize);
    if (!raw) co_return fail(std::move(raw).error());
    if (!*raw) co_return fail(no_answer());
    const auto status = decode_status(**raw);
    P2P_CO_CHECK(status);
    self.sync_.on_status(peer, *status, self.now(), number);
    co_return Result<void>();
  }
  if (std::holds_alternative<GetHeaders>(question.request)) {
    auto raw = co_await libp2p::read_message(stream, kMaxHeadersSize);
    if (!raw) co_return fail(std::move(raw).error());
    if (!*raw) co_return fail(no_answer());
    const auto headers = decode_headers(**raw);
    P2P_CO_CHECK(headers);
    self.sync_.on_headers(peer, number, *headers, self.now(), self.wall_s());
    co_return Result<void>();
  }
  const bool blocks = std::holds_alternative<GetBlocks>(question.request);
  const std::size_t most = blocks ? kMaxBlockSize : kMaxTransactionSize;
  while (true) {
    auto raw = co_await libp2p::read_message(stream, most);
    if (!raw) co_return fail(std::move(raw).error());
    if (!*raw) break;
    if (blocks) {
      self.sync_.on_block(peer, number, **raw, self.now(), self.wall_s());
    } else {
      self.sync_.on_transaction(peer, number, **raw, self.now());
    }
    self.pump();
  }
  self.sync_.on_end(peer, number, self.now());
  co_return Result<void>();
}

}  // namespace p2p::chain
