// The codes of the multicodec table that name a block's format,
// https://github.com/multiformats/multicodec. Hash functions are in multihash.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace p2p::multiformats {

/// Content formats. Any other code is a valid value too: a CID may name a format unknown to us.
enum class Codec : std::uint64_t {
  cbor = 0x51,
  raw = 0x55,
  dag_pb = 0x70,
  dag_cbor = 0x71,
  libp2p_key = 0x72,
  git_raw = 0x78,
  eth_block = 0x90,
  bitcoin_block = 0xb0,
  bitcoin_tx = 0xb1,
  dag_json = 0x0129,
  json = 0x0200,
  car = 0x0202,
};

/// The table's name, "dag-pb"; a code without one as "0x1234".
std::string name_of(Codec codec);
/// The reverse of name_of for the names above; a bare code is not a name.
std::optional<Codec> codec_by_name(std::string_view name);

}  // namespace p2p::multiformats
