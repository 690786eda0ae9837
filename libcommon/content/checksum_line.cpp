#include "content/checksum_line.h"

#include <algorithm>
#include <iterator>

#include "base/basen.h"
#include "multiformats/multibase.h"
#include "multiformats/multihash.h"

namespace p2p::content {

using crypto::HashAlg;
using multiformats::Cid;

namespace {

struct Tag {
  std::string_view text;
  HashAlg alg;
};

/// The first of an algorithm is the one we write: what coreutils 9.1 writes, or where it has none
/// rhash, b3sum or shasum. Then what others write: OpenSSL 3, rhash (which pads to five letters),
/// FreeBSD, OpenSSL 1.
constexpr Tag kTags[] = {
    {"MD5", HashAlg::md5},
    {"MD5  ", HashAlg::md5},
    {"SHA1", HashAlg::sha1},
    {"SHA1 ", HashAlg::sha1},
    {"SHA224", HashAlg::sha2_224},
    {"SHA2-224", HashAlg::sha2_224},
    {"SHA256", HashAlg::sha2_256},
    {"SHA2-256", HashAlg::sha2_256},
    {"SHA384", HashAlg::sha2_384},
    {"SHA2-384", HashAlg::sha2_384},
    {"SHA512", HashAlg::sha2_512},
    {"SHA2-512", HashAlg::sha2_512},
    {"SHA512/224", HashAlg::sha2_512_224},
    {"SHA2-512/224", HashAlg::sha2_512_224},
    {"SHA512t224", HashAlg::sha2_512_224},
    {"SHA512-224", HashAlg::sha2_512_224},
    {"SHA512/256", HashAlg::sha2_512_256},
    {"SHA2-512/256", HashAlg::sha2_512_256},
    {"SHA512t256", HashAlg::sha2_512_256},
    {"SHA512-256", HashAlg::sha2_512_256},
    {"SHA3-224", HashAlg::sha3_224},
    {"SHA3-256", HashAlg::sha3_256},
    {"SHA3-384", HashAlg::sha3_384},
    {"SHA3-512", HashAlg::sha3_512},
    {"KECCAK-224", HashAlg::keccak_224},
    {"KECCAK-256", HashAlg::keccak_256},
    {"KECCAK-384", HashAlg::keccak_384},
    {"KECCAK-512", HashAlg::keccak_512},
    {"SHAKE-128", HashAlg::shake_128},
    {"SHAKE128", HashAlg::shake_128},
    {"SHAKE-256", HashAlg::shake_256},
    {"SHAKE256", HashAlg::shake_256},
    {"BLAKE2b", HashAlg::blake2b_512},
    {"BLAKE2B-512", HashAlg::blake2b_512},
    {"BLAKE2b512", HashAlg::blake2b_512},
    {"BLAKE2s", HashAlg::blake2s_256},
    {"BLAKE2S-256", HashAlg::blake2s_256},
    {"BLAKE2s256", HashAlg::blake2s_256},
    {"BLAKE3", HashAlg::blake3},
    {"DBL-SHA256", HashAlg::dbl_sha2_256},
    {"CRC32C", HashAlg::crc32c},
};

/// Tags in which bits follow, as coreutils writes BLAKE2b's.
struct SizedTag {
  std::string_view text;
  std::string_view name;  ///< crypto's
};
constexpr SizedTag kSizedTags[] = {{"BLAKE2b-", "blake2b-"}, {"BLAKE2s-", "blake2s-"}};

constexpr HashAlg kUsual[] = {HashAlg::md5,      HashAlg::sha1,     HashAlg::sha2_224,
                              HashAlg::sha2_256, HashAlg::sha2_384, HashAlg::sha2_512};

/// The shortest digest that anybody writes: a CRC-32.
constexpr std::size_t kLeastDigits = 8;
/// Names of functions are shorter.
constexpr std::size_t kLongestTag = 24;

/// Whether it is fit to be shown: a list may come from anybody.
bool looks_like_tag(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
           c == '/';
  };
  return text.size() <= kLongestTag && std::ranges::all_of(text, fits);
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

void skip_blanks(std::string_view& text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
}

std::optional<std::string> unescape_name(std::string_view text) {
  std::string name;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      name += text[i];
      continue;
    }
    if (++i == text.size()) return std::nullopt;
    switch (text[i]) {
      case 'n':
        name += '\n';
        break;
      case 'r':
        name += '\r';
        break;
      case '\\':
        name += '\\';
        break;
      default:
        return std::nullopt;
    }
  }
  return name;
}

std::optional<Digest> hex_digest(HashAlg alg, std::string_view hex) {
  if (hex.size() != 2 * alg.size()) return std::nullopt;
  auto bytes = hex_decode(hex);
  if (!bytes) return std::nullopt;
  return Digest{alg, std::move(*bytes)};
}

std::optional<std::string> read_name(std::string_view name, bool escaped) {
  // No file's name holds a NUL, and C's functions would see only what stands before it.
  if (name.find('\0') != std::string_view::npos) return std::nullopt;
  return escaped ? unescape_name(name) : std::string(name);
}

}  // namespace

std::string checksum_tag(HashAlg alg) {
  if (crypto::is_extendable(alg.function())) alg = HashAlg::usual(alg.function());
  const auto* known = std::ranges::find(kTags, alg, &Tag::alg);
  if (known != std::end(kTags)) return std::string(known->text);
  const std::string name = crypto::name_of(alg);
  for (const auto& sized : kSizedTags) {
    if (name.starts_with(sized.name)) {
      return std::string(sized.text) + name.substr(sized.name.size());
    }
  }
  return name;
}

