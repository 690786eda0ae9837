#include "chain/sync/control.h"

#include <system_error>

#include "base/basen.h"
#include "base/units.h"
#include "codec/json.h"
#include "runtime/deadline.h"

namespace p2p::chain {

namespace {

using codec::Value;

/// A client that connects and says nothing blocks nobody: it only counts.
constexpr Duration kAcceptPause = std::chrono::milliseconds(100);

Result<std::string> text_in(const Value& message, std::string_view key) {
  const Value* value = message.find(key);
  const std::string* text = value == nullptr ? nullptr : value->text();
  if (text == nullptr) return fail(Code::parse, "no text \"" + std::string(key) + "\"");
  return *text;
}

Result<Address> address_in(const Value& message, std::string_view key) {
  P2P_TRY(const std::string text, text_in(message, key));
  return Address::parse(text);
}

Result<Multiaddr> multiaddr_in(const Value& message, std::string_view key) {
  P2P_TRY(const std::string text, text_in(message, key));
  return Multiaddr::parse(text);
}

Result<std::uint64_t> number_in(const Value& message, std::string_view key) {
  const Value* value = message.find(key);
  const auto number = value == nullptr ? std::nullopt : value->integer<std::uint64_t>();
  if (!number) return fail(Code::parse, "no whole number \"" + std::string(key) + "\"");
  return *number;
}

Code code_named(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Code::internal); ++i) {
    if (name_of(static_cast<Code>(i)) == name) return static_cast<Code>(i);
  }
  return Code::internal;
}

Value::Map positive() {
  Value::Map out;
  out.emplace_back("ok", true);
  return out;
}

Value negative(const Error& error) {
  Value::Map out;
  out.emplace_back("ok", false);
  out.emplace_back("code", name_of(error.code));
  out.emplace_back("why", error.message());
  return out;
}

/// The first line of `buffer`, taken out of it.
std::optional<std::string> take_line(std::string& buffer) {
  const auto end = buffer.find('\n');
  if (end == std::string::npos) return std::nullopt;
  std::string line = buffer.substr(0, end);
  buffer.erase(0, end + 1);
  return line;
}

Task<Result<std::optional<std::string>>> read_line(runtime::TcpStream& stream, std::string& buffer,
                                                   std::size_t most) {
  while (true) {
    if (auto line = take_line(buffer)) co_return std::optional<std::string>(std::move(*line));
    if (buffer.size() > most) co_return fail(Code::limit, "a line is too long");
    const auto more = co_await stream.read();
    if (!more) co_return fail(more.error());
    if (more->empty()) co_return std::optional<std::string>();
    buffer += as_text(*more);
  }
}

Task<Result<void>> write_line(runtime::TcpStream& stream, Value message) {
  std::string line;
  P2P_CO_CHECK(codec::append_json(line, message));
  line += '\n';
  Bytes raw = to_bytes(line);
  co_return co_await stream.write(std::move(raw));
}

Value view_of(const PeerView& peer) {
  Value::Map out;
  out.emplace_back("peer_id", peer.id.text());
  out.emplace_back("state", name_of(peer.state));
  out.emplace_back("addr", peer.addr);
  out.emplace_back("agent", peer.agent.substr(0, kMaxShownAgent));
  if (peer.status) out.emplace_back("height", peer.status->height);
  return out;
}

}  // namespace

std::filesystem::path control_socket_in(const std::filesystem::path& dir) {
  return dir / "node.sock";
}

// The node's side.

ControlServer::ControlServer(runtime::Runtime runtime, Node& node)
    : runtime_(runtime), node_(node), tasks_(runtime.queue) {}

ControlServer::~ControlServer() {
  std::error_code ignored;
  if (listener_) std::filesystem::remove(path_, ignored);
}

Result<void> ControlServer::listen(const std::filesystem::path& dir) {
  path_ = control_socket_in(dir);
  auto listener = runtime_.net.listen_local(path_.string());
  if (!listener && listener.error().code == Code::already_exists) {
    std::error_code failed;
    std::filesystem::remove(path_, failed);
    if (failed) return fail(Code::io, "remove", path_.string(), failed.message());
    listener = runtime_.net.listen_local(path_.string());
  }
  if (!listener) return fail(std::move(listener).error());
  listener_ = std::move(*listener);
  tasks_.spawn(accept(*this));
  return {};
}

