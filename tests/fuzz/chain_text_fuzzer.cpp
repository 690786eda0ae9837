// LAYERS: p2p_chain_ledger
// OPTIONS: -max_len=160
// What the chain reads as text: block ids, 256-bit numbers, addresses, and the reasons for which a
// store remembers a block as invalid.
#include "chain/consensus/header.h"
#include "chain/consensus/outcome.h"
#include "chain/consensus/u256.h"
#include "chain/ledger/address.h"
#include "fuzz/require.h"

using namespace p2p;
using namespace p2p::chain;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  const auto text = as_text(input);
  if (const auto id = BlockId::parse(text)) {
    require(BlockId::parse(id->text()).value() == *id && id->text().size() == size);
    require(BlockId::from_bytes(id->bytes).value() == *id);
  }
  if (const auto id = BlockId::from_bytes(input))
    require(BlockId::parse(id->text()).value() == *id);

  if (const auto number = U256::parse_hex(text)) {
    require(U256::parse_hex(number->hex()) == *number);
    require(U256::from_be(number->to_be()) == *number);
    require(U256::from_le(number->to_le()) == *number);
  }
  if (size >= 64) {
    const U256 a = U256::from_be(input.first(32));
    const U256 b = U256::from_be(input.subspan(32, 32));
    require(a + b - b == a && ~~a == a);
    if (!b.is_zero()) {
      const U256 quotient = a / b;
      const U256 rest = a % b;
      require(rest < b && !multiply_overflows(quotient, b) && quotient * b + rest == a);
    }
    require((a >> 13 << 13) + (a - (a >> 13 << 13)) == a);
  }

  if (const auto address = Address::parse(text)) {
    require(Address::parse(address->text()).value() == *address);
  }
  if (const auto address = Address::from_bytes(input)) {
    require(Address::parse(address->text()).value() == *address);
  }

  const Outcome outcome = Outcome::parse_invalid(text);
  require(outcome.verdict == Verdict::invalid);
  const Outcome again = Outcome::parse_invalid(outcome.reason());
  require(again.rule == outcome.rule && again.detail == outcome.detail);
  return 0;
}
