// SHA-256 of many messages. One message leaves half of a core idle, for each round of the
// processor's SHA instructions waits for the one before; two side by side do not.
#pragma once

#include <array>
#include <span>

#include "base/bytes.h"
#include "crypto/hash.h"

namespace p2p::crypto {

/// The implementations, for tests and benchmarks; callers use `best`.
enum class Sha256Path { best, one_by_one };

/// A message in up to three parts, one after the other, as a block that wraps a file's bytes has.
using MessageParts = std::array<ByteView, 3>;

/// digests[i] becomes the SHA-256 of messages[i]; there are as many of each. Nearly twice as fast
/// as one by one where the processor has SHA instructions and there are two messages or more: of
/// like lengths if there are few, of any if there are many. On one core; memory is constant.
void sha256_many(std::span<const MessageParts> messages, std::span<Digest32> digests,
                 Sha256Path path = Sha256Path::best);
/// The same for messages in one part.
void sha256_many(std::span<const ByteView> messages, std::span<Digest32> digests,
                 Sha256Path path = Sha256Path::best);

}  // namespace p2p::crypto
