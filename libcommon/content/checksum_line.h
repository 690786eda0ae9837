// Lines of checksum files as sha256sum and its kin of coreutils 9.1 write and read them:
//
//     HEX  NAME          HEX *NAME          ALG (NAME) = HEX
//
// A name with a newline, carriage return or backslash is escaped, and a backslash leads the line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "crypto/hash.h"

namespace p2p::content {

/// "SHA256", …: the algorithm's name in BSD-style lines and in warnings.
std::string_view checksum_tag(crypto::HashAlg alg);

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

struct ChecksumLine {
  crypto::HashAlg alg;  ///< the tag's, or the parser's for lines without one
  Bytes digest;
  std::string name;
};

/// Parses the lines of one file, which must be of one kind: `HEX NAME` with a single blank (old
/// BSD) does not mix with the standard form, since the two differ in whether names may begin with a
/// blank.
class ChecksumParser {
 public:
  /// `alg` is that of lines without a tag.
  explicit ChecksumParser(crypto::HashAlg alg) : alg_(alg) {}

  /// `line` without its end; nothing where it is not a checksum line.
  std::optional<ChecksumLine> parse(std::string_view line);

 private:
  std::optional<ChecksumLine> untagged(std::string_view line, bool escaped);

  crypto::HashAlg alg_;
  std::optional<bool> single_blank_;
};

}  // namespace p2p::content
