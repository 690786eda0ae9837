// Files as tools need them: small ones read whole and bounded, secrets kept secret, and results
// that appear complete or not at all.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/keys.h"
#include "crypto/random.h"

namespace p2p::cli {

/// A libp2p private key protobuf has 68 bytes, PEM-like wrappings a few hundred; RSA ones of others
/// a few thousand, which we want to refuse by what they are and not by their size.
inline constexpr std::size_t kMaxKeyFileSize = 16 * 1024;

/// The whole file, "-" for standard input; larger than `limit` is Code::limit.
Result<Bytes> read_file(const std::string& path, std::size_t limit);

/// Writes `data` to a temporary file beside `path`, syncs and renames it: a reader sees the old
/// content or all of the new.
Result<void> write_file(const std::string& path, ByteView data, unsigned mode = 0666);

/// Reads an Ed25519 key: the libp2p PrivateKey protobuf, as `ipfs key export` writes it. A file
/// that others can read or write (any bit of 077) is Code::permission.
Result<crypto::SigningKey> read_key_file(const std::string& path);
/// Creates `path` with mode 0600; an existing file is Code::already_exists.
Result<void> create_key_file(const std::string& path, const crypto::SigningKey& key);
/// read_key_file where the file exists, else a fresh key, written there.
Result<crypto::SigningKey> read_or_create_key_file(const std::string& path, crypto::Random& random);

}  // namespace p2p::cli
