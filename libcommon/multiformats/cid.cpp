#include "multiformats/cid.h"

#include "base/basen.h"
#include "base/varint.h"

namespace p2p::multiformats {
namespace {

constexpr std::size_t kV0Size = 34;
constexpr std::size_t kV0TextSize = 46;

bool is_v0(ByteView bytes) { return bytes.size() >= 2 && bytes[0] == 0x12 && bytes[1] == 0x20; }

}  // namespace

Cid::Cid(int version, Codec codec, const Multihash& hash)
    : version_(version), codec_(codec), hash_(hash) {
  if (version == 1) {
    append_varint(bytes_, 1);
    append_varint(bytes_, static_cast<std::uint64_t>(codec));
  }
  append(bytes_, hash.encode());
}

Cid Cid::v1(Codec codec, const Multihash& hash) { return Cid(1, codec, hash); }

Result<Cid> Cid::v0(const Multihash& hash) {
  if (hash.code() != HashCode::sha2_256 || hash.digest().size() != 32) {
    return fail(Code::invalid_argument, "a version 0 CID takes a sha2-256 hash of 32 bytes");
  }
  return Cid(0, Codec::dag_pb, hash);
}

Result<Cid> Cid::decode(ByteView bytes) {
  P2P_TRY(auto cid, read(bytes));
  if (!bytes.empty()) return fail(Code::parse, "CID is followed by stray bytes");
  return cid;
}

Result<Cid> Cid::read(ByteView& in) {
  ByteView rest = in;
  if (is_v0(rest)) {
    if (rest.size() < kV0Size) return fail(Code::parse, "CID is cut short");
    P2P_TRY(const auto hash, Multihash::read(rest));
    in = rest;
    return v0(hash);
  }
  P2P_TRY(const auto version, read_varint(rest));
  if (version != 1) {
    return fail(Code::parse, "CID version " + std::to_string(version) + " does not exist");
  }
  P2P_TRY(const auto codec, read_varint(rest));
  P2P_TRY(const auto hash, Multihash::read(rest));
  in = rest;
  return v1(static_cast<Codec>(codec), hash);
}

Result<Cid> Cid::parse(std::string_view text) {
  if (text.size() == kV0TextSize && text.starts_with("Qm")) {
    P2P_TRY(const auto bytes, base58_decode(text));
    return decode(bytes);
  }
  P2P_TRY(const auto decoded, multibase_decode(text));
  // Version 0 stands without a multibase prefix only, so that it has one text.
  if (is_v0(decoded.bytes)) return fail(Code::parse, "a version 0 CID has no multibase prefix");
  return decode(decoded.bytes);
}

std::string Cid::text() const { return text(Multibase::base32); }

std::string Cid::text(Multibase base) const {
  if (empty()) return {};
  return version_ == 0 ? base58_encode(bytes_) : multibase_encode(base, bytes_);
}

}  // namespace p2p::multiformats
