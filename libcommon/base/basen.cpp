#include "base/basen.h"

#include <algorithm>
#include <array>

namespace p2p {
namespace {

using Reverse = std::array<std::int8_t, 256>;

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kBase32 = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::string_view kBase36 = "0123456789abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kBase58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The longest text of a quadratic decoder: a peer id takes 52 characters and a CID about 60, so
/// this leaves room for any digest while a hostile text costs microseconds.
constexpr std::size_t kMaxBigNumberText = 1024;

constexpr Reverse reverse_of(std::string_view alphabet) {
  Reverse table{};
  for (auto& entry : table) entry = -1;
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    table[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::int8_t>(i);
  }
  return table;
}

constexpr Reverse with_upper_hex(Reverse table) {
  for (int i = 0; i < 6; ++i) {
    table[static_cast<std::size_t>('A' + i)] = static_cast<std::int8_t>(10 + i);
  }
  return table;
}

constexpr Reverse kFromHex = with_upper_hex(reverse_of(kHex));
constexpr Reverse kFromBase32 = reverse_of(kBase32);
constexpr Reverse kFromBase36 = reverse_of(kBase36);
constexpr Reverse kFromBase58 = reverse_of(kBase58);
constexpr Reverse kFromBase64 = reverse_of(kBase64);
constexpr Reverse kFromBase64Url = reverse_of(kBase64Url);

std::unexpected<Error> bad_character(std::string_view base, char c) {
  const auto byte = static_cast<std::uint8_t>(c);
  if (byte > 0x20 && byte < 0x7f) {
    return fail(Code::parse, "character '" + std::string(1, c) + "' is not " + std::string(base));
  }
  return fail(Code::parse,
              "byte 0x" + hex_encode(ByteView(&byte, 1)) + " is not " + std::string(base));
}

/// RFC 4648 without padding: each character carries `bits` bits, most significant first.
std::string encode_bits(ByteView bytes, std::string_view alphabet, unsigned bits) {
  std::string text;
  text.reserve((bytes.size() * 8 + bits - 1) / bits);
  const unsigned mask = (1U << bits) - 1;
  unsigned pending = 0;
  unsigned held = 0;
  for (const auto byte : bytes) {
    pending = (pending << 8 | byte) & 0xffff;
    held += 8;
    while (held >= bits) {
      held -= bits;
      text += alphabet[pending >> held & mask];
    }
  }
  if (held > 0) text += alphabet[pending << (bits - held) & mask];
  return text;
}

Result<Bytes> decode_bits(std::string_view text, const Reverse& from, unsigned bits,
                          std::string_view base) {
  Bytes bytes;
  bytes.reserve(text.size() * bits / 8);
  unsigned pending = 0;
  unsigned held = 0;
  for (const char c : text) {
    const int digit = from[static_cast<std::uint8_t>(c)];
    if (digit < 0) return bad_character(base, c);
    pending = (pending << bits | static_cast<unsigned>(digit)) & 0xffff;
    held += bits;
    if (held >= 8) {
      held -= 8;
      bytes.push_back(static_cast<std::uint8_t>(pending >> held));
    }
  }
  // What is left is padding: shorter than a character, and zero, or two texts would mean one value.
  if (held >= bits) return fail(Code::parse, std::string(base) + " text has an impossible length");
  if ((pending & ((1U << held) - 1)) != 0) {
    return fail(Code::parse, std::string(base) + " text ends in stray bits");
  }
  return bytes;
}

/// A base that is no power of two: the bytes are one big number, and leading zero bytes are leading
/// zero digits. `limb_digits` digits at a time fit in 32 bits, which saves most of the divisions.
struct BigBase {
  std::string_view alphabet;
  const Reverse& from;
  unsigned limb_digits;
  std::string_view name;

  std::uint64_t power(std::size_t digits) const {
    std::uint64_t value = 1;
    while (digits-- > 0) value *= alphabet.size();
    return value;
  }

