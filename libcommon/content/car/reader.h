// Reads a CAR of either version as its bytes arrive: a state machine that holds one section at
// most.
#pragma once

#include <optional>

#include "content/car/format.h"

namespace p2p::car {

struct Header {
  int version = 1;
  std::vector<multiformats::Cid> roots;
  std::optional<V2Header> v2;
  std::uint64_t data_offset = 0;  ///< where the version 1 part starts: index offsets count from it
};

struct Section {
  std::uint64_t offset = 0;        ///< of its first byte, in the file
  std::uint64_t block_offset = 0;  ///< of its block's first byte
  std::uint64_t block_size = 0;
  multiformats::Cid cid;
  ByteView block;  ///< borrowed for the call; not compared with the CID. Empty to those who skip
};

/// Is told what the reader finds. An error ends the reading, and comes out of feed.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual Result<void> on_header(const Header& header) = 0;
  virtual Result<void> on_section(const Section& section) = 0;
  /// The next bytes of a version 2 index, which begin with its codec.
  virtual Result<void> on_index(ByteView) { return {}; }
};

class Reader {
 public:
  /// With `skip_blocks` sections are announced as soon as their CIDs are read, and to_skip says
  /// what need not be fed.
  explicit Reader(Listener& listener, bool skip_blocks = false)
      : listener_(listener), skip_blocks_(skip_blocks) {}

  /// The file's next bytes, in pieces of any size. Code::parse where they are no CAR and
  /// Code::limit where a bound of format.h is passed, with the byte offset where it happens.
  /// After an error the reader is of no more use.
  Result<void> feed(ByteView data);
  /// The file has ended. Code::parse where that is within something.
  Result<void> finish();

  /// How many of the bytes to come do not matter; skip() passes over as many, or fewer.
  std::uint64_t to_skip() const { return stage_ == Stage::gap ? gap_ : 0; }
  void skip(std::uint64_t bytes);

  std::uint64_t offset() const { return at_; }

 private:
  enum class Stage {
    header_length,
    header,
    v2_header,
    gap,  ///< bytes that do not matter; then next_
    section_length,
    section,  ///< or the part of it that holds the CID
    padding,  ///< zeros behind a version 2 without an index
    index,
  };

  void enter(Stage stage, std::uint64_t size = 0);
  void enter_gap(std::uint64_t size, Stage next);
  Result<void> advance(ByteView& data);
  Result<std::optional<std::uint64_t>> take_varint(ByteView& data);
  std::optional<ByteView> take_unit(ByteView& data);
  Result<void> on_header_length(std::uint64_t size);
  Result<void> on_header(ByteView cbor);
  Result<void> on_v2_header(ByteView bytes);
  Result<void> on_section_length(std::uint64_t size);
  Result<void> on_section(ByteView bytes);
  void after_section();
  std::unexpected<Error> broken(std::string what, std::uint64_t at) const;

  Listener& listener_;
  bool skip_blocks_;
  Stage stage_ = Stage::header_length;
  Stage next_ = Stage::header_length;  ///< after a gap
  std::uint64_t gap_ = 0;
  std::size_t size_ = 0;          ///< of the unit being read
  Bytes pending_;                 ///< what came of it
  std::uint64_t at_ = 0;          ///< bytes taken so far
  std::uint64_t unit_start_ = 0;  ///< where the header or section began, its length included
  std::uint64_t section_size_ = 0;
  Header header_;
  std::optional<std::uint64_t> data_end_;  ///< of version 2
};

}  // namespace p2p::car
