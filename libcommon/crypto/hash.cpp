#include "crypto/hash.h"

#include <cryptopp/blake2.h>
#include <cryptopp/hmac.h>
#include <cryptopp/keccak.h>
#include <cryptopp/sha.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>
#include <variant>

#include "base/endian.h"
#include "crypto/blake3.h"
#include "crypto/crc32c.h"

namespace p2p::crypto {
namespace {

struct Info {
  HashAlg alg;
  std::string_view name;
  std::size_t size;
};

// In HashAlg's order.
constexpr Info kHashes[] = {
    {HashAlg::sha1, "sha1", 20},
    {HashAlg::sha2_256, "sha2-256", 32},
    {HashAlg::sha2_384, "sha2-384", 48},
    {HashAlg::sha2_512, "sha2-512", 64},
    {HashAlg::sha2_512_256, "sha2-512-256", 32},
    {HashAlg::sha3_224, "sha3-224", 28},
    {HashAlg::sha3_256, "sha3-256", 32},
    {HashAlg::sha3_384, "sha3-384", 48},
    {HashAlg::sha3_512, "sha3-512", 64},
    {HashAlg::keccak_256, "keccak-256", 32},
    {HashAlg::keccak_512, "keccak-512", 64},
    {HashAlg::blake2b_256, "blake2b-256", 32},
    {HashAlg::blake2b_512, "blake2b-512", 64},
    {HashAlg::blake2s_256, "blake2s-256", 32},
    {HashAlg::blake3, "blake3", 32},
    {HashAlg::dbl_sha2_256, "dbl-sha2-256", 32},
    {HashAlg::crc32c, "crc32c", 4},
};

constexpr auto kAlgorithms = [] {
  std::array<HashAlg, std::size(kHashes)> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = kHashes[i].alg;
  return all;
}();

constexpr const Info& info(HashAlg alg) { return kHashes[static_cast<std::size_t>(alg)]; }

// A hash of OpenSSL with the manners of Crypto++'s: a value that copies, updates and finishes. It
// can fail only for want of memory, or where the system's OpenSSL lacks the algorithm.
class EvpHash {
 public:
  explicit EvpHash(const EVP_MD* md) : context_(EVP_MD_CTX_new()) {
    require(context_ && EVP_DigestInit_ex(context_.get(), md, nullptr) == 1);
  }
  EvpHash(const EvpHash& other) : context_(EVP_MD_CTX_new()) {
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
    require(EVP_DigestFinal_ex(context_.get(), out, nullptr) == 1);
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

// Crypto++'s class templates take sizes by constructor; a variant wants a type each.
struct Blake2b256 : CryptoPP::BLAKE2b {
  Blake2b256() : BLAKE2b(false, 32) {}
};

struct Blake2s256 : CryptoPP::BLAKE2s {
  Blake2s256() : BLAKE2s(false, 32) {}
};

/// Ours, with the manners of Crypto++'s.
struct OurBlake3 : Blake3 {
  void Update(const std::uint8_t* data, std::size_t size) { update({data, size}); }
  void Final(std::uint8_t* out) {
    std::ranges::copy(digest(), out);
    *this = OurBlake3();
  }
};

struct OurCrc32c {
  void Update(const std::uint8_t* data, std::size_t size) { crc = crc32c(crc, {data, size}); }
  void Final(std::uint8_t* out) {
    store_be(out, crc);
    crc = 0;
  }
  std::uint32_t crc = 0;
};

// OpenSSL where it is measurably faster (SHA-512 by half, SHA-3 by a fifth, BLAKE2b by a seventh,
// of which it has only the full size), Crypto++ elsewhere.
using Running =
    std::variant<CryptoPP::SHA1, CryptoPP::SHA256, EvpHash, CryptoPP::Keccak_256,
                 CryptoPP::Keccak_512, Blake2b256, Blake2s256, OurBlake3, DoubleSha256, OurCrc32c>;

template <class T>
Running start_as() {
  return Running(std::in_place_type<T>);
}

Running start_evp(const EVP_MD* md) { return Running(std::in_place_type<EvpHash>, md); }

Running start(HashAlg alg) {
  switch (alg) {
    case HashAlg::sha1:
      return start_as<CryptoPP::SHA1>();
    case HashAlg::sha2_256:
      return start_as<CryptoPP::SHA256>();
    case HashAlg::sha2_384:
      return start_evp(EVP_sha384());
    case HashAlg::sha2_512:
      return start_evp(EVP_sha512());
    case HashAlg::sha2_512_256:
      return start_evp(EVP_sha512_256());
    case HashAlg::sha3_224:
      return start_evp(EVP_sha3_224());
    case HashAlg::sha3_256:
      return start_evp(EVP_sha3_256());
    case HashAlg::sha3_384:
      return start_evp(EVP_sha3_384());
    case HashAlg::sha3_512:
      return start_evp(EVP_sha3_512());
    case HashAlg::keccak_256:
      return start_as<CryptoPP::Keccak_256>();
    case HashAlg::keccak_512:
      return start_as<CryptoPP::Keccak_512>();
    case HashAlg::blake2b_256:
      return start_as<Blake2b256>();
    case HashAlg::blake2b_512:
      return start_evp(EVP_blake2b512());
    case HashAlg::blake2s_256:
      return start_as<Blake2s256>();
    case HashAlg::blake3:
      return start_as<OurBlake3>();
    case HashAlg::dbl_sha2_256:
      return start_as<DoubleSha256>();
    case HashAlg::crc32c:
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

std::span<const HashAlg> all_hashes() { return kAlgorithms; }

std::string_view name_of(HashAlg alg) { return info(alg).name; }

std::optional<HashAlg> hash_by_name(std::string_view name) {
  for (const auto& known : kHashes) {
    if (known.name == name) return known.alg;
  }
  return std::nullopt;
}

std::size_t digest_size(HashAlg alg) { return info(alg).size; }

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
  return crypto::finish(copy, digest_size(impl_->alg));
}

Bytes Hasher::finish() { return crypto::finish(impl_->running, digest_size(impl_->alg)); }

Bytes hash(HashAlg alg, ByteView data) {
  auto running = start(alg);
  if (!data.empty()) {
    std::visit([&](auto& hash) { hash.Update(data.data(), data.size()); }, running);
  }
  return finish(running, digest_size(alg));
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
