// SHA-256 of many messages. One message leaves most of a core idle, for each round of the
// processor's SHA instructions waits for the one before. Two side by side wait less, and sixteen in
// the lanes of AVX-512's vectors are faster than the SHA instructions.
#pragma once

#include <array>
#include <span>

#include "base/bytes.h"
#include "crypto/hash.h"

namespace p2p::crypto {

/// The implementations, for tests and benchmarks; callers use `best`.
enum class Sha256Path { best, one_by_one, two_by_two };

/// A message in up to three parts, one after the other, as a block that wraps a file's bytes has.
using MessageParts = std::array<ByteView, 3>;

/// digests[i] becomes the SHA-256 of messages[i]; there are as many of each. Messages may have any
/// lengths, but those that stand near each other are best alike. Eight or more at a time are worth
/// it most. On one core, in constant memory.
void sha256_many(std::span<const MessageParts> messages, std::span<Digest32> digests,
                 Sha256Path path = Sha256Path::best);
/// The same for messages in one part.
void sha256_many(std::span<const ByteView> messages, std::span<Digest32> digests,
                 Sha256Path path = Sha256Path::best);

}  // namespace p2p::crypto
