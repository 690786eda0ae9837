// A running node's local socket, DIR/node.sock: how `submit`, `mine` and `peer` reach the process
// that holds the chain's lock.
//
// Lines of JSON, one request at a time on a connection; each answer has "ok", and where that is
// false "code" and "why". Only the node's own user can open the socket (mode 0600).
//
//   {"op":"nonce","address":"p2p1…"}        {"ok":true,"nonce":3}
//   {"op":"submit","tx":"<hex>"}            {"ok":true,"fresh":true}       once it is on disk
//   {"op":"mine","count":2,"to":"p2p1…"}    {"ok":true,"block":"<id>"}     a line for each block
//   {"op":"peers"}                          {"ok":true,"peers":[{…}]}
//   {"op":"connect","addr":"/ip4/…"}        {"ok":true,"peer_id":"12D3…"}
//   {"op":"disconnect","peer":"…"}          {"ok":true,"peer_id":"12D3…"}
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "chain/sync/node.h"
#include "codec/value.h"

namespace p2p::chain {

/// The socket's path within a chain's directory.
std::filesystem::path control_socket_in(const std::filesystem::path& dir);

/// A request: the largest transaction in hex and more.
inline constexpr std::size_t kMaxControlLine = 64 * 1024;
/// An answer: all peers that a host connects to, with their agents, and all that are banned.
inline constexpr std::size_t kMaxControlAnswer = 1024 * 1024;
/// Of an agent, in an answer: a peer may call itself anything, and make it 8 KiB.
inline constexpr std::size_t kMaxShownAgent = 256;
/// Connections at one time: commands that one user runs side by side.
inline constexpr std::size_t kMaxControlClients = 64;
/// Blocks that one request may ask for.
inline constexpr std::uint64_t kMaxControlBlocks = 1'000'000;

class ControlServer {
 public:
  /// `node` outlives it.
  explicit ControlServer(runtime::Runtime runtime, Node& node);
  /// Removes the socket's file.
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  /// The caller holds the chain's lock, so a socket file that is there already is a dead node's,
  /// and goes.
  Result<void> listen(const std::filesystem::path& dir);

 private:
  static Task<void> accept(ControlServer& self);
  static Task<void> serve(ControlServer& self, std::unique_ptr<runtime::TcpStream> stream);
  /// Answers one line; false when the connection ends.
  static Task<Result<void>> answer(ControlServer& self, runtime::TcpStream& stream,
                                   std::string line);
  static Task<Result<void>> answer_mine(ControlServer& self, runtime::TcpStream& stream,
                                        Address reward, std::uint64_t count);
  Result<codec::Value> act(const std::string& op, const codec::Value& request);

  runtime::Runtime runtime_;
  Node& node_;
  std::filesystem::path path_;
  std::unique_ptr<runtime::TcpListener> listener_;
  runtime::TaskGroup tasks_;
};

/// The other side, for commands. One request at a time.
class ControlClient {
 public:
  /// For an answer, mining's apart, which takes what it takes. The node dials for fifteen seconds.
  static constexpr Duration kAnswerTime = std::chrono::seconds(30);

  /// Code::not_found or Code::refused where no node answers in `dir`. Every call below fails with
  /// Code::timeout after kAnswerTime: a stopped process still has a socket.
  static Task<Result<ControlClient>> connect(runtime::Runtime runtime, std::filesystem::path dir);

  Task<Result<std::uint64_t>> next_nonce(Address from);
  /// True: it was new. Returns once it is on disk.
  Task<Result<bool>> submit(Transaction tx);
  /// Begins to mine `count` blocks; then mined() for each.
  Task<Result<void>> start_mining(std::uint64_t count, Address reward);
  Task<Result<BlockId>> mined();
  struct PeerLine {
    std::string peer_id;
    std::string state;
    std::string addr;
    std::string agent;
    std::optional<std::uint64_t> height;
  };
  Task<Result<std::vector<PeerLine>>> peers();
  /// These return the peer's id.
  Task<Result<std::string>> connect_peer(std::string addr);
  Task<Result<std::string>> disconnect_peer(std::string addr_or_id);

 private:
  ControlClient(runtime::Runtime runtime, std::unique_ptr<runtime::TcpStream> stream)
      : runtime_(runtime), stream_(std::move(stream)) {}
  Task<Result<void>> send(codec::Value request);
  Task<Result<codec::Value>> receive();
  Task<Result<codec::Value>> exchange(codec::Value request);
  Task<Result<codec::Value>> call(codec::Value request);

  runtime::Runtime runtime_;
  std::unique_ptr<runtime::TcpStream> stream_;
  std::string buffer_;
};

}  // namespace p2p::chain
