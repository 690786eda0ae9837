// LAYERS: p2p_gossipsub
// OPTIONS: -max_len=400
// The RPC decoder: what it takes encodes again to something it reads the same, in whole and split;
// message ids have one meaning in each form.
#include "fuzz/require.h"
#include "libp2p/gossipsub/rpc.h"

using namespace p2p;
using namespace p2p::libp2p::gossipsub;

namespace {

void check_id(ByteView wire) {
  const auto id = read_id(wire);
  if (!id) return;
  const auto again = read_id(id->id);
  require(again && again->form == IdForm::go && again->id == id->id);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  check_id(input);
  const auto rpc = decode_rpc(input);
  if (!rpc) return 0;
  const Bytes wire = encode(*rpc);
  const auto again = decode_rpc(wire);
  require(again && *again == *rpc && encode(*again) == wire);

  std::size_t messages = 0, ids = 0;
  for (const Rpc& part : split(*rpc, 200)) {
    const auto read = decode_rpc(encode(part));
    require(read && *read == part && !part.empty());
    messages += part.publish.size();
    for (const IHave& ihave : part.control.ihave) ids += ihave.ids.size();
    for (const IWant& iwant : part.control.iwant) ids += iwant.ids.size();
  }
  require(messages == rpc->publish.size());
  for (const IHave& ihave : rpc->control.ihave) ids -= ihave.ids.size();
  for (const IWant& iwant : rpc->control.iwant) ids -= iwant.ids.size();
  require(ids == 0);
  for (const MessagePtr& message : rpc->publish) {
    require(encoded_size(*message) == encode(*message).size());
    if (one_in(32, input)) static_cast<void>(verify(*message));  // slow
  }
  return 0;
}
