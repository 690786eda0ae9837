// A file system for SQLite, in memory, that loses power. Writes that were not synced when it does
// may be lost in part, sector by sector and in any order; files that were made or deleted without a
// sync may come or go.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "crypto/random.h"

namespace p2p::testing {

class FaultVfs {
 public:
  /// Registers itself with SQLite under `name`.
  explicit FaultVfs(const std::string& name);
  ~FaultVfs();
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;

  const std::string& name() const { return name_; }

  /// Changes (writes, syncs, truncations, deletions) so far.
  std::uint64_t changes() const;
  /// The power goes out at that change: it and everything after it fail.
  void power_off_at(std::uint64_t change);
  bool powered() const;
  /// What a machine finds that starts again. Every database must be closed.
  void restart(crypto::Random& random);
  /// How many writes the last restart lost or tore: a test that never loses one tests nothing.
  std::uint64_t lost() const;

  struct Disk;

 private:
  std::string name_;
  std::unique_ptr<Disk> disk_;
};

}  // namespace p2p::testing
