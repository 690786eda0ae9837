// The messages of the chain protocol, /p2p-utils/chain/1.0.0: how peers tell each other where they
// stand, and fetch headers, blocks and waiting transactions.
//
// One stream carries one request: the asker writes it, ends its direction, and reads the answer.
// Every message stands behind its length as an uvarint. Requests, and answers to status and
// headers, are dag-cbor arrays whose first item is the kind; blocks and transactions are answered
// by one frame each, holding the very bytes whose CID names them.
//
//   status        [0, genesis, tip, height, work]  <->  the same, of the other side
//   headers       [1, [locator id, …], stop id]     ->  [1, headers of 80 bytes, joined]
//   blocks        [2, [id, …]]                      ->  for each id a block, or an empty frame
//   transactions  [3]                               ->  waiting transactions
#pragma once

#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "chain/consensus/header.h"
#include "chain/consensus/header_tree.h"
#include "chain/ledger/block.h"

namespace p2p::chain {

inline constexpr std::string_view kChainProtocol = "/p2p-utils/chain/1.0.0";

/// Headers in one answer, as in Bitcoin: 160 kB.
inline constexpr std::size_t kMaxHeaders = 2000;
/// Blocks asked of one peer at one time, Bitcoin Core's number: at most 16 MB.
inline constexpr std::size_t kMaxBlocks = 16;
/// Waiting transactions told to one peer; the rest reaches it by gossip.
inline constexpr std::size_t kMaxTransactions = 1000;
/// A full locator takes 3.5 kB.
inline constexpr std::size_t kMaxRequestSize = 8192;
/// 2000 headers and their envelope.
inline constexpr std::size_t kMaxHeadersSize = kMaxHeaders * kHeaderSize + 16;

struct Status {
  BlockId genesis;
  BlockId tip;
  std::uint32_t height = 0;
  U256 work;

  friend bool operator==(const Status&, const Status&) = default;
};

struct GetHeaders {
  std::vector<BlockId> locator;  ///< at most kMaxLocator
  BlockId stop;                  ///< all zero: as many as there are

  friend bool operator==(const GetHeaders&, const GetHeaders&) = default;
};

struct GetBlocks {
  std::vector<BlockId> ids;  ///< at most kMaxBlocks

  friend bool operator==(const GetBlocks&, const GetBlocks&) = default;
};

struct GetTransactions {
  friend bool operator==(const GetTransactions&, const GetTransactions&) = default;
};

using Request = std::variant<Status, GetHeaders, GetBlocks, GetTransactions>;

Bytes encode(const Request& request);
/// The whole of `raw`, in its one canonical form and within the bounds above.
Result<Request> decode_request(ByteView raw);

/// The answer to a status is a status.
Result<Status> decode_status(ByteView raw);

Bytes encode_headers(std::span<const BlockHeader> headers);
Result<std::vector<BlockHeader>> decode_headers(ByteView raw);

}  // namespace p2p::chain
