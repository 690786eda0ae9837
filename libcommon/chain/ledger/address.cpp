#include "chain/ledger/address.h"

#include <algorithm>

namespace p2p::chain {

namespace {

constexpr std::string_view kPrefix = "p2p";
constexpr std::string_view kAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::uint32_t kBech32m = 0x2bc830a3;  // BIP350's final constant
constexpr std::size_t kChecksumSize = 6;
constexpr std::size_t kMaxText = 90;

/// BIP173's checksum, over values of five bits.
class Checksum {
 public:
  void add(std::uint32_t value) {
    constexpr std::uint32_t kGenerators[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
                                             0x2a1462b3};
    const std::uint32_t top = state_ >> 25;
    state_ = ((state_ & 0x1ffffff) << 5) ^ value;
    for (unsigned i = 0; i < 5; ++i) {
      if ((top >> i) & 1) state_ ^= kGenerators[i];
    }
  }
  void add_prefix(std::string_view hrp) {
    for (const char c : hrp) add(static_cast<unsigned char>(c) >> 5);
    add(0);
    for (const char c : hrp) add(static_cast<unsigned char>(c) & 31);
  }
  std::uint32_t state() const { return state_; }

 private:
  std::uint32_t state_ = 1;
};

std::unexpected<Error> bad_address(std::string why) { return fail(Code::parse, std::move(why)); }

}  // namespace

std::string bech32m_encode(std::string_view hrp, ByteView data) {
  Checksum checksum;
  checksum.add_prefix(hrp);
  std::string out(hrp);
  out += '1';
  const auto put = [&](std::uint32_t value) {
    checksum.add(value);
    out += kAlphabet[value];
  };
  std::uint32_t held = 0;
  unsigned bits = 0;
  for (const std::uint8_t byte : data) {
    held = ((held << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5;) {
      bits -= 5;
      put((held >> bits) & 31);
    }
  }
  if (bits > 0) put((held << (5 - bits)) & 31);
  for (std::size_t i = 0; i < kChecksumSize; ++i) checksum.add(0);
  const std::uint32_t sum = checksum.state() ^ kBech32m;
  for (unsigned i = 0; i < kChecksumSize; ++i) out += kAlphabet[(sum >> (5 * (5 - i))) & 31];
  return out;
}

Result<Bytes> bech32m_decode(std::string_view hrp, std::string_view text) {
  if (text.size() > kMaxText) return bad_address("longer than 90 characters");
  std::string lower(text);
  bool has_lower = false;
  bool has_upper = false;
  for (char& c : lower) {
    has_lower |= c >= 'a' && c <= 'z';
    has_upper |= c >= 'A' && c <= 'Z';
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (has_lower && has_upper) return bad_address("upper and lower case are mixed");
  const std::string start = std::string(hrp) + '1';
  if (!lower.starts_with(start)) return bad_address("an address begins with " + start);
  if (lower.size() < start.size() + kChecksumSize) return bad_address("it is cut short");
  Checksum checksum;
  checksum.add_prefix(hrp);
  Bytes out;
  std::uint32_t held = 0;
  unsigned bits = 0;
  const std::size_t data_end = lower.size() - kChecksumSize;
  for (std::size_t i = start.size(); i < lower.size(); ++i) {
    const std::size_t value = kAlphabet.find(lower[i]);
    if (value == std::string_view::npos) return bad_address("a character that no address has");
    checksum.add(static_cast<std::uint32_t>(value));
    if (i >= data_end) continue;
    held = ((held << 5) | static_cast<std::uint32_t>(value)) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<std::uint8_t>(held >> bits));
    }
  }
  if (checksum.state() != kBech32m) return bad_address("the checksum is wrong: a typing error?");
  if (bits >= 5 || (held & ((1u << bits) - 1)) != 0) return bad_address("stray bits at its end");
  return out;
}

Result<Address> Address::of(const crypto::PublicKey& key) {
  if (key.type != crypto::KeyType::ed25519) {
    return fail(Code::unsupported, "accounts have Ed25519 keys");
  }
  return from_bytes(key.data);
}

Result<Address> Address::from_bytes(ByteView raw) {
  Address out;
  if (raw.size() != out.key.size()) return bad_address("an address has 32 bytes");
  std::copy(raw.begin(), raw.end(), out.key.begin());
  return out;
}

Result<Address> Address::parse(std::string_view text) {
  // No more of a wrong text than an address has stands in the message.
  const std::string named(text.substr(0, kMaxText));
  auto raw = bech32m_decode(kPrefix, text);
  if (!raw) return fail(std::move(raw).error().during("read address", named));
  return from_bytes(*raw);
}

std::string Address::text() const { return bech32m_encode(kPrefix, key); }

crypto::PublicKey Address::public_key() const {
  return crypto::PublicKey{crypto::KeyType::ed25519, Bytes(key.begin(), key.end())};
}

}  // namespace p2p::chain
