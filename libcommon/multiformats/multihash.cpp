#include "multiformats/multihash.h"

#include <algorithm>

#include "base/varint.h"
#include "crypto/blake3.h"
#include "multiformats/code_table.h"

namespace p2p::multiformats {
namespace {

constexpr std::array<CodeName<HashCode>, 19> kNames = {{
    {HashCode::identity, "identity"},
    {HashCode::sha1, "sha1"},
    {HashCode::sha2_256, "sha2-256"},
    {HashCode::sha2_512, "sha2-512"},
    {HashCode::sha3_512, "sha3-512"},
    {HashCode::sha3_384, "sha3-384"},
    {HashCode::sha3_256, "sha3-256"},
    {HashCode::sha3_224, "sha3-224"},
    {HashCode::keccak_256, "keccak-256"},
    {HashCode::keccak_512, "keccak-512"},
    {HashCode::blake3, "blake3"},
    {HashCode::sha2_384, "sha2-384"},
    {HashCode::dbl_sha2_256, "dbl-sha2-256"},
    {HashCode::md5, "md5"},
    {HashCode::sha2_512_256, "sha2-512-256"},
    {HashCode::ripemd_160, "ripemd-160"},
    {HashCode::blake2b_256, "blake2b-256"},
    {HashCode::blake2b_512, "blake2b-512"},
    {HashCode::blake2s_256, "blake2s-256"},
}};

/// The function's whole output. blake3 gives any length, and so may a function unknown to us.
std::size_t full_size(HashCode code) {
  switch (code) {
    case HashCode::md5:
      return 16;
    case HashCode::sha1:
    case HashCode::ripemd_160:
      return 20;
    case HashCode::sha3_224:
      return 28;
    case HashCode::sha2_256:
    case HashCode::sha2_512_256:
    case HashCode::sha3_256:
    case HashCode::keccak_256:
    case HashCode::dbl_sha2_256:
    case HashCode::blake2b_256:
    case HashCode::blake2s_256:
      return 32;
    case HashCode::sha2_384:
    case HashCode::sha3_384:
      return 48;
    case HashCode::sha2_512:
    case HashCode::sha3_512:
    case HashCode::keccak_512:
    case HashCode::blake2b_512:
      return 64;
    case HashCode::identity:
    case HashCode::blake3:
      return kMaxDigestSize;
  }
  return kMaxDigestSize;
}

}  // namespace

std::string name_of(HashCode code) { return find_name<HashCode>(kNames, code); }

std::optional<HashCode> hash_code_by_name(std::string_view name) {
  return find_code<HashCode>(kNames, name);
}

std::optional<HashCode> hash_code_of(crypto::HashAlg alg) {
  // The names are the table's.
  return hash_code_by_name(crypto::name_of(alg));
}

std::optional<crypto::HashAlg> hash_alg_of(HashCode code) {
  return crypto::hash_by_name(find_name<HashCode>(kNames, code));
}

Multihash Multihash::of(crypto::HashAlg alg, ByteView data) {
  return Multihash(hash_code_of(alg).value(), crypto::hash(alg, data));
}

Result<Multihash> Multihash::wrap(HashCode code, ByteView digest) {
  if (digest.size() > full_size(code)) {
    return fail(Code::parse, std::to_string(digest.size()) + " bytes are too long for a " +
                                 name_of(code) + " digest");
  }
  return Multihash(code, to_bytes(digest));
}

Result<Multihash> Multihash::decode(ByteView bytes) {
  P2P_TRY(auto hash, read(bytes));
  if (!bytes.empty()) return fail(Code::parse, "multihash is followed by stray bytes");
  return hash;
}

Result<Multihash> Multihash::read(ByteView& in) {
  ByteView rest = in;
  P2P_TRY(const auto code, read_varint(rest));
  P2P_TRY(const auto size, read_varint(rest));
  if (size > rest.size()) return fail(Code::parse, "multihash digest is cut short");
  P2P_TRY(auto hash, wrap(static_cast<HashCode>(code), rest.first(size)));
  in = rest.subspan(size);
  return hash;
}

Bytes Multihash::encode() const {
  Bytes out;
  append_varint(out, static_cast<std::uint64_t>(code_));
  append_varint(out, digest_.size());
  append(out, digest_);
  return out;
}

Result<bool> Multihash::matches(ByteView data) const {
  if (code_ == HashCode::identity) return equal(data, digest_);
  const auto alg = hash_alg_of(code_);
  if (!alg) return fail(Code::unsupported, "cannot compute " + name_of(code_));
  if (alg == crypto::HashAlg::blake3) {
    Bytes output(digest_.size());
    crypto::blake3_subtree(data, 0).root(output);
    return output == digest_;
  }
  const auto digest = crypto::hash(*alg, data);
  return equal(ByteView(digest).first(digest_.size()), digest_);
}

}  // namespace p2p::multiformats
