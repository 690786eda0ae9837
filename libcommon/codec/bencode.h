// Bencoding (BEP 3): integers, byte strings, lists, and dictionaries sorted by their keys' bytes.
//
// Every value has one canonical form, but foreign files are not always in it, and what a file means
// (a torrent's infohash) lies in its exact bytes. So the reader takes what libtorrent takes, keeps
// where every value stands, and says what is not canonical; who must have one form asks flaw().
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace p2p::codec {

/// Lists and dictionaries around a value: libtorrent's bound, and deep enough for a file tree.
inline constexpr std::size_t kMaxBencodeDepth = 100;
/// Values and ends of lists and dictionaries in a document: libtorrent's bound, which takes 36 MB.
inline constexpr std::size_t kMaxBencodeTokens = 3'000'000;
/// Bytes of a document: libtorrent's bound for torrent files.
inline constexpr std::size_t kMaxBencodeSize = 80'000'000;

namespace detail {
struct BencodeToken {
  std::uint32_t offset;     ///< where the value starts; of an end, where its 'e' stands
  std::uint32_t next : 29;  ///< tokens to the one after this value
  std::uint32_t kind : 3;
};
static_assert(sizeof(BencodeToken) == 8);
}  // namespace detail

struct BencodeEntry;

/// One value of a document: a view that lives as long as the document and its bytes.
class BencodeNode {
 public:
  enum class Kind : std::uint8_t { integer, string, list, dict };

  Kind kind() const { return static_cast<Kind>(token_->kind); }
  bool is_list() const { return kind() == Kind::list; }
  bool is_dict() const { return kind() == Kind::dict; }
  /// Where it starts in the document.
  std::size_t offset() const { return token_->offset; }
  /// Its exact bytes, heads and ends included.
  ByteView raw() const;

  /// The value, if it is of this kind.
  std::optional<std::int64_t> integer() const;
  std::optional<ByteView> string() const;

  /// Goes through a list's values; anything else has none.
  class Items {
   public:
    class Iterator {
     public:
      Iterator(const std::uint8_t* bytes, const detail::BencodeToken* at)
          : bytes_(bytes), at_(at) {}
      BencodeNode operator*() const { return {bytes_, at_}; }
      Iterator& operator++() {
        at_ += at_->next;
        return *this;
      }
      bool operator==(const Iterator& other) const { return at_ == other.at_; }

     private:
      const std::uint8_t* bytes_;
      const detail::BencodeToken* at_;
    };
    Iterator begin() const { return {bytes_, first_}; }
    Iterator end() const { return {bytes_, end_}; }

   private:
    friend class BencodeNode;
    Items(const std::uint8_t* bytes, const detail::BencodeToken* first,
          const detail::BencodeToken* end)
        : bytes_(bytes), first_(first), end_(end) {}
    const std::uint8_t* bytes_;
    const detail::BencodeToken* first_;
    const detail::BencodeToken* end_;
  };
  Items items() const;

  /// Goes through a dictionary's entries in the document's order; anything else has none.
  class Entries {
   public:
    class Iterator {
     public:
      explicit Iterator(Items::Iterator at) : at_(at) {}
      BencodeEntry operator*() const;
      Iterator& operator++() {
        ++ ++at_;
        return *this;
      }
      bool operator==(const Iterator& other) const { return at_ == other.at_; }

     private:
      Items::Iterator at_;
    };
    Iterator begin() const { return Iterator(all_.begin()); }
    Iterator end() const { return Iterator(all_.end()); }

   private:
    friend class BencodeNode;
    explicit Entries(Items all) : all_(all) {}
    Items all_;
  };
  Entries entries() const;

  /// The first value under `key`, if this is a dictionary that has it. Linear.
  std::optional<BencodeNode> find(std::string_view key) const;

 private:
  friend class BencodeDocument;
  BencodeNode(const std::uint8_t* bytes, const detail::BencodeToken* token)
      : bytes_(bytes), token_(token) {}
  Items inside() const;

  const std::uint8_t* bytes_;
  const detail::BencodeToken* token_;
};

struct BencodeEntry {
  ByteView key;
  BencodeNode value;
};

/// A decoded document: where each value stands in bytes that it borrows.
class BencodeDocument {
 public:
  BencodeNode root() const { return {bytes_.data(), tokens_.data()}; }

  /// The first thing that is not canonical, "unsorted key at byte 17", or nothing. These are flaws,
  /// not errors: keys that are not sorted or stand twice, needless zeros in an integer or a length,
  /// minus zero, and bytes after the value.
  const std::optional<std::string>& flaw() const { return flaw_; }

 private:
  friend class BencodeDecoder;
  ByteView bytes_;
  std::vector<detail::BencodeToken> tokens_;
  std::optional<std::string> flaw_;
};

/// Decodes the value at the front of `in`. Code::parse, with the byte where it stands, for what is
/// not bencoding, is cut short, or is an integer beyond 64 bits; Code::limit for the bounds above.
Result<BencodeDocument> decode_bencode(ByteView in);

/// Appends values to `out`. Whoever writes a dictionary gives its keys in order, each once, and
/// ends what it began.
class BencodeWriter {
 public:
  explicit BencodeWriter(Bytes& out) : out_(out) {}

  BencodeWriter& integer(std::int64_t value);
  BencodeWriter& string(ByteView value);
  BencodeWriter& string(std::string_view value) { return string(as_bytes(value)); }
  /// The beginning of a string of which the caller puts the `size` bytes.
  BencodeWriter& string_of(std::size_t size);
  BencodeWriter& list() { return mark('l'); }
  BencodeWriter& dict() { return mark('d'); }
  BencodeWriter& end() { return mark('e'); }
  /// A key is a string; the name is for those who read the code.
  BencodeWriter& key(std::string_view name) { return string(name); }

  /// How many values and ends there are so far, which kMaxBencodeTokens bounds for readers.
  std::size_t tokens() const { return tokens_; }

 private:
  BencodeWriter& mark(char c);

  Bytes& out_;
  std::size_t tokens_ = 0;
};

}  // namespace p2p::codec
