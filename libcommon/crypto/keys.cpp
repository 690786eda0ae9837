#include "crypto/keys.h"

#include <cryptopp/donna.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <secp256k1.h>

#include <algorithm>
#include <memory>

#include "crypto/hash.h"
#include "crypto/wipe.h"

namespace p2p::crypto {
namespace {

constexpr std::size_t kEd25519KeySize = 32;
constexpr std::size_t kEd25519SignatureSize = 64;
constexpr std::size_t kSecp256k1KeySize = 33;
// A SubjectPublicKeyInfo of 8,192 bits takes 1,062 bytes.
constexpr std::size_t kMaxDerKeySize = 2048;
constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = 8192;
// As Go's crypto/rsa: larger exponents serve nobody but who wants us to spend time.
constexpr int kMaxRsaExponentBits = 31;

template <auto free_it>
struct Free {
  template <class T>
  void operator()(T* item) const {
    free_it(item);
  }
};
using Pkey = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using MdContext = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using NumberContext = std::unique_ptr<BN_CTX, Free<BN_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, Free<BN_free>>;

using Raw32 = std::array<std::uint8_t, 32>;

// Little-endian, as on the wire: the group's order L, and the field's prime p = 2^255 - 19.
constexpr Raw32 kOrder = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                          0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                          0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
constexpr Raw32 kPrime = {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};
// The curve's d, of -x^2 + y^2 = 1 + d x^2 y^2.
constexpr Raw32 kEdwardsD = {0xa3, 0x78, 0x59, 0x13, 0xca, 0x4d, 0xeb, 0x75, 0xab, 0xd8, 0x41,
                             0x41, 0x4d, 0x0a, 0x70, 0x00, 0x98, 0xe8, 0x79, 0x77, 0x79, 0x40,
                             0xc7, 0x8c, 0x73, 0xfe, 0x6f, 0x2b, 0xee, 0x6c, 0x03, 0x52};

// The y of every point whose order divides 8: 0, 1, p - 1, and the two of order 8.
constexpr Raw32 kSmallOrder[] = {
    {0},
    {1},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
     0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
     0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
     0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
     0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
};

bool less_le(ByteView a, const Raw32& b) {
  for (std::size_t i = b.size(); i-- > 0;) {
    if (a[i] != b[i]) return a[i] < b[i];
  }
  return false;
}

/// The y coordinate of an Ed25519 key, if it is below p and not of a point of small order.
std::optional<Raw32> sound_y(ByteView key) {
  if (key.size() != kEd25519KeySize) return std::nullopt;
  Raw32 y;
  std::copy(key.begin(), key.end(), y.begin());
  y[31] &= 0x7f;
  if (!less_le(y, kPrime)) return std::nullopt;
  if (std::find(std::begin(kSmallOrder), std::end(kSmallOrder), y) != std::end(kSmallOrder)) {
    return std::nullopt;
  }
  return y;
}

bool verify_ed25519(ByteView key, ByteView message, ByteView signature) {
  if (signature.size() != kEd25519SignatureSize) return false;
  if (!less_le(signature.subspan(32), kOrder) || !sound_y(key)) return false;
  return CryptoPP::Donna::ed25519_sign_open(message.data(), message.size(), key.data(),
                                            signature.data()) == 0;
}

Number number_of(const Raw32& le) { return Number(BN_lebin2bn(le.data(), le.size(), nullptr)); }

/// Whether some x makes -x^2 + y^2 = 1 + d x^2 y^2, that is, (y^2 - 1) / (d y^2 + 1) is a square.
bool on_curve(const Raw32& y) {
  const NumberContext context(BN_CTX_new());
  const Number p = number_of(kPrime);
  const Number d = number_of(kEdwardsD);
  const Number square = number_of(y);
  const Number value(BN_new());
  return context && p && d && square && value &&
         BN_mod_sqr(square.get(), square.get(), p.get(), context.get()) == 1 &&
         BN_mod_mul(value.get(), d.get(), square.get(), p.get(), context.get()) == 1 &&
         BN_add_word(value.get(), 1) == 1 && BN_sub_word(square.get(), 1) == 1 &&
         BN_mod_mul(value.get(), value.get(), square.get(), p.get(), context.get()) == 1 &&
         BN_kronecker(value.get(), p.get(), context.get()) >= 0;
}

bool parse_secp256k1(ByteView key, secp256k1_pubkey& point) {
  return key.size() == kSecp256k1KeySize &&
         secp256k1_ec_pubkey_parse(secp256k1_context_static, &point, key.data(), key.size()) == 1;
}

bool verify_secp256k1(ByteView key, ByteView message, ByteView signature) {
  const auto* context = secp256k1_context_static;
  secp256k1_pubkey point;
  secp256k1_ecdsa_signature parsed;
  if (signature.empty() || !parse_secp256k1(key, point) ||
      secp256k1_ecdsa_signature_parse_der(context, &parsed, signature.data(), signature.size()) !=
          1) {
    return false;
  }
  secp256k1_ecdsa_signature_normalize(context, &parsed, &parsed);
  const auto digest = sha256(message);
  return secp256k1_ecdsa_verify(context, &parsed, digest.data(), &point) == 1;
}

/// What OpenSSL has to say about hostile keys interests nobody; its per-thread queue must not grow.
struct QuietErrors {
  ~QuietErrors() { ERR_clear_error(); }
};

bool is_p256(const EVP_PKEY* key) {
  char name[32];
  std::size_t size = 0;
  return EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, name, sizeof(name), &size) == 1 &&
         std::string_view(name, size) == "prime256v1";
}

bool is_sound_rsa(const EVP_PKEY* key) {
  if (!EVP_PKEY_is_a(key, "RSA")) return false;
  const int bits = EVP_PKEY_get_bits(key);
  if (bits < kMinRsaBits || bits > kMaxRsaBits) return false;
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &raw) != 1) return false;
  const Number exponent(raw);
  return BN_is_odd(raw) && !BN_is_one(raw) && BN_num_bits(raw) <= kMaxRsaExponentBits;
}

