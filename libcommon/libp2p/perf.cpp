#include "libp2p/perf.h"

#include <algorithm>

#include "base/endian.h"

namespace p2p::libp2p {

namespace {

/// Twice what leaves in one system call, so that sealing goes on while the socket is written.
constexpr std::size_t kChunk = 256 * 1024;

Task<Result<void>> send_zeros(Stream& stream, std::uint64_t size) {
  while (size > 0) {
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(size, kChunk));
    size -= part;
    auto writing = stream.write(Bytes(part));
    auto written = co_await std::move(writing);
    if (!written) co_return written;
  }
  co_return Result<void>();
}

Task<void> serve(std::unique_ptr<Stream> stream) {
  auto reading = read_exact(*stream, 8);
  auto want = co_await std::move(reading);
  if (!want) co_return;
  for (;;) {
    auto upload = co_await stream->read(kChunk);
    if (!upload) co_return;
    if (upload->empty()) break;
  }
  auto sending = send_zeros(*stream, load_be<std::uint64_t>(want->data()));
  auto sent = co_await std::move(sending);
  if (sent) stream->close_write();
}

}  // namespace

void serve_perf(Host& host) { host.handle(std::string(kPerf), &serve); }

Task<Result<PerfResult>> perf(Host& host, PeerId peer, std::uint64_t upload,
                              std::uint64_t download) {
  runtime::Clock& clock = host.runtime().clock;
  auto opening = host.open(std::move(peer), std::vector<std::string>(1, std::string(kPerf)));
  auto stream = co_await std::move(opening);
  if (!stream) co_return fail(std::move(stream).error());
  const Time began = clock.now();
  Bytes want;
  append_be(want, download);
  auto asking = (*stream)->write(std::move(want));
  auto asked = co_await std::move(asking);
  if (!asked) co_return fail(std::move(asked).error());
  auto sending = send_zeros(**stream, upload);
  auto sent = co_await std::move(sending);
  if (!sent) co_return fail(std::move(sent).error());
  (*stream)->close_write();

  PerfResult result;
  std::uint64_t received = 0;
  for (bool first = true;; first = false) {
    auto more = co_await (*stream)->read(kChunk);
    if (!more) co_return fail(std::move(more).error());
    if (first) result.upload = clock.now() - began;
    if (more->empty()) break;
    received += more->size();
  }
  result.download = clock.now() - began - result.upload;
  if (received != download) {
    co_return fail(
        Code::protocol, "perf", (*stream)->peer().text(),
        "the peer sent " + std::to_string(received) + " of " + std::to_string(download) + " bytes");
  }
  co_return result;
}

}  // namespace p2p::libp2p
