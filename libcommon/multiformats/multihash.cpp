#include "multiformats/multihash.h"

#include <algorithm>
#include <iterator>

#include "base/varint.h"
#include "multiformats/code_table.h"

namespace p2p::multiformats {
namespace {

using crypto::HashAlg;
using crypto::HashFunction;

/// What we cannot compute. Other names are those that crypto/hash.h has.
constexpr std::array<CodeName<HashCode>, 2> kOtherNames = {{
    {HashCode::identity, "identity"},
    {HashCode::ripemd_160, "ripemd-160"},
}};

struct Known {
  HashFunction function;
  HashCode code;  ///< where each size has its own, that of one byte
};

constexpr Known kKnown[] = {
    {HashFunction::md5, HashCode::md5},
    {HashFunction::sha1, HashCode::sha1},
    {HashFunction::sha2_224, HashCode::sha2_224},
    {HashFunction::sha2_256, HashCode::sha2_256},
    {HashFunction::sha2_384, HashCode::sha2_384},
    {HashFunction::sha2_512, HashCode::sha2_512},
    {HashFunction::sha2_512_224, HashCode::sha2_512_224},
    {HashFunction::sha2_512_256, HashCode::sha2_512_256},
    {HashFunction::sha3_224, HashCode::sha3_224},
    {HashFunction::sha3_256, HashCode::sha3_256},
    {HashFunction::sha3_384, HashCode::sha3_384},
    {HashFunction::sha3_512, HashCode::sha3_512},
    {HashFunction::keccak_224, HashCode::keccak_224},
    {HashFunction::keccak_256, HashCode::keccak_256},
    {HashFunction::keccak_384, HashCode::keccak_384},
    {HashFunction::keccak_512, HashCode::keccak_512},
    {HashFunction::shake_128, HashCode::shake_128},
    {HashFunction::shake_256, HashCode::shake_256},
    {HashFunction::blake2b, HashCode::blake2b_8},
    {HashFunction::blake2s, HashCode::blake2s_8},
    {HashFunction::blake3, HashCode::blake3},
    {HashFunction::dbl_sha2_256, HashCode::dbl_sha2_256},
};

/// Whether the function has a code for each size.
bool has_codes(HashFunction function) {
  return function == HashFunction::blake2b || function == HashFunction::blake2s;
}

/// The function's longest output; one unknown to us may give any.
std::size_t full_size(HashCode code) {
  const auto alg = hash_alg_of(code);
  if (!alg) return code == HashCode::ripemd_160 ? 20 : kMaxDigestSize;
  return crypto::is_extendable(alg->function()) ? crypto::max_size(alg->function()) : alg->size();
}

}  // namespace

std::string name_of(HashCode code) {
  if (const auto alg = hash_alg_of(code)) return crypto::name_of(*alg);
  return find_name<HashCode>(kOtherNames, code);
}

std::optional<HashCode> hash_code_by_name(std::string_view name) {
  if (const auto alg = crypto::hash_by_name(name)) return hash_code_of(*alg);
  return find_code<HashCode>(kOtherNames, name);
}

std::optional<HashCode> hash_code_of(HashAlg alg) {
  const auto* known = std::ranges::find(kKnown, alg.function(), &Known::function);
  if (known == std::end(kKnown)) return std::nullopt;
  if (!has_codes(alg.function())) return known->code;
  return static_cast<HashCode>(static_cast<std::uint64_t>(known->code) + alg.size() - 1);
}

std::optional<HashAlg> hash_alg_of(HashCode code) {
  for (const auto& known : kKnown) {
    if (!has_codes(known.function)) {
      if (known.code == code) return HashAlg::usual(known.function);
      continue;
    }
    // What wraps below the first code is no size either.
    const auto size = static_cast<std::uint64_t>(code) - static_cast<std::uint64_t>(known.code) + 1;
    if (const auto alg = HashAlg::of(known.function, size)) return alg;
  }
  return std::nullopt;
}

Multihash Multihash::of(HashAlg alg, ByteView data) {
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

std::optional<HashAlg> Multihash::algorithm() const {
  const auto alg = hash_alg_of(code_);
  if (alg && crypto::is_extendable(alg->function())) {
    return HashAlg::of(alg->function(), digest_.size());
  }
  return alg && alg->size() == digest_.size() ? alg : std::nullopt;
}

Result<bool> Multihash::matches(ByteView data) const {
  if (code_ == HashCode::identity) return equal(data, digest_);
  const auto alg = hash_alg_of(code_);
  if (!alg) return fail(Code::unsupported, "cannot compute " + name_of(code_));
  const auto digest = crypto::hash(algorithm().value_or(*alg), data);
  return equal(ByteView(digest).first(digest_.size()), digest_);
}

}  // namespace p2p::multiformats
