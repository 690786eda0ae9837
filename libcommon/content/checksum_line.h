// Lines of check files. Five forms, which one list may mix:
//
//     HEX  NAME          HEX *NAME          what sha256sum and its kin of coreutils 9.1, rhash,
//                                           b3sum and `openssl dgst -r` write
//     ALG (NAME) = HEX                      BSD tags: coreutils' --tag, cksum -a, b3sum --tag,
//                                           rhash --bsd, shasum --tag, FreeBSD's sha256,
//                                           `openssl dgst` (which leaves out blanks)
//     MULTIHASH  NAME                       the digest as a multihash in any multibase
//     CID  NAME                             a file's or directory's CID, as `p2p-hash --cid`
//
// A name with a newline, carriage return or backslash is escaped, and a backslash leads the line.
//
// Which function a line means, in this order:
// 1. a tag says it. Tags are those that the programs above write, to the letter (a tag that we do
//    not know makes the line none). BLAKE2's say the size (BLAKE2b-160); BLAKE3's and SHAKE's do
//    not, and there the number of digits does;
// 2. a word of hexadecimal digits that is as long as the digest of one of the parser's algorithms
//    is that one's. Without any given, those are the functions that such lines nearly always mean:
//    32 digits are md5, 40 sha1, 56 sha2-224, 64 sha2-256, 96 sha2-384, 128 sha2-512. Functions
//    that share these lengths (sha3, keccak, shake, blake2b, blake2s, blake3 and others), and
//    lengths that none of them has (8 digits may be crc32c, or anyone's CRC-32), are meant only by
//    a tag or by a parser that is told so; of two that it is told with the same length the first
//    counts;
// 3. a CID, in any multibase or of version 0; then a multihash in any multibase. Hexadecimal digits
//    hide neither: those with the length of a digest in hex (git's base32 CIDs of sha1) are made of
//    digits only once in ten million million.
// A multihash must hold the whole digest: a truncated one would be satisfied by too much. For the
// same reason digests of extendable functions (crypto/hash.h) shorter than kLeastExtended, which
// may be whole ones cut short, count only where the parser is told of that length.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "crypto/hash.h"
#include "multiformats/cid.h"

namespace p2p::content {

/// "SHA256", …: the algorithm's name in BSD-style lines and in warnings.
std::string checksum_tag(crypto::HashAlg alg);
/// The reverse, for every spelling that rule 1 knows; of the usual size where it says none.
std::optional<crypto::HashAlg> algorithm_of_tag(std::string_view tag);

/// In bytes: 128 bits, which nobody finds another file for; what `openssl dgst -shake128` writes.
inline constexpr std::size_t kLeastExtended = 16;

struct ChecksumStyle {
  bool tag = false;     ///< ALG (NAME) = HEX
  bool binary = false;  ///< "*" before the name instead of a space
  bool zero = false;    ///< ends with NUL instead of newline; no escaping
};

/// The line for `text` (a digest in hex, or any other word without blanks) and `name`, its end
/// included. `alg` is used by tagged lines only.
std::string checksum_line(std::string_view text, std::string_view name, crypto::HashAlg alg,
                          const ChecksumStyle& style);

/// `name` with \n, \r and \\ escaped, as within a line that a backslash leads.
std::string escape_name(std::string_view name);

struct Digest {
  crypto::HashAlg alg;
  Bytes bytes;  ///< all of alg.size()

  friend bool operator==(const Digest&, const Digest&) = default;
};

struct ChecksumLine {
  std::variant<Digest, multiformats::Cid> expected;  ///< a CID's hash is identity or computable
  std::string name;

  friend bool operator==(const ChecksumLine&, const ChecksumLine&) = default;
};

/// What a user should know of a list that does not check out.
struct ChecksumNotes {
  /// The function that the first untagged digest was taken for by its length alone.
  std::optional<crypto::HashAlg> guessed;
  /// Of the first line that has a checksum line's form, but names what cannot be computed: its tag,
  /// empty where it has none, and its digits in base 16.
  struct Foreign {
    std::string tag;
    std::size_t digits = 0;
  };
  std::optional<Foreign> foreign;
};

/// Parses the lines of one file. Untagged lines must be of one kind: `HEX NAME` with a single blank
/// (old BSD) does not mix with the standard form, since the two differ in whether names may begin
/// with a blank.
class ChecksumParser {
 public:
  /// `algorithms` are those of rule 2; none given are its usual ones.
  explicit ChecksumParser(std::vector<crypto::HashAlg> algorithms = {});

  /// `line` without its end; nothing where it is not a checksum line. In lists of --zero, names are
  /// not escaped.
  std::optional<ChecksumLine> parse(std::string_view line, bool zero = false);

  /// Of the lines so far.
  const ChecksumNotes& notes() const { return notes_; }

 private:
  std::optional<ChecksumLine> tagged(std::string_view tag, std::string_view rest, bool escaped);
  void note_foreign(std::string_view tag, std::string_view digits);
  std::optional<ChecksumLine> untagged(std::string_view line, bool escaped);
  bool takes(crypto::HashAlg alg) const;
  std::optional<Digest> tagged_digest(std::string_view tag, std::string_view hex) const;
  std::optional<Digest> multihash_digest(const multiformats::Multihash& hash) const;
  std::optional<std::variant<Digest, multiformats::Cid>> expectation(std::string_view word);

  std::vector<crypto::HashAlg> algorithms_;
  bool told_;  ///< algorithms_ are what somebody said, not the usual ones
  ChecksumNotes notes_;
  std::optional<bool> single_blank_;
};

}  // namespace p2p::content
