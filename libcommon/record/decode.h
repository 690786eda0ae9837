// One whole line or item to a Record, in the formats that carry all of it. Inside record/ only.
#pragma once

#include "record/record.h"

namespace p2p::record {

/// One line of JSON Lines, without its end.
Result<Record> decode_json(std::string_view line);
/// One CBOR item, whose structure (nesting, lengths, UTF-8) has been checked.
Result<Record> decode_cbor(ByteView item);

}  // namespace p2p::record
