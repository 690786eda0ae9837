// Connected streams and their listeners: TCP and Unix-domain. Internal to runtime/uv.
#pragma once

#include "runtime/net.h"
#include "runtime/uv/loop.h"
#include "runtime/uv/socket.h"

namespace p2p::runtime::uv {

enum class StreamKind { tcp, local };

/// A write waits while more bytes than this have not been taken by the kernel: enough to keep it
/// busy for a round of the loop, little enough for a thousand slow peers.
inline constexpr std::size_t kWriteBuffer = 256 * 1024;

Task<Result<std::unique_ptr<TcpStream>>> connect_tcp(Loop& loop, Endpoint to);
Task<Result<std::unique_ptr<TcpStream>>> connect_local(Loop& loop, std::string path);
Result<std::unique_ptr<TcpListener>> listen_tcp(Loop& loop, const Endpoint& at);
Result<std::unique_ptr<TcpListener>> listen_local(Loop& loop, const std::string& path);

/// A stream over a connected, non-blocking socket.
Result<std::unique_ptr<TcpStream>> adopt_stream(Loop& loop, StreamKind kind, Fd fd);

}  // namespace p2p::runtime::uv
