// LAYERS: p2p_chain_ledger
// OPTIONS: -max_len=400
// A transaction, an address and a state change have one encoding each.
#include "chain/ledger/state.h"
#include "fuzz/require.h"

using namespace p2p;
using namespace p2p::chain;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  if (const auto tx = Transaction::decode(input)) {
    require(equal(tx->encode(), input));
    require(Transaction::decode(tx->encode()).value() == *tx);
    static_cast<void>(check_transaction(*tx));
    if (tx->type == TxType::genesis) static_cast<void>(ChainParams::from_spec(tx->spec));
  }
  if (const auto change = StateChange::decode(input)) require(equal(change->encode(), input));
  if (const auto address = Address::parse(as_text(input))) {
    require(Address::parse(address->text()).value() == *address);
    require(address->text().size() == size);
  }
  return 0;
}
