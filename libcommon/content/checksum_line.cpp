#include "content/checksum_line.h"

#include "base/basen.h"

namespace p2p::content {

using crypto::HashAlg;

namespace {

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

std::optional<ChecksumLine> make_line(HashAlg alg, std::string_view hex, std::string_view name,
                                      bool escaped) {
  auto digest = hex_decode(hex);
  if (!digest || digest->size() != crypto::digest_size(alg)) return std::nullopt;
  // No file's name holds a NUL, and C's functions would see only what stands before it.
  if (name.find('\0') != std::string_view::npos) return std::nullopt;
  auto plain = escaped ? unescape_name(name) : std::string(name);
  if (!plain) return std::nullopt;
  return ChecksumLine{alg, std::move(*digest), std::move(*plain)};
}

/// What follows "ALG (" or "ALG(": NAME) = HEX. The last ")" counts: names may hold some.
std::optional<ChecksumLine> tagged(HashAlg alg, std::string_view rest, bool escaped) {
  const auto close = rest.rfind(')');
  if (close == std::string_view::npos) return std::nullopt;
  auto hex = rest.substr(close + 1);
  skip_blanks(hex);
  if (!hex.starts_with('=')) return std::nullopt;
  hex.remove_prefix(1);
  skip_blanks(hex);
  return make_line(alg, hex, rest.substr(0, close), escaped);
}

}  // namespace

std::string_view checksum_tag(HashAlg alg) {
  switch (alg) {
    case HashAlg::sha1:
      return "SHA1";
    case HashAlg::sha2_256:
      return "SHA256";
    case HashAlg::sha2_384:
      return "SHA384";
    case HashAlg::sha2_512:
      return "SHA512";
    case HashAlg::sha2_512_256:
      return "SHA512/256";
    case HashAlg::sha3_224:
      return "SHA3-224";
    case HashAlg::sha3_256:
      return "SHA3-256";
    case HashAlg::sha3_384:
      return "SHA3-384";
    case HashAlg::sha3_512:
      return "SHA3-512";
    case HashAlg::keccak_256:
      return "KECCAK-256";
    case HashAlg::keccak_512:
      return "KECCAK-512";
    case HashAlg::blake2b_256:
      return "BLAKE2b-256";
    case HashAlg::blake2b_512:
      return "BLAKE2b";
    case HashAlg::blake2s_256:
      return "BLAKE2s-256";
    case HashAlg::blake3:
      return "BLAKE3";
    case HashAlg::dbl_sha2_256:
      return "DBL-SHA256";
    case HashAlg::crc32c:
      return "CRC32C";
  }
  return "";
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

std::optional<ChecksumLine> ChecksumParser::parse(std::string_view line) {
  skip_blanks(line);
  const bool escaped = line.starts_with('\\');
  if (escaped) line.remove_prefix(1);
  for (const HashAlg alg : crypto::all_hashes()) {
    if (!line.starts_with(checksum_tag(alg))) continue;
    auto rest = line.substr(checksum_tag(alg).size());
    if (rest.starts_with(' ')) rest.remove_prefix(1);
    // One tag may begin another: BLAKE2b, BLAKE2b-256.
    if (!rest.starts_with('(')) continue;
    return tagged(alg, rest.substr(1), escaped);
  }
  return untagged(line, escaped);
}

std::optional<ChecksumLine> ChecksumParser::untagged(std::string_view line, bool escaped) {
  const std::size_t digits = 2 * crypto::digest_size(alg_);
  // A blank and at least one byte of name follow.
  if (line.size() < digits + 2 || !is_blank(line[digits])) return std::nullopt;
  const auto hex = line.substr(0, digits);
  if (!hex_decode(hex)) return std::nullopt;
  auto name = line.substr(digits + 1);
  if (name.size() == 1 || (name[0] != ' ' && name[0] != '*')) {
    if (single_blank_ == false) return std::nullopt;
    single_blank_ = true;
  } else if (single_blank_ != true) {
    single_blank_ = false;
    name.remove_prefix(1);
  }
  return make_line(alg_, hex, name, escaped);
}

}  // namespace p2p::content
