// The links of a block, whatever its format: what a DAG is walked by.
#pragma once

#include <functional>

#include "base/bytes.h"
#include "base/error.h"
#include "multiformats/cid.h"

namespace p2p::content {

/// Takes one link; an error ends the walk.
using LinkVisitor = std::function<Result<void>(const multiformats::Cid&)>;

/// Checks that `block` is of the format that `cid` names, in its strict form (dag-pb, dag-cbor,
/// dag-json), and calls `visit` with each of its links in the block's order, repeated ones
/// repeatedly. raw, cbor and json have no links, and neither have formats that we do not know: see
/// knows_links. Links that carry their target in themselves (identity hashes) are visited as any
/// other. The first error is the block's or the visitor's.
Result<void> links_of(const multiformats::Cid& cid, ByteView block, const LinkVisitor& visit);

/// The same for blocks that others have made: dag-cbor and dag-json may be in forms that their
/// specifications tell decoders to take, though not encoders to write.
Result<void> loose_links_of(const multiformats::Cid& cid, ByteView block, const LinkVisitor& visit);

/// Whether links_of finds all that blocks of this format link to.
bool knows_links(multiformats::Codec codec);

}  // namespace p2p::content