std::optional<HashAlg> algorithm_of_tag(std::string_view tag) {
  const auto* found = std::ranges::find(kTags, tag, &Tag::text);
  if (found != std::end(kTags)) return found->alg;
  for (const auto& sized : kSizedTags) {
    if (!tag.starts_with(sized.text)) continue;
    return crypto::hash_by_name(std::string(sized.name) +
                                std::string(tag.substr(sized.text.size())));
  }
  return std::nullopt;
}

std::string escape_name(std::string_view name) {
  std::string escaped;
  for (const char c : name) {
    switch (c) {
      case '\n':
        escaped += "\\n";
        break;
      case '\r':
        escaped += "\\r";
        break;
      case '\\':
        escaped += "\\\\";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string checksum_line(std::string_view text, std::string_view name, HashAlg alg,
                          const ChecksumStyle& style) {
  const bool escape = !style.zero && name.find_first_of("\n\r\\") != std::string_view::npos;
  const std::string shown = escape ? escape_name(name) : std::string(name);
  std::string line = escape ? "\\" : "";
  if (style.tag) {
    line.append(checksum_tag(alg)).append(" (").append(shown).append(") = ").append(text);
  } else {
    line.append(text).append(style.binary ? " *" : "  ").append(shown);
  }
  line += style.zero ? '\0' : '\n';
  return line;
}

ChecksumParser::ChecksumParser(std::vector<HashAlg> algorithms)
    : algorithms_(std::move(algorithms)), told_(!algorithms_.empty()) {
  if (!told_) algorithms_.assign(std::begin(kUsual), std::end(kUsual));
}

std::optional<ChecksumLine> ChecksumParser::parse(std::string_view line, bool zero) {
  skip_blanks(line);
  const bool escaped = !zero && line.starts_with('\\');
  if (escaped) line.remove_prefix(1);
  if (const auto open = line.find('('); open != std::string_view::npos) {
    auto tag = line.substr(0, open);
    if (tag.ends_with(' ')) tag.remove_suffix(1);
    auto found = tagged(tag, line.substr(open + 1), escaped);
    if (found || algorithm_of_tag(tag)) return found;
  }
  return untagged(line, escaped);
}

/// What follows "ALG (" or "ALG(": NAME) = HEX. The last ")" counts: names may hold some.
std::optional<ChecksumLine> ChecksumParser::tagged(std::string_view tag, std::string_view rest,
                                                   bool escaped) {
  const auto close = rest.rfind(')');
  if (close == std::string_view::npos) return std::nullopt;
  auto hex = rest.substr(close + 1);
  skip_blanks(hex);
  if (!hex.starts_with('=')) return std::nullopt;
  hex.remove_prefix(1);
  skip_blanks(hex);
  auto digest = tagged_digest(tag, hex);
  if (!digest) {
    note_foreign(tag, hex);
    return std::nullopt;
  }
  auto name = read_name(rest.substr(0, close), escaped);
  if (!name) return std::nullopt;
  return ChecksumLine{std::move(*digest), std::move(*name)};
}

bool ChecksumParser::takes(HashAlg alg) const {
  return alg.size() >= kLeastExtended || !crypto::is_extendable(alg.function()) ||
         std::ranges::find(algorithms_, alg) != algorithms_.end();
}

std::optional<Digest> ChecksumParser::tagged_digest(std::string_view tag,
                                                    std::string_view hex) const {
  auto alg = algorithm_of_tag(tag);
  if (alg && crypto::is_extendable(alg->function())) {
    alg = HashAlg::of(alg->function(), hex.size() / 2);
  }
  return alg && takes(*alg) ? hex_digest(*alg, hex) : std::nullopt;
}

std::optional<Digest> ChecksumParser::multihash_digest(const multiformats::Multihash& hash) const {
  const auto alg = hash.algorithm();
  if (!alg || !takes(*alg)) return std::nullopt;
  return Digest{*alg, hash.digest()};
}

void ChecksumParser::note_foreign(std::string_view tag, std::string_view digits) {
  if (notes_.foreign || !looks_like_tag(tag)) return;
  if (digits.size() < kLeastDigits || !hex_decode(digits)) return;
  notes_.foreign = {std::string(tag), digits.size()};
}

std::optional<ChecksumLine> ChecksumParser::untagged(std::string_view line, bool escaped) {
  const auto word = line.substr(0, std::min(line.find(' '), line.find('\t')));
  // A blank and at least one byte of name follow.
  if (line.size() < word.size() + 2) return std::nullopt;
  auto expected = expectation(word);
  if (!expected) {
    note_foreign("", word);
    return std::nullopt;
  }
  auto name = line.substr(word.size() + 1);
  if (name.size() == 1 || (name[0] != ' ' && name[0] != '*')) {
    if (single_blank_ == false) return std::nullopt;
    single_blank_ = true;
  } else if (single_blank_ != true) {
    single_blank_ = false;
    name.remove_prefix(1);
  }
  auto plain = read_name(name, escaped);
  if (!plain) return std::nullopt;
  return ChecksumLine{std::move(*expected), std::move(*plain)};
}

std::optional<std::variant<Digest, Cid>> ChecksumParser::expectation(std::string_view word) {
  for (const HashAlg alg : algorithms_) {
    auto digest = hex_digest(alg, word);
    if (!digest) continue;
    if (!told_ && !notes_.guessed) notes_.guessed = alg;
    return *digest;
  }
  if (auto cid = Cid::parse(word)) {
    const auto code = cid->hash().code();
    const bool known = code == multiformats::HashCode::identity || multiformats::hash_alg_of(code);
    if (!known) return std::nullopt;
    return *cid;
  }
  const auto text = multiformats::multibase_decode(word);
  if (!text) return std::nullopt;
  const auto hash = multiformats::Multihash::decode(text->bytes);
  if (!hash) return std::nullopt;
  return multihash_digest(*hash);
}

}  // namespace p2p::content
