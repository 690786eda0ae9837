#include "files/read_ahead.h"

#include <system_error>
#include <utility>

namespace p2p::files {

ReadAhead::ReadAhead(const File& file) : file_(file) {
  try {
    thread_ = std::jthread([this] { read_all(); });
  } catch (const std::system_error&) {
  }
}

ReadAhead::~ReadAhead() {
  stopping_ = true;
  free_.release();
}

void ReadAhead::read(Piece& piece) {
  piece.room.resize(kPieceSize);
  piece.got = file_.read_at(offset_, piece.room);
  offset_ += piece.got.value_or(0);
}

void ReadAhead::read_all() {
  for (std::size_t i = 0;; i = (i + 1) % kPieces) {
    free_.acquire();
    if (stopping_) return;
    read(pieces_[i]);
    const bool end = pieces_[i].got.value_or(0) == 0;
    full_.release();
    if (end) return;
  }
}

Result<ByteView> ReadAhead::next() {
  auto& piece = pieces_[taken_ % kPieces];
  if (thread_.joinable()) {
    if (taken_ > 0 && taken_ % kGivenBack == 0) free_.release(kGivenBack);
    full_.acquire();
    ++taken_;
  } else {
    read(piece);
  }
  auto& [room, got] = piece;
  if (!got) return fail(std::move(got).error());
  return ByteView(room).first(*got);
}

}  // namespace p2p::files
