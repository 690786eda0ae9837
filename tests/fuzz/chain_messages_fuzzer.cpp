// LAYERS: p2p_chain_sync
// OPTIONS: -max_len=400
// Requests, statuses and headers of the chain protocol have one encoding each, within their bounds.
#include "chain/sync/messages.h"
#include "fuzz/require.h"

using namespace p2p;
using namespace p2p::chain;

namespace {

struct WithinBounds {
  bool operator()(const Status&) const { return true; }
  bool operator()(const GetHeaders& ask) const { return ask.locator.size() <= kMaxLocator; }
  bool operator()(const GetBlocks& ask) const { return ask.ids.size() <= kMaxBlocks; }
  bool operator()(const GetTransactions&) const { return true; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  const auto request = decode_request(input);
  if (request) {
    require(equal(encode(*request), input));
    require(std::visit(WithinBounds{}, *request));
    require(size <= kMaxRequestSize);
  }
  const auto status = decode_status(input);
  require(status.has_value() == (request && std::holds_alternative<Status>(*request)));
  if (status) require(std::get<Status>(*request) == *status);

  if (const auto headers = decode_headers(input)) {
    require(headers->size() <= kMaxHeaders);
    require(equal(encode_headers(*headers), input));
  }
  return 0;
}