  std::string encode(ByteView bytes) const {
    const std::size_t zeros = static_cast<std::size_t>(
        std::ranges::find_if(bytes, [](auto byte) { return byte != 0; }) - bytes.begin());
    bytes = bytes.subspan(zeros);
    const std::uint64_t limb_base = power(limb_digits);
    std::vector<std::uint32_t> limbs;  // least significant first
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t take = (bytes.size() - at) % 4 == 0 ? 4 : (bytes.size() - at) % 4;
      std::uint64_t carry = 0;
      for (std::size_t i = 0; i < take; ++i) carry = carry << 8 | bytes[at + i];
      for (auto& limb : limbs) {
        const std::uint64_t value = (std::uint64_t{limb} << (8 * take)) + carry;
        limb = static_cast<std::uint32_t>(value % limb_base);
        carry = value / limb_base;
      }
      for (; carry > 0; carry /= limb_base) {
        limbs.push_back(static_cast<std::uint32_t>(carry % limb_base));
      }
      at += take;
    }
    std::string reversed;
    for (std::size_t i = 0; i < limbs.size(); ++i) {
      std::uint32_t limb = limbs[i];
      const bool top = i + 1 == limbs.size();
      for (unsigned digit = 0; digit < limb_digits && !(top && limb == 0); ++digit) {
        reversed += alphabet[limb % alphabet.size()];
        limb /= static_cast<std::uint32_t>(alphabet.size());
      }
    }
    std::string text(zeros, alphabet[0]);
    text.append(reversed.rbegin(), reversed.rend());
    return text;
  }

  Result<Bytes> decode(std::string_view text) const {
    if (text.size() > kMaxBigNumberText) {
      return fail(Code::limit, std::string(name) + " text is longer than 1,024 characters");
    }
    const std::size_t zeros = std::min(text.find_first_not_of(alphabet[0]), text.size());
    text.remove_prefix(zeros);
    std::vector<std::uint32_t> limbs;  // least significant first
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t take = std::min<std::size_t>(limb_digits, text.size() - at);
      std::uint64_t carry = 0;
      for (const char c : text.substr(at, take)) {
        const int digit = from[static_cast<std::uint8_t>(c)];
        if (digit < 0) return bad_character(name, c);
        carry = carry * alphabet.size() + static_cast<std::uint64_t>(digit);
      }
      const std::uint64_t scale = power(take);
      for (auto& limb : limbs) {
        const std::uint64_t value = limb * scale + carry;
        limb = static_cast<std::uint32_t>(value);
        carry = value >> 32;
      }
      if (carry > 0) limbs.push_back(static_cast<std::uint32_t>(carry));
      at += take;
    }
    Bytes bytes(zeros, 0);
    bool leading = true;
    for (auto limb = limbs.rbegin(); limb != limbs.rend(); ++limb) {
      for (int shift = 24; shift >= 0; shift -= 8) {
        const auto byte = static_cast<std::uint8_t>(*limb >> shift);
        leading = leading && byte == 0;
        if (!leading) bytes.push_back(byte);
      }
    }
    return bytes;
  }
};

// 36^6 and 58^5 are the largest powers below 2^32.
constexpr BigBase kBig36{kBase36, kFromBase36, 6, "base36"};
constexpr BigBase kBig58{kBase58, kFromBase58, 5, "base58"};

bool is_url(Base64 form) { return form == Base64::url || form == Base64::url_padded; }
bool is_padded(Base64 form) {
  return form == Base64::standard_padded || form == Base64::url_padded;
}

}  // namespace

std::string hex_encode(ByteView bytes) { return encode_bits(bytes, kHex, 4); }
Result<Bytes> hex_decode(std::string_view text) { return decode_bits(text, kFromHex, 4, "hex"); }

std::string base32_encode(ByteView bytes) { return encode_bits(bytes, kBase32, 5); }
Result<Bytes> base32_decode(std::string_view text) {
  return decode_bits(text, kFromBase32, 5, "base32");
}

std::string base36_encode(ByteView bytes) { return kBig36.encode(bytes); }
Result<Bytes> base36_decode(std::string_view text) { return kBig36.decode(text); }

std::string base58_encode(ByteView bytes) { return kBig58.encode(bytes); }
Result<Bytes> base58_decode(std::string_view text) { return kBig58.decode(text); }

std::string base64_encode(ByteView bytes, Base64 form) {
  std::string text = encode_bits(bytes, is_url(form) ? kBase64Url : kBase64, 6);
  if (is_padded(form)) text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

Result<Bytes> base64_decode(std::string_view text, Base64 form) {
  if (is_padded(form)) {
    if (text.size() % 4 != 0) return fail(Code::parse, "base64 text is not padded to fours");
    // At most two: a quantum of one character carries no byte, which decode_bits refuses.
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  }
  return decode_bits(text, is_url(form) ? kFromBase64Url : kFromBase64, 6, "base64");
}

}  // namespace p2p
