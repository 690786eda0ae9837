// Options that several tools share, so that they are named, described and checked the same
// everywhere.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "crypto/keys.h"
#include "crypto/random.h"
#include "multiformats/multiaddr.h"

namespace p2p::cli {

/// What a listening tool takes.
struct ListenOptions {
  std::vector<multiformats::Multiaddr> listen;  ///< --listen ADDR, may be repeated
  std::optional<std::string> write_addr;        ///< --write-addr FILE
};
void add_listen(Command& command, ListenOptions& options);
/// Writes the dialable addresses, one a line, to --write-addr's file, if there is one: atomically.
Result<void> write_addresses(const ListenOptions& options,
                             const std::vector<multiformats::Multiaddr>& addresses);

/// Writes them so, and prints the `listening` record: the first address is the one to dial. Without
/// any, Code::unreachable: no interface that is up has an address for what is listened at.
Result<void> announce(Console& console, const ListenOptions& options,
                      const multiformats::PeerId& id,
                      const std::vector<multiformats::Multiaddr>& addresses);

/// --key FILE; without it a fresh identity.
struct KeyOptions {
  std::optional<std::string> file;
};
void add_key(Command& command, KeyOptions& options);
/// The identity to use: the file's key (created there if the file does not exist), or a fresh one.
Result<crypto::SigningKey> load_key(const KeyOptions& options, crypto::Random& random);

void add_timeout(Command& command, std::optional<Duration>& timeout, std::string what);
void add_count(Command& command, std::optional<std::uint64_t>& count, std::string what);
void add_for(Command& command, std::optional<Duration>& span, std::string what);

/// Parses an operand that must be a multiaddr; the error names it and gives an example.
Result<multiformats::Multiaddr> parse_address(std::string_view text);

}  // namespace p2p::cli