Task<void> ControlServer::accept(ControlServer& self) {
  while (true) {
    co_await self.tasks_.below(kMaxControlClients + 1);  // this task is one of them
    auto stream = co_await self.listener_->accept();
    if (stream) {
      self.tasks_.spawn(serve(self, std::move(*stream)));
    } else {
      co_await runtime::sleep_for(self.runtime_.clock, kAcceptPause);
    }
  }
}

Task<void> ControlServer::serve(ControlServer& self, std::unique_ptr<runtime::TcpStream> stream) {
  std::string buffer;
  while (true) {
    auto line = co_await read_line(*stream, buffer, kMaxControlLine);
    if (!line || !*line) co_return;
    const auto answered = co_await answer(self, *stream, std::move(**line));
    if (!answered) co_return;
  }
}

Task<Result<void>> ControlServer::answer(ControlServer& self, runtime::TcpStream& stream,
                                         std::string line) {
  const auto request = codec::parse_json(line);
  const auto op = request ? text_in(*request, "op") : fail(request.error());
  if (!op) co_return co_await write_line(stream, negative(op.error()));
  Result<Value> reply = fail(Code::unsupported, "no operation \"" + *op + "\"");
  if (*op == "mine") {
    const auto count = number_in(*request, "count");
    const auto to = address_in(*request, "to");
    if (count && to && *count >= 1 && *count <= kMaxControlBlocks) {
      co_return co_await answer_mine(self, stream, *to, *count);
    }
    reply = fail(Code::invalid_argument, "mine takes a count and an address");
  } else if (*op == "connect") {
    auto addr = multiaddr_in(*request, "addr");
    Result<PeerId> connected = fail(Code::parse, "not an address");
    if (addr) {
      connected = co_await self.node_.connect(std::move(*addr));
    } else {
      connected = fail(addr.error());
    }
    if (connected) {
      Value::Map out = positive();
      out.emplace_back("peer_id", connected->text());
      reply = Value(std::move(out));
    } else {
      reply = fail(connected.error());
    }
  } else {
    reply = self.act(*op, *request);
  }
  Value message = reply ? std::move(*reply) : negative(reply.error());
  co_return co_await write_line(stream, std::move(message));
}

Result<Value> ControlServer::act(const std::string& op, const Value& request) {
  Value::Map out = positive();
  if (op == "nonce") {
    P2P_TRY(const Address from, address_in(request, "address"));
    P2P_TRY(const std::uint64_t nonce, node_.chain().next_nonce(from));
    out.emplace_back("nonce", nonce);
  } else if (op == "submit") {
    P2P_TRY(const std::string hex, text_in(request, "tx"));
    P2P_TRY(const Bytes raw, hex_decode(hex));
    P2P_TRY(const Transaction tx, Transaction::decode(raw));
    P2P_TRY(const bool fresh, node_.submit(tx));
    out.emplace_back("fresh", fresh);
  } else if (op == "peers") {
    Value::List peers;
    for (const PeerView& peer : node_.peers()) peers.push_back(view_of(peer));
    out.emplace_back("peers", std::move(peers));
  } else if (op == "disconnect") {
    P2P_TRY(const std::string peer, text_in(request, "peer"));
    P2P_TRY(const PeerId id, node_.resolve(peer));
    node_.disconnect(id);
    out.emplace_back("peer_id", id.text());
  } else {
    return fail(Code::unsupported, "no operation \"" + op + "\"");
  }
  return Value(std::move(out));
}

Task<Result<void>> ControlServer::answer_mine(ControlServer& self, runtime::TcpStream& stream,
                                              Address reward, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto mined = co_await self.node_.mine(reward);
    if (!mined) co_return co_await write_line(stream, negative(mined.error()));
    Value::Map out = positive();
    out.emplace_back("block", mined->text());
    Value message(std::move(out));
    auto wrote = co_await write_line(stream, std::move(message));
    P2P_CO_CHECK(wrote);  // whoever asked has gone
  }
  co_return Result<void>();
}

// The command's side.

Task<Result<ControlClient>> ControlClient::connect(runtime::Runtime runtime,
                                                   std::filesystem::path dir) {
  auto stream = co_await runtime.net.connect_local(control_socket_in(dir).string());
  if (!stream) {
    co_return fail(std::move(stream).error().during("ask the node in", dir.string()));
  }
  co_return ControlClient(runtime, std::move(*stream));
}

Task<Result<void>> ControlClient::send(Value request) {
  return write_line(*stream_, std::move(request));
}

