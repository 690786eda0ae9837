// Strict dag-cbor, https://ipld.io/specs/codecs/dag-cbor/spec: every value has exactly one
// encoding, so that its hash names it.
#pragma once

#include "base/error.h"
#include "codec/value.h"
#include "codec/value_builder.h"

namespace p2p::codec {

/// Decodes the one item that `block` is. Refused, each with the byte offset where it stands
/// (Code::parse, or Code::limit for the depth): anything after the item; integers and lengths that
/// are not in their shortest form; indefinite lengths; floats other than 64-bit, NaN and
/// infinities; undefined; text that is not UTF-8; map keys that are not text, not sorted (shorter
/// first, then bytewise) or twice; tags other than 42 on bytes that start with the multibase prefix
/// 0x00 and go on; nesting deeper than kMaxNesting.
Result<Value> decode_dag_cbor(ByteView block);

/// What walk_dag_cbor takes.
enum class Form {
  canonical,  ///< what decode_dag_cbor takes
  any,  ///< and what older and laxer encoders have written: keys in any order or twice, longer
        ///< forms of numbers, floats of all widths and kinds, text that is not UTF-8, undefined,
        ///< other tags; but neither indefinite lengths nor links that are none
};

/// The same checks without a tree, and calls `visit` with each link's CID, in the order of the
/// block, up to the first error. Allocates nothing but an error.
Result<void> walk_dag_cbor(ByteView block, const VisitLink& visit, Form form = Form::canonical);

/// The one encoding of `value`; maps need not be sorted. Code::invalid_argument for what has none:
/// NaN and infinities, a key twice, text that is not UTF-8, an empty link; Code::limit for the
/// depth.
Result<Bytes> encode_dag_cbor(const Value& value);

}  // namespace p2p::codec
