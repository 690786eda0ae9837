// The sorter whose scratch is a temporary file.
#pragma once

#include "content/sorter.h"
#include "files/scratch.h"

namespace p2p::files {

/// Without a buffer: a sorter comes when its own memory is full, and with large pieces.
inline std::unique_ptr<content::Scratch> make_temporary_file() {
  return std::make_unique<TemporaryFile>(temporary_folder(), 0);
}

class Sorter : public content::Sorter {
 public:
  explicit Sorter(std::size_t memory = kMemory) : content::Sorter(memory, make_temporary_file) {}
};

}  // namespace p2p::files
