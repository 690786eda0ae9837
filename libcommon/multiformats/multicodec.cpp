#include "multiformats/multicodec.h"

#include "multiformats/code_table.h"

namespace p2p::multiformats {
namespace {

constexpr std::array<CodeName<Codec>, 12> kNames = {{
    {Codec::cbor, "cbor"},
    {Codec::raw, "raw"},
    {Codec::dag_pb, "dag-pb"},
    {Codec::dag_cbor, "dag-cbor"},
    {Codec::libp2p_key, "libp2p-key"},
    {Codec::git_raw, "git-raw"},
    {Codec::eth_block, "eth-block"},
    {Codec::bitcoin_block, "bitcoin-block"},
    {Codec::bitcoin_tx, "bitcoin-tx"},
    {Codec::dag_json, "dag-json"},
    {Codec::json, "json"},
    {Codec::car, "car"},
}};

}  // namespace

std::string name_of(Codec codec) { return find_name<Codec>(kNames, codec); }

std::optional<Codec> codec_by_name(std::string_view name) { return find_code<Codec>(kNames, name); }

}  // namespace p2p::multiformats
