#include "crypto/aead.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>

#include "crypto/wipe.h"

namespace p2p::crypto {
namespace {

struct Free {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, Free>;

// What may not fail: wrong sizes are a defect of the caller, and the rest is want of memory. Going
// on would mean to send plaintext, so the process ends.
void require(bool done) {
  if (!done) std::abort();
}

// OpenSSL counts in int.
constexpr std::size_t kMostAtOnce = std::size_t{1} << 30;

void update(EVP_CIPHER_CTX* context, std::uint8_t* out, ByteView in) {
  while (!in.empty()) {
    const auto part = in.first(std::min(in.size(), kMostAtOnce));
    int written = 0;
    require(EVP_CipherUpdate(context, out, &written, part.data(), static_cast<int>(part.size())) ==
            1);
    if (out) out += part.size();
    in = in.subspan(part.size());
  }
}

}  // namespace

struct ChaChaPoly::Impl {
  std::array<std::uint8_t, kAeadKeySize> key;
  // One for each direction, made when first used: setting a context up costs more than a message.
  Context sealing;
  Context opening;

  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { wipe(key); }

  EVP_CIPHER_CTX* begin(Context& context, bool encrypt, ByteView nonce, ByteView ad) {
    require(nonce.size() == kAeadNonceSize);
    if (!context) {
      context.reset(EVP_CIPHER_CTX_new());
      require(context && EVP_CipherInit_ex(context.get(), EVP_chacha20_poly1305(), nullptr,
                                           key.data(), nonce.data(), encrypt) == 1);
    } else {
      require(EVP_CipherInit_ex(context.get(), nullptr, nullptr, nullptr, nonce.data(), encrypt) ==
              1);
    }
    update(context.get(), nullptr, ad);
    return context.get();
  }
};

ChaChaPoly::ChaChaPoly(ByteView key) : impl_(std::make_unique<Impl>()) {
  require(key.size() == kAeadKeySize);
  std::copy(key.begin(), key.end(), impl_->key.begin());
}
ChaChaPoly::ChaChaPoly(ChaChaPoly&&) noexcept = default;
ChaChaPoly& ChaChaPoly::operator=(ChaChaPoly&&) noexcept = default;
ChaChaPoly::~ChaChaPoly() = default;

void ChaChaPoly::seal(ByteView nonce, ByteView ad, ByteView plaintext, MutableBytes out) {
  require(out.size() == plaintext.size() + kAeadTagSize);
  auto* context = impl_->begin(impl_->sealing, true, nonce, ad);
  update(context, out.data(), plaintext);
  auto* tag = out.data() + plaintext.size();
  int written = 0;
  require(EVP_CipherFinal_ex(context, tag, &written) == 1);
  require(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kAeadTagSize, tag) == 1);
}

bool ChaChaPoly::open(ByteView nonce, ByteView ad, ByteView sealed, MutableBytes out) {
  if (sealed.size() < kAeadTagSize) {
    std::fill(out.begin(), out.end(), std::uint8_t{0});
    return false;
  }
  const auto text = sealed.first(sealed.size() - kAeadTagSize);
  require(out.size() == text.size());
  std::array<std::uint8_t, kAeadTagSize> tag;
  std::copy(sealed.end() - kAeadTagSize, sealed.end(), tag.begin());
  auto* context = impl_->begin(impl_->opening, false, nonce, ad);
  update(context, out.data(), text);
  require(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kAeadTagSize, tag.data()) == 1);
  std::uint8_t none[kAeadTagSize];
  int written = 0;
  if (EVP_CipherFinal_ex(context, none, &written) == 1) return true;
  wipe(out);
  return false;
}

}  // namespace p2p::crypto
