// Blocks, transactions and accounts as records.
#pragma once

#include <optional>

#include "chain/store/store.h"
#include "record/record.h"

namespace p2p::chaintool {

/// Ids stand in records in the order in which they are shown.
Bytes shown(const chain::BlockId& id);

record::Record tip_record(const chain::ChainParams& params, const chain::StoredHeader& tip);
record::Record tip_record(const chain::ChainParams& params, const chain::HeaderNode& tip);
/// `raw` is its encoding, where its body is here.
record::Record block_record(const chain::StoredHeader& header, const std::optional<Bytes>& raw);
record::Record block_record(const chain::HeaderNode& node, const chain::Block& block);
/// `place` where it is confirmed.
record::Record tx_record(const chain::Transaction& tx,
                         const std::optional<chain::TransactionPlace>& place);

}  // namespace p2p::chaintool
