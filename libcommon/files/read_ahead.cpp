#include "files/read_ahead.h"

#include <utility>

namespace p2p::files {

ReadAhead::ReadAhead(const File& file) : thread_([this, &file] { read(file); }) {}

ReadAhead::~ReadAhead() {
  stopping_ = true;
  free_.release();
}

void ReadAhead::read(const File& file) {
  std::uint64_t offset = 0;
  for (std::size_t i = 0;; i = (i + 1) % kPieces) {
    free_.acquire();
    if (stopping_) return;
    auto& [room, got] = pieces_[i];
    room.resize(kPieceSize);
    got = file.read_at(offset, room);
    const std::size_t size = got.value_or(0);
    full_.release();
    if (size == 0) return;
    offset += size;
  }
}

Result<ByteView> ReadAhead::next() {
  if (taken_ > 0 && taken_ % kGivenBack == 0) free_.release(kGivenBack);
  full_.acquire();
  auto& [room, got] = pieces_[taken_++ % kPieces];
  if (!got) return fail(std::move(got).error());
  return ByteView(room).first(*got);
}

}  // namespace p2p::files
