#include "libp2p/stream.h"

#include "base/varint.h"

namespace p2p::libp2p {

Task<Result<Bytes>> read_exact(Stream& stream, std::size_t size) {
  Bytes data;
  while (data.size() < size) {
    auto more = co_await stream.read(size - data.size());
    if (!more) co_return fail(std::move(more).error());
    if (more->empty()) {
      co_return fail(Code::closed, "the stream ended after " + std::to_string(data.size()) +
                                       " of " + std::to_string(size) + " bytes");
    }
    if (data.empty()) {
      data = std::move(*more);
    } else {
      append(data, *more);
    }
  }
  co_return data;
}

Task<Result<std::optional<Bytes>>> read_message(Stream& stream, std::size_t most) {
  Bytes head;
  for (;;) {
    auto byte = co_await stream.read(1);
    if (!byte) co_return fail(std::move(byte).error());
    if (byte->empty()) {
      if (head.empty()) co_return std::optional<Bytes>();
      co_return fail(Code::closed, "the stream ended inside a message's length");
    }
    append(head, *byte);
    auto length = peek_varint(head);
    if (!length) co_return fail(std::move(length).error());
    if (!*length) continue;
    const std::uint64_t size = (*length)->value;
    if (size > most) {
      co_return fail(Code::limit, "message of " + std::to_string(size) + " bytes, at most " +
                                      std::to_string(most) + " are accepted");
    }
    auto body = co_await read_exact(stream, static_cast<std::size_t>(size));
    if (!body) co_return fail(std::move(body).error());
    co_return std::optional<Bytes>(std::move(*body));
  }
}

Task<Result<void>> write_message(Stream& stream, Bytes message) {
  Bytes framed;
  framed.reserve(message.size() + kMaxVarintSize);
  append_varint(framed, message.size());
  append(framed, message);
  return stream.write(std::move(framed));
}

}  // namespace p2p::libp2p
