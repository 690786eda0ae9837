// CARs of what an importer makes (files/import.h): blocks come leaves first, and go out depth-first
// from the roots, each once, as `ipfs dag export` writes them. Readers that check a DAG as it
// comes, with little memory, need that order; it costs a copy of all blocks in a temporary file.
#pragma once

#include <functional>
#include <span>

#include "content/block.h"
#include "content/car/store.h"
#include "crypto/random.h"
#include "files/output.h"
#include "files/scratch.h"

namespace p2p::files {

class CarBuilder {
 public:
  /// Temporary files are made in `folder`: beside the result there is room, if there is any.
  CarBuilder(crypto::Random& random, const std::string& folder);

  /// Takes blocks in any order. It must not outlive the builder.
  content::BlockSink sink();
  /// To be called once, when all have come.
  Result<void> finish() { return collector_.finish(); }
  car::Store& store() { return collector_.store(); }

  using Put = std::function<Result<void>(ByteView)>;
  enum class Reach {
    dag,   ///< all that can be reached from the roots
    roots  ///< the roots' own blocks, whatever they link to
  };
  /// Version 1, in one go. Code::not_found where a block did not come.
  Result<void> write_v1(std::span<const multiformats::Cid> roots, Reach reach, const Put& put);
  /// Version 2 with an index, which needs a regular file: its header says where the index is.
  Result<void> write_v2(std::span<const multiformats::Cid> roots, Reach reach, OutputFile& file);

 private:
  TemporaryFile blocks_;
  TemporaryFile scratch_;
  car::Fingerprinter fingerprints_;
  car::Collector collector_;
};

}  // namespace p2p::files
