// The measured half of scripts/bench: our side of each comparison, one line of result each.
//
//   p2p-bench serve                    listens, prints its address, serves /perf/1.0.0
//   p2p-bench perf UP DOWN ADDR        "perf UP SECONDS DOWN SECONDS"
//   p2p-bench handshakes COUNT ADDR    "handshakes COUNT SECONDS", one after the other
//   p2p-bench mine SECONDS             "mine PATH HASHES SECONDS" for each search path and Crypto++
//   p2p-bench headers FILE             "headers COUNT SECONDS": Bitcoin mainnet's rules over a file
//   p2p-bench hash ALG THREADS BYTES   "hash ALG BYTES SECONDS": chunks of 256 KiB in memory
#include <cryptopp/sha.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "chain/consensus/header_tree.h"
#include "chain/consensus/params.h"
#include "chain/consensus/rules.h"
#include "crypto/hash.h"
#include "crypto/sha256_mining.h"
#include "libp2p/perf.h"
#include "runtime/uv/uv_runtime.h"

namespace {

using namespace p2p;

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "p2p-bench: error: %s\n", why.c_str());
  std::exit(2);
}

multiformats::Multiaddr address(const std::string& text) {
  auto parsed = multiformats::Multiaddr::parse(text);
  if (!parsed) die(parsed.error().message());
  return *parsed;
}

libp2p::HostConfig config(runtime::Runtime world) {
  return libp2p::HostConfig(crypto::SigningKey::generate(world.random));
}

runtime::Task<int> serve(runtime::Runtime world) {
  libp2p::Host host(world, config(world));
  libp2p::serve_perf(host);
  const auto at = host.listen(address("/ip4/127.0.0.1/tcp/0"));
  if (!at) die(at.error().message());
  std::printf("listening %s\n", at->with_peer(host.id()).text().c_str());
  std::fflush(stdout);
  runtime::WaitList never;
  co_await never.wait();
  co_return 0;
}

runtime::Task<int> perf(runtime::Runtime world, std::uint64_t up, std::uint64_t down,
                        std::string addr) {
  libp2p::Host host(world, config(world));
  auto to = address(addr);
  auto peer = co_await host.connect(to);
  if (!peer) die(peer.error().message());
  auto took = co_await libp2p::perf(host, *peer, up, down);
  if (!took) die(took.error().message());
  std::printf("perf %llu %.6f %llu %.6f\n", static_cast<unsigned long long>(up),
              static_cast<double>(took->upload.count()) / 1e6,
              static_cast<unsigned long long>(down),
              static_cast<double>(took->download.count()) / 1e6);
  co_return 0;
}

runtime::Task<int> handshakes(runtime::Runtime world, std::uint64_t count, std::string addr) {
  libp2p::Host host(world, config(world));
  const auto to = address(addr);
  double start = 0;
  for (std::uint64_t i = 0; i <= count; ++i) {
    if (i == 1) start = now_s();  // the first one warms up
    auto peer = co_await host.dial(to);
    if (!peer) die(peer.error().message());
    host.disconnect(*peer);
  }
  std::printf("handshakes %llu %.6f\n", static_cast<unsigned long long>(count), now_s() - start);
  co_return 0;
}

void mine_path(crypto::MiningPath path, const char* name, double seconds) {
  if (!crypto::mining_path_available(path)) {
    std::printf("mine %s unavailable\n", name);
    return;
  }
  const Bytes header(80, 0x5a);
  const Bytes target(32, 0);  // met by nothing
  const crypto::NonceSearch search(header, target, path);
  std::uint64_t hashes = 0;
  const double start = now_s();
  while (now_s() - start < seconds) {
    static_cast<void>(search.scan(static_cast<std::uint32_t>(hashes), 1 << 20));
    hashes += 1 << 20;
  }
  std::printf("mine %s %llu %.6f\n", name, static_cast<unsigned long long>(hashes),
              now_s() - start);
}

