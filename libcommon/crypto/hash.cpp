#include "crypto/hash.h"

#include <cryptopp/blake2.h>
#include <cryptopp/hmac.h>
#include <cryptopp/keccak.h>
#include <cryptopp/sha.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <span>
#include <variant>

#include "base/endian.h"
#include "base/units.h"
#include "crypto/blake3.h"
#include "crypto/crc32c.h"

namespace p2p::crypto {
namespace {

/// What a function's digests can be.
enum class Sizes : std::uint8_t {
  one,
  parameter,  ///< each size is another function
  prefixes,   ///< shorter ones are the beginnings of longer ones
};

struct Info {
  HashFunction function;
  std::string_view name;
  std::uint8_t usual;  ///< bytes
  Sizes sizes = Sizes::one;
  std::uint8_t max = usual;
};

// In HashFunction's order.
constexpr Info kFunctions[] = {
    {HashFunction::md5, "md5", 16},
    {HashFunction::sha1, "sha1", 20},
    {HashFunction::sha2_224, "sha2-224", 28},
    {HashFunction::sha2_256, "sha2-256", 32},
    {HashFunction::sha2_384, "sha2-384", 48},
    {HashFunction::sha2_512, "sha2-512", 64},
    {HashFunction::sha2_512_224, "sha2-512-224", 28},
    {HashFunction::sha2_512_256, "sha2-512-256", 32},
    {HashFunction::sha3_224, "sha3-224", 28},
    {HashFunction::sha3_256, "sha3-256", 32},
    {HashFunction::sha3_384, "sha3-384", 48},
    {HashFunction::sha3_512, "sha3-512", 64},
    {HashFunction::keccak_224, "keccak-224", 28},
    {HashFunction::keccak_256, "keccak-256", 32},
    {HashFunction::keccak_384, "keccak-384", 48},
    {HashFunction::keccak_512, "keccak-512", 64},
    {HashFunction::shake_128, "shake-128", 32, Sizes::prefixes},
    {HashFunction::shake_256, "shake-256", 64, Sizes::prefixes},
    {HashFunction::blake2b, "blake2b", 64, Sizes::parameter},
    {HashFunction::blake2s, "blake2s", 32, Sizes::parameter},
    {HashFunction::blake3, "blake3", 32, Sizes::prefixes, kMaxExtended},
    {HashFunction::dbl_sha2_256, "dbl-sha2-256", 32},
    {HashFunction::crc32c, "crc32c", 4},
};

constexpr const Info& info(HashFunction function) {
  return kFunctions[static_cast<std::size_t>(function)];
}

/// BLAKE2's sizes that RFC 7693, section 4, gives identifiers to; in bytes.
constexpr std::uint8_t kBlake2bSizes[] = {20, 32, 48, 64};
constexpr std::uint8_t kBlake2sSizes[] = {16, 20, 28, 32};

// A hash of OpenSSL with the manners of Crypto++'s: a value that copies, updates and finishes. It
// can fail only for want of memory, or where the system's OpenSSL lacks the algorithm.
class EvpHash {
 public:
  /// `extended` is the size of an extendable function's digests, 0 for other functions.
  explicit EvpHash(const EVP_MD* md, std::size_t extended = 0)
      : context_(EVP_MD_CTX_new()), extended_(extended) {
    require(context_ && EVP_DigestInit_ex(context_.get(), md, nullptr) == 1);
  }
  EvpHash(const EvpHash& other) : context_(EVP_MD_CTX_new()), extended_(other.extended_) {
    require(context_ && EVP_MD_CTX_copy_ex(context_.get(), other.context_.get()) == 1);
  }
  EvpHash(EvpHash&&) noexcept = default;
  EvpHash& operator=(const EvpHash&) = delete;
  EvpHash& operator=(EvpHash&&) noexcept = default;

  void Update(const std::uint8_t* data, std::size_t size) {
    require(EVP_DigestUpdate(context_.get(), data, size) == 1);
  }
  /// Starts anew, as Crypto++'s Final does.
  void Final(std::uint8_t* out) {
    require((extended_ != 0 ? EVP_DigestFinalXOF(context_.get(), out, extended_)
                            : EVP_DigestFinal_ex(context_.get(), out, nullptr)) == 1);
    require(EVP_DigestInit_ex(context_.get(), nullptr, nullptr) == 1);
  }

