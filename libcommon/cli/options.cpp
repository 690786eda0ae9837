#include "cli/options.h"

#include "cli/console.h"
#include "cli/files.h"

namespace p2p::cli {

using multiformats::Multiaddr;

void add_listen(Command& command, ListenOptions& options) {
  Option listen;
  listen.metavar = "ADDR";
  listen.help = "listen there, as /ip4/0.0.0.0/tcp/4001; port 0 takes a free one";
  listen.repeats = true;
  listen.set = [&options](std::string_view text) -> Result<void> {
    P2P_TRY(auto address, parse_address(text));
    options.listen.push_back(std::move(address));
    return {};
  };
  command.option("--listen", std::move(listen));
  command.text("--write-addr", "FILE", options.write_addr,
               "write the dialable address there once it is ready", Complete::file);
}

Result<void> write_addresses(const ListenOptions& options,
                             const std::vector<Multiaddr>& addresses) {
  if (!options.write_addr) return {};
  std::string lines;
  for (const auto& address : addresses) lines += address.text() + "\n";
  return write_file(*options.write_addr, as_bytes(lines));
}

Result<void> announce(Console& console, const ListenOptions& options,
                      const multiformats::PeerId& id, const std::vector<Multiaddr>& addresses) {
  if (addresses.empty()) {
    return fail(Error(Code::unreachable, "listen", "", "no network interface has an address for it")
                    .with_hint("is an interface up? See ip address"));
  }
  P2P_CHECK(write_addresses(options, addresses));
  std::vector<std::string> others;
  for (std::size_t i = 1; i < addresses.size(); ++i) others.push_back(addresses[i].text());
  record::Record record("listening");
  record.set("addr", addresses.front().text());
  if (!others.empty()) record.set("addrs", std::move(others));
  record.set("peer_id", id.text());
  console.print(record);
  return {};
}

void add_key(Command& command, KeyOptions& options) {
  command.text("--key", "FILE", options.file,
               "identity to use, created if missing; without it a fresh one", Complete::file);
}

Result<crypto::SigningKey> load_key(const KeyOptions& options, crypto::Random& random) {
  if (options.file) return read_or_create_key_file(*options.file, random);
  return crypto::SigningKey::generate(random);
}

void add_timeout(Command& command, std::optional<Duration>& timeout, std::string what) {
  command.duration("--timeout", "D", timeout, std::move(what));
}

void add_count(Command& command, std::optional<std::uint64_t>& count, std::string what) {
  command.number("-n,--count", "N", count, Bounds{1, UINT64_MAX}, std::move(what));
}

void add_for(Command& command, std::optional<Duration>& span, std::string what) {
  command.duration("--for", "D", span, std::move(what));
}

Result<Multiaddr> parse_address(std::string_view text) {
  auto address = Multiaddr::parse(text);
  if (address) return address;
  Error error = std::move(address).error();
  if (error.hint.empty()) error.hint = "an address looks like /ip4/127.0.0.1/tcp/4001/p2p/12D3Koo…";
  return fail(std::move(error).during("read address", std::string(text)));
}

}  // namespace p2p::cli
