// One multiplexed stream of a connection, its protocol already negotiated.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "multiformats/multiaddr.h"
#include "multiformats/peer_id.h"
#include "runtime/task.h"

namespace p2p::libp2p {

using multiformats::Multiaddr;
using multiformats::PeerId;
using runtime::Task;

/// Destroying a stream on which close_write was called lets what was written arrive: what the peer
/// still sends is discarded, for ten seconds at most. Destroying any other resets it. One reader
/// and one writer may wait at the same time. A stream may outlive its connection: operations then
/// fail with Code::closed or Code::reset.
class Stream {
 public:
  virtual ~Stream() = default;

  /// Up to `most` bytes, at least one; empty once the peer has closed its side.
  virtual Task<Result<Bytes>> read(std::size_t most) = 0;
  /// Returns when all of it has fitted into the peer's window. An empty write flushes a lazily
  /// negotiated protocol.
  virtual Task<Result<void>> write(Bytes data) = 0;
  /// Ends our direction, after what was written.
  virtual void close_write() = 0;
  /// Ends both directions at once; `code` travels where the muxer carries one.
  virtual void reset(std::uint32_t code = 0) = 0;
  /// What a read would return without waiting, at most: bytes received and not yet read.
  virtual std::size_t buffered() const = 0;

  virtual const std::string& protocol() const = 0;
  virtual const PeerId& peer() const = 0;
  virtual const Multiaddr& remote_addr() const = 0;
  virtual bool outbound() const = 0;  ///< we opened it
};

/// Exactly `size` bytes; Code::closed when the stream ends first.
Task<Result<Bytes>> read_exact(Stream& stream, std::size_t size);
/// One uvarint-delimited message; Code::limit if it announces more than `most` bytes, an empty
/// optional at a clean end of stream.
Task<Result<std::optional<Bytes>>> read_message(Stream& stream, std::size_t most);
/// Writes `message` behind its length.
Task<Result<void>> write_message(Stream& stream, Bytes message);

}  // namespace p2p::libp2p