 private:
  static void require(bool done) {
    if (!done) std::abort();
  }
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
  std::size_t extended_;
};

class DoubleSha256 {
 public:
  void Update(const std::uint8_t* data, std::size_t size) { inner_.Update(data, size); }
  void Final(std::uint8_t* out) {
    inner_.Final(out);
    inner_.CalculateDigest(out, out, CryptoPP::SHA256::DIGESTSIZE);
  }

 private:
  CryptoPP::SHA256 inner_;
};

/// Ours, with the manners of Crypto++'s.
class OurBlake3 {
 public:
  explicit OurBlake3(std::size_t digest_size) : digest_size_(digest_size) {}
  void Update(const std::uint8_t* data, std::size_t size) { inner_.update({data, size}); }
  void Final(std::uint8_t* out) {
    inner_.node().root(MutableBytes(out, digest_size_));
    inner_ = Blake3();
  }

 private:
  Blake3 inner_;
  std::size_t digest_size_;
};

struct OurCrc32c {
  void Update(const std::uint8_t* data, std::size_t size) { crc = crc32c(crc, {data, size}); }
  void Final(std::uint8_t* out) {
    store_be(out, crc);
    crc = 0;
  }
  std::uint32_t crc = 0;
};

// OpenSSL where it is measurably faster (SHA-512 by half, MD5 by a quarter, SHA-3 by a fifth,
// BLAKE2b by a seventh, of which it has only the full size), Crypto++ elsewhere.
using Running =
    std::variant<CryptoPP::SHA1, CryptoPP::SHA224, CryptoPP::SHA256, EvpHash, CryptoPP::Keccak_224,
                 CryptoPP::Keccak_256, CryptoPP::Keccak_384, CryptoPP::Keccak_512,
                 CryptoPP::BLAKE2b, CryptoPP::BLAKE2s, OurBlake3, DoubleSha256, OurCrc32c>;

template <class T, class... Arguments>
Running start_as(Arguments... arguments) {
  return Running(std::in_place_type<T>, arguments...);
}

Running start(HashAlg alg) {
  const auto size = static_cast<unsigned>(alg.size());
  switch (alg.function()) {
    case HashFunction::md5:
      return start_as<EvpHash>(EVP_md5());
    case HashFunction::sha1:
      return start_as<CryptoPP::SHA1>();
    case HashFunction::sha2_224:
      return start_as<CryptoPP::SHA224>();
    case HashFunction::sha2_256:
      return start_as<CryptoPP::SHA256>();
    case HashFunction::sha2_384:
      return start_as<EvpHash>(EVP_sha384());
    case HashFunction::sha2_512:
      return start_as<EvpHash>(EVP_sha512());
    case HashFunction::sha2_512_224:
      return start_as<EvpHash>(EVP_sha512_224());
    case HashFunction::sha2_512_256:
      return start_as<EvpHash>(EVP_sha512_256());
    case HashFunction::sha3_224:
      return start_as<EvpHash>(EVP_sha3_224());
    case HashFunction::sha3_256:
      return start_as<EvpHash>(EVP_sha3_256());
    case HashFunction::sha3_384:
      return start_as<EvpHash>(EVP_sha3_384());
    case HashFunction::sha3_512:
      return start_as<EvpHash>(EVP_sha3_512());
    case HashFunction::keccak_224:
      return start_as<CryptoPP::Keccak_224>();
    case HashFunction::keccak_256:
      return start_as<CryptoPP::Keccak_256>();
    case HashFunction::keccak_384:
      return start_as<CryptoPP::Keccak_384>();
    case HashFunction::keccak_512:
      return start_as<CryptoPP::Keccak_512>();
    case HashFunction::shake_128:
      return start_as<EvpHash>(EVP_shake128(), size);
    case HashFunction::shake_256:
      return start_as<EvpHash>(EVP_shake256(), size);
    case HashFunction::blake2b:
      if (alg == HashAlg::blake2b_512) return start_as<EvpHash>(EVP_blake2b512());
      return start_as<CryptoPP::BLAKE2b>(false, size);
    case HashFunction::blake2s:
      return start_as<CryptoPP::BLAKE2s>(false, size);
    case HashFunction::blake3:
      return start_as<OurBlake3>(size);
    case HashFunction::dbl_sha2_256:
      return start_as<DoubleSha256>();
    case HashFunction::crc32c:
      return start_as<OurCrc32c>();
  }
  std::abort();
}

Bytes finish(Running& running, std::size_t size) {
  Bytes out(size);
  std::visit([&](auto& hash) { hash.Final(out.data()); }, running);
  return out;
}

}  // namespace

std::optional<HashAlg> HashAlg::of(HashFunction function, std::size_t size) {
  if (static_cast<std::size_t>(function) >= std::size(kFunctions)) return std::nullopt;
  const Info& known = info(function);
  if (size == 0 || size > known.max) return std::nullopt;
  if (known.sizes == Sizes::one && size != known.usual) return std::nullopt;
  return HashAlg(function, static_cast<std::uint8_t>(size));
}

HashAlg HashAlg::usual(HashFunction function) { return HashAlg(function, info(function).usual); }

std::vector<HashAlg> common_hashes() {
  std::vector<HashAlg> all;
  for (const Info& known : kFunctions) {
    std::span<const std::uint8_t> sizes(&known.usual, 1);
    if (known.function == HashFunction::blake2b) sizes = kBlake2bSizes;
    if (known.function == HashFunction::blake2s) sizes = kBlake2sSizes;
    for (const auto size : sizes) all.push_back(*HashAlg::of(known.function, size));
  }
  return all;
}

std::string_view more_hash_names() {
  return "blake2b-N (8 to 512), blake2s-N (8 to 256) and blake3-N (8 to 1024) for any multiple of "
         "8";
}

std::size_t max_size(HashFunction function) { return info(function).max; }

bool is_extendable(HashFunction function) { return info(function).sizes == Sizes::prefixes; }

std::string name_of(HashAlg alg) {
  const Info& known = info(alg.function());
  std::string name(known.name);
  const bool bare = known.sizes != Sizes::parameter && alg.size() == known.usual;
  return bare ? name : name + "-" + std::to_string(8 * alg.size());
}

std::optional<HashAlg> hash_by_name(std::string_view name) {
  for (const Info& known : kFunctions) {
    if (!name.starts_with(known.name)) continue;
    auto bits = name.substr(known.name.size());
    if (bits.empty() && known.sizes != Sizes::parameter) return HashAlg::usual(known.function);
    if (known.sizes == Sizes::one || !bits.starts_with('-')) continue;
    bits.remove_prefix(1);
    const auto number = parse_number(bits, 8, 8 * known.max);
    if (!number || *number % 8 != 0) return std::nullopt;
    return HashAlg::of(known.function, *number / 8);
  }
  return std::nullopt;
}

struct Hasher::Impl {
  HashAlg alg;
  Running running;
};

Hasher::Hasher(HashAlg alg) : impl_(new Impl{alg, start(alg)}) {}
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::update(ByteView data) {
  if (data.empty()) return;
  std::visit([&](auto& hash) { hash.Update(data.data(), data.size()); }, impl_->running);
}

Bytes Hasher::digest() const {
  Running copy = impl_->running;
  return crypto::finish(copy, impl_->alg.size());
}

Bytes Hasher::finish() { return crypto::finish(impl_->running, impl_->alg.size()); }

Bytes hash(HashAlg alg, ByteView data) {
  if (alg.function() == HashFunction::blake3) {
    Bytes out(alg.size());
    blake3_subtree(data, 0).root(out);
    return out;
  }
  auto running = start(alg);
  if (!data.empty()) {
    std::visit([&](auto& hash) { hash.Update(data.data(), data.size()); }, running);
  }
  return finish(running, alg.size());
}

Digest32 sha256(ByteView data) {
  Digest32 out;
  CryptoPP::SHA256().CalculateDigest(out.data(), data.data(), data.size());
  return out;
}

Digest32 sha256(ByteView first, ByteView second) {
  Digest32 out;
  CryptoPP::SHA256 running;
  running.Update(first.data(), first.size());
  running.Update(second.data(), second.size());
  running.Final(out.data());
  return out;
}

Digest32 sha256d(ByteView data) {
  Digest32 out;
  CryptoPP::SHA256 running;
  running.CalculateDigest(out.data(), data.data(), data.size());
  running.CalculateDigest(out.data(), out.data(), out.size());
  return out;
}

Digest32 hmac_sha256(ByteView key, ByteView data) {
  Digest32 out;
  CryptoPP::HMAC<CryptoPP::SHA256> mac(key.data(), key.size());
  mac.CalculateDigest(out.data(), data.data(), data.size());
  return out;
}

}  // namespace p2p::crypto
