// LAYERS: p2p_chain_consensus
// OPTIONS: -max_len=480
// Headers are any 80 bytes; compact bits, targets and work hold together; and no header makes the
// rules trip, whatever the chain before it is.
#include "chain/consensus/compact.h"
#include "chain/consensus/header_tree.h"
#include "fuzz/require.h"

using namespace p2p;
using namespace p2p::chain;

namespace {

void check_bits(std::uint32_t bits) {
  const Compact compact = decode_compact(bits);
  if (compact.overflow) return;
  const std::uint32_t canonical = encode_compact(compact.target);
  const Compact again = decode_compact(canonical);
  require(!again.negative && !again.overflow && again.target == compact.target);
  require(encode_compact(again.target) == canonical);
  if (const auto target = target_of(bits, U256::max())) {
    const U256 work = work_of(*target);
    require(!work.is_zero());
    // work = floor(2^256 / (target + 1)), so work · target < 2^256.
    require(!multiply_overflows(work, *target));
  }
}

HeaderParams header_params() {
  HeaderParams params = bitcoin_testnet4();
  params.window = 4;
  params.timespan_s = 2400;
  params.bip54 = true;
  return params;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const HeaderParams params = header_params();
  // Any target will do: the rules after the proof of work are what is tried here.
  HeaderTree tree(params);
  const HeaderNode* last = &tree.genesis();
  require(!BlockHeader::decode(ByteView(data, size)) || size == kHeaderSize);
  for (ByteView rest(data, size); rest.size() >= kHeaderSize; rest = rest.subspan(kHeaderSize)) {
    const BlockHeader header = BlockHeader::decode(rest.first(kHeaderSize)).value();
    require(equal(header.encode(), rest.first(kHeaderSize)));
    require(BlockId::parse(header.id().text()).value() == header.id());
    check_bits(header.bits);
    tree.check(header, header.id(), header.time);
    BlockHeader next = header;
    next.prev = last->id;
    const NodeContext context(*last);
    check_context(params, next, context, next.time);
    next.version = 4;
    next.time = static_cast<std::uint32_t>(std::max<std::int64_t>(
        std::min<std::uint32_t>(header.time, 0xf0000000), earliest_time(params, context)));
    next.bits = next_bits(params, context, next.time);
    require(check_context(params, next, context, next.time).ok());
    last = &tree.insert(next, next.id());
    require(last->chainwork > last->parent->chainwork);
  }
  const auto locator = tree.locator(*last);
  require(&tree.locate(locator, *last) == last);
  return 0;
}