Task<Result<Value>> ControlClient::receive() {
  auto line = co_await read_line(*stream_, buffer_, kMaxControlAnswer);
  P2P_CO_CHECK(line);
  if (!*line) co_return fail(Code::closed, "the node ended before it answered");
  auto message = codec::parse_json(**line);
  if (!message) co_return fail(std::move(message).error());
  const Value* ok = message->find("ok");
  const bool* yes = ok == nullptr ? nullptr : ok->boolean();
  if (yes == nullptr) co_return fail(Code::parse, "the node's answer makes no sense");
  if (!*yes) {
    P2P_CO_TRY(const std::string code, text_in(*message, "code"));
    P2P_CO_TRY(std::string why, text_in(*message, "why"));
    co_return fail(code_named(code), std::move(why));
  }
  co_return std::move(*message);
}

Task<Result<Value>> ControlClient::call(Value request) {
  Task<Result<Value>> exchanging = exchange(std::move(request));
  auto answer = co_await runtime::before(runtime_.queue, runtime_.clock,
                                         runtime_.clock.now() + kAnswerTime, std::move(exchanging));
  if (!answer) {
    Error late(Code::timeout, "the node does not answer within " + format_duration(kAnswerTime));
    late.hint = "is its process stopped?";
    co_return fail(std::move(late));
  }
  co_return std::move(*answer);
}

Task<Result<Value>> ControlClient::exchange(Value request) {
  auto sent = co_await send(std::move(request));
  P2P_CO_CHECK(sent);
  co_return co_await receive();
}

namespace {

Value::Map request_for(std::string_view op) {
  Value::Map out;
  out.emplace_back("op", op);
  return out;
}

}  // namespace

Task<Result<std::uint64_t>> ControlClient::next_nonce(Address from) {
  Value::Map request = request_for("nonce");
  request.emplace_back("address", from.text());
  auto reply = co_await call(std::move(request));
  if (!reply) co_return fail(std::move(reply).error());
  co_return number_in(*reply, "nonce");
}

Task<Result<bool>> ControlClient::submit(Transaction tx) {
  Value::Map request = request_for("submit");
  request.emplace_back("tx", hex_encode(tx.encode()));
  auto reply = co_await call(std::move(request));
  if (!reply) co_return fail(std::move(reply).error());
  const Value* fresh = reply->find("fresh");
  const bool* yes = fresh == nullptr ? nullptr : fresh->boolean();
  if (yes == nullptr) co_return fail(Code::parse, "the node's answer makes no sense");
  co_return *yes;
}

Task<Result<void>> ControlClient::start_mining(std::uint64_t count, Address reward) {
  Value::Map request = request_for("mine");
  request.emplace_back("count", count);
  request.emplace_back("to", reward.text());
  return send(std::move(request));
}

Task<Result<BlockId>> ControlClient::mined() {
  auto reply = co_await receive();
  P2P_CO_CHECK(reply);
  P2P_CO_TRY(const std::string block, text_in(*reply, "block"));
  co_return BlockId::parse(block);
}

Task<Result<std::vector<ControlClient::PeerLine>>> ControlClient::peers() {
  auto reply = co_await call(request_for("peers"));
  if (!reply) co_return fail(std::move(reply).error());
  const Value* listed = reply->find("peers");
  const Value::List* peers = listed == nullptr ? nullptr : listed->list();
  if (peers == nullptr) co_return fail(Code::parse, "the node's answer makes no sense");
  std::vector<PeerLine> out;
  for (const Value& peer : *peers) {
    PeerLine& line = out.emplace_back();
    P2P_CO_TRY(line.peer_id, text_in(peer, "peer_id"));
    P2P_CO_TRY(line.state, text_in(peer, "state"));
    P2P_CO_TRY(line.addr, text_in(peer, "addr"));
    P2P_CO_TRY(line.agent, text_in(peer, "agent"));
    if (const auto height = number_in(peer, "height")) line.height = *height;
  }
  co_return out;
}

Task<Result<std::string>> ControlClient::connect_peer(std::string addr) {
  Value::Map request = request_for("connect");
  request.emplace_back("addr", std::move(addr));
  auto reply = co_await call(std::move(request));
  if (!reply) co_return fail(std::move(reply).error());
  co_return text_in(*reply, "peer_id");
}

Task<Result<std::string>> ControlClient::disconnect_peer(std::string addr_or_id) {
  Value::Map request = request_for("disconnect");
  request.emplace_back("peer", std::move(addr_or_id));
  auto reply = co_await call(std::move(request));
  if (!reply) co_return fail(std::move(reply).error());
  co_return text_in(*reply, "peer_id");
}

}  // namespace p2p::chain