/// What a first program over Crypto++ does: two whole digests a nonce.
void mine_naive(double seconds) {
  Bytes header(80, 0x5a);
  std::uint8_t digest[32];
  std::uint64_t hashes = 0;
  const double start = now_s();
  while (now_s() - start < seconds) {
    for (int i = 0; i < 1 << 16; ++i, ++hashes) {
      const auto nonce = static_cast<std::uint32_t>(hashes);
      std::memcpy(header.data() + 76, &nonce, 4);
      CryptoPP::SHA256().CalculateDigest(digest, header.data(), header.size());
      CryptoPP::SHA256().CalculateDigest(digest, digest, sizeof digest);
      if (digest[31] == 0 && digest[30] == 0 && digest[29] == 0 && digest[28] == 0 &&
          digest[27] == 0 && digest[26] == 0) {
        std::printf("found\n");  // keeps the digest from being optimised away
      }
    }
  }
  std::printf("mine crypto++ %llu %.6f\n", static_cast<unsigned long long>(hashes),
              now_s() - start);
}

std::uint64_t number(const char* text) { return std::strtoull(text, nullptr, 10); }

void headers(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> raw{std::istreambuf_iterator<char>(file), {}};
  if (raw.size() < 160) die(std::string("no headers in ") + path);
  const ByteView all(reinterpret_cast<const std::uint8_t*>(raw.data()), raw.size());
  const auto params = chain::bitcoin_main();
  const double start = now_s();
  const auto genesis = chain::BlockHeader::decode(all.first(80));
  if (!genesis) die(genesis.error().message());
  chain::HeaderSequence sequence(*genesis);
  std::uint64_t count = 1;
  for (std::size_t at = 80; at + 80 <= all.size(); at += 80, ++count) {
    const auto header = chain::BlockHeader::decode(all.subspan(at, 80));
    if (!header) die(header.error().message());
    const auto id = header->id();
    const auto work = chain::check_work(params, *header, id);
    if (!work.ok()) die("header " + std::to_string(count) + " breaks a rule");
    const auto context = chain::check_context(params, *header, sequence, 4000000000);
    if (!context.ok()) die("header " + std::to_string(count) + " breaks a rule");
    sequence.push(*header);
  }
  std::printf("headers %llu %.6f\n", static_cast<unsigned long long>(count), now_s() - start);
}

/// `threads` threads hash the same chunk, in memory, until `bytes` are done in all.
void hash_alone(const std::string& name, unsigned threads, std::uint64_t bytes) {
  const auto algorithm = crypto::hash_by_name(name);
  if (!algorithm || threads == 0) die("no such hash, or no thread");
  constexpr std::size_t kChunk = 256 * 1024;
  const double began = now_s();
  {
    std::vector<std::jthread> running;
    for (unsigned i = 0; i < threads; ++i) {
      running.emplace_back([algorithm, bytes, threads] {
        const Bytes chunk(kChunk, 0x5a);
        for (std::uint64_t done = 0; done < bytes / threads; done += kChunk) {
          crypto::Hasher hasher(*algorithm);
          hasher.update(chunk);
          static_cast<void>(hasher.finish());
        }
      });
    }
  }
  std::printf("hash %s %llu %.6f\n", name.c_str(), static_cast<unsigned long long>(bytes),
              now_s() - began);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "hash" && argc == 5) {
    hash_alone(argv[2], static_cast<unsigned>(number(argv[3])), number(argv[4]));
    return 0;
  }
  if (mode == "mine" && argc == 3) {
    const double seconds = std::atof(argv[2]);
    mine_path(p2p::crypto::MiningPath::avx512, "avx512", seconds);
    mine_path(p2p::crypto::MiningPath::sha_ni, "sha-ni", seconds);
    mine_path(p2p::crypto::MiningPath::portable, "portable", seconds);
    mine_naive(seconds);
    return 0;
  }
  if (mode == "headers" && argc == 3) {
    headers(argv[2]);
    return 0;
  }
  p2p::runtime::UvRuntime world;
  if (mode == "serve" && argc == 2) return world.run(serve(world.runtime())).status;
  if (mode == "perf" && argc == 5) {
    return world.run(perf(world.runtime(), number(argv[2]), number(argv[3]), argv[4])).status;
  }
  if (mode == "handshakes" && argc == 4) {
    return world.run(handshakes(world.runtime(), number(argv[2]), argv[3])).status;
  }
  die("usage: p2p-bench serve | perf UP DOWN ADDR | handshakes COUNT ADDR | mine SECONDS | headers "
      "FILE | "
      "hash ALG THREADS BYTES");
}
