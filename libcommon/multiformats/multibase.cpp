#include "multiformats/multibase.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/basen.h"

namespace p2p::multiformats {
namespace {

struct Entry {
  Multibase base;
  std::string_view name;
  bool upper;  ///< letters of either case are read; this says which are written
  std::string (*encode)(ByteView);
  Result<Bytes> (*decode)(std::string_view);
};

template <Base64 form>
std::string encode64(ByteView bytes) {
  return base64_encode(bytes, form);
}
template <Base64 form>
Result<Bytes> decode64(std::string_view text) {
  return base64_decode(text, form);
}
template <auto decode>
Result<Bytes> any_case(std::string_view text) {
  return decode(ascii_lower(text));
}

constexpr std::array<Entry, 11> kBases = {{
    {Multibase::base16, "base16", false, hex_encode, hex_decode},
    {Multibase::base16_upper, "base16upper", true, hex_encode, hex_decode},
    {Multibase::base32, "base32", false, base32_encode, any_case<base32_decode>},
    {Multibase::base32_upper, "base32upper", true, base32_encode, any_case<base32_decode>},
    {Multibase::base36, "base36", false, base36_encode, any_case<base36_decode>},
    {Multibase::base36_upper, "base36upper", true, base36_encode, any_case<base36_decode>},
    {Multibase::base58btc, "base58btc", false, base58_encode, base58_decode},
    {Multibase::base64, "base64", false, encode64<Base64::standard>, decode64<Base64::standard>},
    {Multibase::base64_pad, "base64pad", false, encode64<Base64::standard_padded>,
     decode64<Base64::standard_padded>},
    {Multibase::base64_url, "base64url", false, encode64<Base64::url>, decode64<Base64::url>},
    {Multibase::base64_url_pad, "base64urlpad", false, encode64<Base64::url_padded>,
     decode64<Base64::url_padded>},
}};

}  // namespace

std::string_view name_of(Multibase base) {
  const auto entry = std::ranges::find(kBases, base, &Entry::base);
  return entry == kBases.end() ? "unknown" : entry->name;
}

std::optional<Multibase> multibase_by_name(std::string_view name) {
  const auto entry = std::ranges::find(kBases, name, &Entry::name);
  if (entry == kBases.end()) return std::nullopt;
  return entry->base;
}

std::string multibase_encode(Multibase base, ByteView bytes) {
  const auto& entry = *std::ranges::find(kBases, base, &Entry::base);
  std::string text = entry.encode(bytes);
  if (entry.upper) text = ascii_upper(text);
  return static_cast<char>(base) + text;
}

Result<MultibaseText> multibase_decode(std::string_view text) {
  if (text.empty()) return fail(Code::parse, "empty multibase text");
  if (text.size() > kMaxMultibaseText) {
    return fail(Code::limit, "multibase text is longer than 4,096 characters");
  }
  const auto entry = std::ranges::find(kBases, static_cast<Multibase>(text[0]), &Entry::base);
  if (entry == kBases.end()) return fail(Code::unsupported, "unknown multibase prefix");
  P2P_TRY(auto bytes, entry->decode(text.substr(1)));
  return MultibaseText{entry->base, std::move(bytes)};
}

}  // namespace p2p::multiformats