/// The key, or null where it is malformed or not of this type.
Pkey parse_der(KeyType type, ByteView der) {
  if (der.empty() || der.size() > kMaxDerKeySize) return nullptr;
  const auto* at = der.data();
  Pkey key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (!key || at != der.data() + der.size()) return nullptr;
  const bool sound = type == KeyType::rsa ? is_sound_rsa(key.get()) : is_p256(key.get());
  return sound ? std::move(key) : nullptr;
}

bool verify_der(const PublicKey& key, ByteView message, ByteView signature) {
  if (signature.empty()) return false;
  const QuietErrors quiet;
  const auto parsed = parse_der(key.type, key.data);
  const MdContext context(EVP_MD_CTX_new());
  // For RSA the default padding is PKCS#1 v1.5.
  return parsed && context &&
         EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, parsed.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

}  // namespace

std::string_view name_of(KeyType type) {
  switch (type) {
    case KeyType::rsa:
      return "rsa";
    case KeyType::ed25519:
      return "ed25519";
    case KeyType::secp256k1:
      return "secp256k1";
    case KeyType::ecdsa:
      return "ecdsa";
  }
  return "unknown";
}

Result<void> check_key(const PublicKey& key) {
  switch (key.type) {
    case KeyType::ed25519: {
      if (key.data.size() != kEd25519KeySize) {
        return fail(Code::parse,
                    "an ed25519 key has 32 bytes, not " + std::to_string(key.data.size()));
      }
      const auto y = sound_y(key.data);
      if (!y) return fail(Code::parse, "ed25519 key is not canonical or of small order");
      if (!on_curve(*y)) return fail(Code::parse, "ed25519 key is not a point on the curve");
      return {};
    }
    case KeyType::secp256k1: {
      secp256k1_pubkey point;
      if (parse_secp256k1(key.data, point)) return {};
      return fail(Code::parse, "secp256k1 key is not a compressed point on the curve");
    }
    case KeyType::ecdsa: {
      const QuietErrors quiet;
      if (parse_der(key.type, key.data)) return {};
      return fail(Code::parse, "ecdsa key is not a P-256 SubjectPublicKeyInfo");
    }
    case KeyType::rsa: {
      const QuietErrors quiet;
      if (parse_der(key.type, key.data)) return {};
      return fail(Code::parse, "rsa key is not a SubjectPublicKeyInfo of 2048 to 8192 bits");
    }
  }
  return fail(Code::unsupported, "unknown key type");
}

bool verify(const PublicKey& key, ByteView message, ByteView signature) {
  switch (key.type) {
    case KeyType::ed25519:
      return verify_ed25519(key.data, message, signature);
    case KeyType::secp256k1:
      return verify_secp256k1(key.data, message, signature);
    case KeyType::ecdsa:
    case KeyType::rsa:
      return verify_der(key, message, signature);
  }
  return false;
}

SigningKey::SigningKey(const std::array<std::uint8_t, 32>& seed) : seed_(seed) {
  CryptoPP::Donna::ed25519_publickey(share_.data(), seed_.data());
}

SigningKey::~SigningKey() { wipe(seed_); }

SigningKey SigningKey::generate(Random& random) {
  std::array<std::uint8_t, 32> seed;
  random.fill(seed);
  SigningKey key(seed);
  wipe(seed);
  return key;
}

SigningKey SigningKey::from_seed(const std::array<std::uint8_t, 32>& seed) {
  return SigningKey(seed);
}

PublicKey SigningKey::public_key() const {
  return {KeyType::ed25519, Bytes(share_.begin(), share_.end())};
}

Bytes SigningKey::sign(ByteView message) const {
  Bytes signature(kEd25519SignatureSize);
  CryptoPP::Donna::ed25519_sign(message.data(), message.size(), seed_.data(), share_.data(),
                                signature.data());
  return signature;
}

}  // namespace p2p::crypto
