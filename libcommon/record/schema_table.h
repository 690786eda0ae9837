// The table of record types, which schema.cpp serves. Types stand in the order in which
// docs/records.md lists them.
#pragma once

#include <array>

#include "record/schema.h"

namespace p2p::record {

inline constexpr auto kRequired = Presence::required;
inline constexpr auto kOptional = Presence::optional;

/// Columns of FieldSchema: name, kind, presence, column in the line of text (0: none), meaning.

inline constexpr auto kPeer = std::to_array<FieldSchema>({
    {"addr", Kind::text, kRequired, 1, "where it can be dialled, with its id: a multiaddr"},
    {"source", Kind::text, kOptional, 2, "how it was found: `mdns`, `bootstrap`, `dns`"},
    {"addrs", Kind::texts, kOptional, 3, "its other addresses"},
    {"network", Kind::text, kOptional, 0, "the network it speaks: `libp2p`"},
    {"peer_id", Kind::text, kOptional, 0, "its id"},
    {"agent", Kind::text, kOptional, 0, "its program and version, as it says itself"},
    {"protocols", Kind::texts, kOptional, 0, "the protocols it offers"},
});

inline constexpr auto kProbe = std::to_array<FieldSchema>({
    {"addr", Kind::text, kRequired, 1, "what was probed, as it was given"},
    {"ok", Kind::outcome, kRequired, 2, "whether every phase and every expectation held"},
    {"network", Kind::text, kOptional, 3, "the network spoken: `libp2p`"},
    {"peer_id", Kind::text, kOptional, 4, "the id the peer has proven"},
    {"agent", Kind::text, kOptional, 5, "its program and version, as it says itself"},
    {"phase", Kind::text, kOptional, 6,
     "where it failed: `resolve`, `dial`, `negotiate`, `secure`, `multiplex`, `identify`, `ping`, "
     "`expect`"},
    {"ping_median_ms", Kind::number, kOptional, 6, "median round trip of the pings"},
    {"cause", Kind::text, kOptional, 7, "why it failed"},
    {"error", Kind::text, kOptional, 0, "the failure's code, as in `error` records"},
    {"hint", Kind::text, kOptional, 0, "what to try"},
    {"unmet", Kind::texts, kOptional, 0, "the expectations that did not hold"},
    {"dialed_addr", Kind::text, kOptional, 0, "the address behind a name that was connected to"},
    {"observed_addr", Kind::text, kOptional, 0, "our address, as the peer sees it"},
    {"addrs", Kind::texts, kOptional, 0, "the addresses it says it listens on"},
    {"protocols", Kind::texts, kOptional, 0, "the protocols it offers"},
    {"protocol_version", Kind::text, kOptional, 0, "identify's protocol version"},
    {"signed_record", Kind::boolean, kOptional, 0, "whether `addrs` came with a valid signature"},
    {"security", Kind::text, kOptional, 0, "the secure channel's protocol id"},
    {"muxer", Kind::text, kOptional, 0, "the stream multiplexer's protocol id"},
    {"pings", Kind::integer, kOptional, 0, "pings answered"},
    {"ping_min_ms", Kind::number, kOptional, 0, "shortest round trip"},
    {"ping_max_ms", Kind::number, kOptional, 0, "longest round trip"},
    {"resolve_ms", Kind::number, kOptional, 0, "time to look the name up"},
    {"dial_ms", Kind::number, kOptional, 0, "time to connect"},
    {"negotiate_ms", Kind::number, kOptional, 0, "time to agree on a secure channel"},
    {"secure_ms", Kind::number, kOptional, 0, "time of its handshake"},
    {"multiplex_ms", Kind::number, kOptional, 0, "time to agree on a multiplexer"},
    {"identify_ms", Kind::number, kOptional, 0, "time to identify"},
    {"total_ms", Kind::number, kOptional, 0, "time from the start to the last phase's end"},
});

inline constexpr auto kListening = std::to_array<FieldSchema>({
    {"addr", Kind::text, kRequired, 1, "where this tool can be dialled, with its id"},
    {"addrs", Kind::texts, kOptional, 2, "its other addresses"},
    {"peer_id", Kind::text, kOptional, 0, "its id"},
});

inline constexpr auto kPeerEvent = std::to_array<FieldSchema>({
    {"peer_id", Kind::text, kRequired, 1, "whose connection it is"},
    {"event", Kind::text, kRequired, 2,
     "`connected` or `disconnected`; `away` or `banned` where it is kept so"},
    {"addr", Kind::text, kOptional, 3, "the peer's end of the connection"},
    {"why", Kind::text, kOptional, 4, "why it ended"},
    {"agent", Kind::text, kOptional, 0, "its program and version, as it says itself"},
    {"height", Kind::integer, kOptional, 0, "the height of its tip, as it said last"},
});

inline constexpr auto kMessage = std::to_array<FieldSchema>({
    {"data", Kind::bytes, kRequired, 1, "the message itself"},
    {"topic", Kind::text, kOptional, 0, "where it was published"},
    {"sender", Kind::text, kOptional, 0, "the id of the peer that signed it"},
    {"seqno", Kind::big, kOptional, 0, "its sender's number for it"},
    {"id", Kind::id, kOptional, 0, "what tells it from others"},
    {"received_from", Kind::text, kOptional, 0, "the id of the peer that handed it on"},
});

inline constexpr auto kDigest = std::to_array<FieldSchema>({
    {"digest", Kind::id, kRequired, 1, "the hash"},
    {"path", Kind::text, kOptional, 2, "of which file; `-` is standard input"},
    {"path_raw", Kind::bytes, kOptional, 0, "the file's name where it is not UTF-8"},
    {"alg", Kind::text, kRequired, 0, "the hash function: `sha2-256`, `blake2b-256`, …"},
    {"size", Kind::integer, kOptional, 0, "bytes hashed"},
    {"multihash", Kind::text, kOptional, 0, "the hash as a multihash, in multibase"},
});

inline constexpr auto kCid = std::to_array<FieldSchema>({
    {"cid", Kind::text, kRequired, 1, "the content's name"},
    {"path", Kind::text, kOptional, 2, "of which file; `-` is standard input"},
    {"path_raw", Kind::bytes, kOptional, 0, "the file's name where it is not UTF-8"},
    {"size", Kind::integer, kOptional, 0, "bytes of content"},
    {"codec", Kind::text, kOptional, 0, "format of the block it names: `raw`, `dag-pb`, …"},
    {"profile", Kind::text, kOptional, 0, "how the file was cut into blocks"},
    {"blocks", Kind::integer, kOptional, 0, "blocks the content was cut into"},
});

inline constexpr auto kTorrent = std::to_array<FieldSchema>({
    {"infohash", Kind::id, kRequired, 1,
     "what it is known by: its first version's infohash where it has one, else its second's"},
    {"path", Kind::text, kOptional, 2, "the torrent file"},
    {"infohash_v2", Kind::id, kOptional, 3, "its second version's infohash"},
    {"path_raw", Kind::bytes, kOptional, 0, "the torrent file's name where it is not UTF-8"},
    {"name", Kind::text, kOptional, 0, "the name of the file or folder that it holds"},
    {"version", Kind::text, kOptional, 0, "`1`, `2` or `hybrid`"},
    {"size", Kind::integer, kOptional, 0, "bytes of content"},
    {"files", Kind::integer, kOptional, 0, "how many files"},
    {"piece_size", Kind::integer, kOptional, 0, "bytes a piece"},
    {"pieces", Kind::integer, kOptional, 0, "how many pieces"},
    {"private", Kind::boolean, kOptional, 0, "whether only its trackers find peers"},
});

inline constexpr auto kMagnet = std::to_array<FieldSchema>({
    {"magnet", Kind::text, kRequired, 1, "the link to a torrent"},
    {"path", Kind::text, kOptional, 2, "the torrent file"},
    {"infohash", Kind::id, kRequired, 0, "as in `torrent`"},
    {"infohash_v2", Kind::id, kOptional, 0, "its second version's infohash"},
    {"path_raw", Kind::bytes, kOptional, 0, "the torrent file's name where it is not UTF-8"},
    {"name", Kind::text, kOptional, 0, "the name of the file or folder that it holds"},
    {"size", Kind::integer, kOptional, 0, "bytes of content"},
});

inline constexpr auto kDifference = std::to_array<FieldSchema>({
    {"path", Kind::text, kRequired, 1, "what differs, below the folders that are compared"},
    {"path_raw", Kind::bytes, kOptional, 0, "its name where it is not UTF-8"},
    {"change", Kind::text, kRequired, 2,
     "`added`, `removed`, `changed`, `renamed`, or `replaced` by something of another kind"},
    {"from", Kind::text, kOptional, 3, "the old path of what was renamed"},
    {"from_raw", Kind::bytes, kOptional, 0, "that path where it is not UTF-8"},
    {"was", Kind::text, kOptional, 3, "what kind was replaced"},
    {"kind", Kind::text, kOptional, 0, "`file`, `folder`, `link`, or `cid`: one of the first two"},
});

inline constexpr auto kVerdict = std::to_array<FieldSchema>({
    {"subject", Kind::text, kRequired, 1, "what was checked: a file, a block, a chain"},
    {"ok", Kind::outcome, kRequired, 2, "whether it is as it should be"},
    {"cause", Kind::text, kOptional, 3, "why not"},
    {"rule", Kind::text, kOptional, 0, "the rule it breaks"},
    {"alg", Kind::text, kOptional, 0, "the hash function used"},
    {"pieces", Kind::texts, kOptional, 0, "a torrent's bad pieces: `3`, or `3-7` for several"},
    {"cid", Kind::text, kOptional, 0, "the CID it was compared with"},
    {"profile", Kind::text, kOptional, 0,
     "how it must be cut into blocks to have that CID; `block` where it is one"},
});

inline constexpr auto kTip = std::to_array<FieldSchema>({
    {"id", Kind::id, kRequired, 1, "the last block's id"},
    {"height", Kind::integer, kRequired, 2, "blocks before it"},
    {"work", Kind::text, kOptional, 3, "work of the whole chain, in hex"},
    {"time", Kind::integer, kOptional, 0, "the block's time, in seconds since 1970"},
    {"chain", Kind::text, kOptional, 0, "the chain's name"},
    {"genesis", Kind::id, kOptional, 0, "the first block's id"},
});

inline constexpr auto kBlock = std::to_array<FieldSchema>({
    {"id", Kind::id, kRequired, 1, "its id, in the order in which it is shown"},
    {"height", Kind::integer, kRequired, 2, "blocks before it"},
    {"time", Kind::integer, kOptional, 3, "its time, in seconds since 1970"},
    {"txs", Kind::integer, kOptional, 4, "transactions in it, the coinbase included"},
    {"miner", Kind::text, kOptional, 5, "address its reward goes to"},
    {"bits", Kind::text, kOptional, 0, "its target in compact form, in hex"},
    {"work", Kind::text, kOptional, 0, "work of the chain up to it, in hex"},
    {"cid", Kind::text, kOptional, 0, "its header's CID: `bitcoin-block`"},
    {"block_cid", Kind::text, kOptional, 0, "the whole block's CID: `dag-cbor`"},
    {"size", Kind::integer, kOptional, 0, "the whole block's bytes"},
    {"active", Kind::boolean, kOptional, 0, "whether it is on the chain that counts"},
    {"prev", Kind::id, kOptional, 0, "the block before it"},
});

inline constexpr auto kTx = std::to_array<FieldSchema>({
    {"cid", Kind::text, kRequired, 1, "its name"},
    {"kind", Kind::text, kRequired, 2, "`transfer`, `anchor`, `coinbase` or `genesis`"},
    {"from", Kind::text, kOptional, 3, "address that signed and pays"},
    {"to", Kind::text, kOptional, 4, "address that receives"},
    {"amount", Kind::big, kOptional, 5, "how much it moves"},
    {"fee", Kind::big, kOptional, 6, "what the miner gets for it"},
    {"nonce", Kind::big, kOptional, 7, "the sender's number for it"},
    {"data", Kind::bytes, kOptional, 8, "what it anchors"},
    {"block", Kind::id, kOptional, 0, "the block it is in"},
    {"height", Kind::integer, kOptional, 0, "that block's height"},
});

inline constexpr auto kReorg = std::to_array<FieldSchema>({
    {"to", Kind::id, kRequired, 1, "the new tip"},
    {"from", Kind::id, kRequired, 2, "the tip it replaces"},
    {"fork", Kind::id, kRequired, 3, "the last block both have"},
    {"depth", Kind::integer, kRequired, 4, "blocks undone"},
    {"height", Kind::integer, kOptional, 0, "the new tip's height"},
});

inline constexpr auto kBalance = std::to_array<FieldSchema>({
    {"address", Kind::text, kRequired, 1, "whose it is"},
    {"amount", Kind::big, kRequired, 2, "how much"},
    {"nonce", Kind::big, kOptional, 3, "the number its next transaction must have"},
});

inline constexpr auto kKey = std::to_array<FieldSchema>({
    {"address", Kind::text, kRequired, 1, "the key's address"},
    {"path", Kind::text, kOptional, 2, "the key's file"},
    {"public_key", Kind::id, kOptional, 0, "the public key"},
});

inline constexpr auto kError = std::to_array<FieldSchema>({
    {"code", Kind::text, kRequired, 1, "what kind of failure: `timeout`, `refused`, `parse`, …"},
    {"doing", Kind::text, kOptional, 2, "what was attempted"},
    {"subject", Kind::text, kOptional, 3, "on what"},
    {"why", Kind::text, kOptional, 4, "the cause"},
    {"hint", Kind::text, kOptional, 0, "what to do next"},
});

inline constexpr auto kSchemas = std::to_array<Schema>({
    {"peer", 1, "A peer that was found (`p2p-discover`).", kPeer},
    {"probe", 1, "What a peer is, or why it does not answer (`p2p-probe`).", kProbe},
    {"listening", 1, "This tool takes connections now (`p2p-probe -l`, `p2p-chain node`).",
     kListening},
    {"peer_event", 1, "A connection came or went, or stands (`p2p-chain node`, `peer`).",
     kPeerEvent},
    {"message", 1, "A message that was published (`p2p-gossip`).", kMessage},
    {"digest", 1, "A file's hash (`p2p-hash`, whose text is in `sha256sum`'s format).", kDigest},
    {"cid", 1, "A file's name by content (`p2p-hash --cid`).", kCid},
    {"torrent", 1, "A torrent that was made (`p2p-hash --torrent`).", kTorrent},
    {"magnet", 1, "The link to a torrent (`p2p-hash --magnet`).", kMagnet},
    {"difference", 1, "What differs between two trees (`p2p-hash --diff`).", kDifference},
    {"verdict", 1, "The outcome of a check (`p2p-hash -c`, `p2p-chain verify`, `node`).", kVerdict},
    {"tip", 1, "Where a chain stands (`p2p-chain tip`).", kTip},
    {"block", 1, "A block of a chain (`p2p-chain log`, `show`, `node`).", kBlock},
    {"tx", 1, "A transaction of a chain (`p2p-chain submit`, `show`, `node`).", kTx},
    {"reorg", 1, "A chain changed its mind (`p2p-chain node`).", kReorg},
    {"balance", 1, "What an address owns (`p2p-chain balance`).", kBalance},
    {"key", 1, "A key (`p2p-chain key`).", kKey},
    {"error", 1, "Something failed (every tool, with `--json` or `--cbor`).", kError},
});

}  // namespace p2p::record
