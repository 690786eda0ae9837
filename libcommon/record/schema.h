// Which records there are: every type, its fields, their kinds, and its line of text. This is the
// one source; docs/records.md is checked against it, and so is what the tools print.
//
// To add a type or a field: a few lines in schema_table.h, then `p2p-check-records --docs` prints
// the part of docs/records.md that follows from it. A change that breaks readers (a field removed,
// its kind or meaning changed) raises the type's version.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "record/record.h"

namespace p2p::record {

/// How a field is held in a Record and written. Names end in their unit; no name ends in _b64.
enum class Kind {
  boolean,  ///< bool; JSON and CBOR boolean
  outcome,  ///< bool; the same, but in text "ok" or "fail"
  integer,  ///< whole number within ±(2^53-1); JSON number, CBOR integer
  big,      ///< whole number of 64 bits; JSON decimal string, CBOR integer
  number,   ///< double, finite; JSON number, CBOR float
  text,     ///< std::string, UTF-8
  texts,    ///< list of text; in a line of text joined by spaces
  bytes,    ///< Bytes; CBOR byte string, JSON base64 named <name>_b64
  id,       ///< Bytes; CBOR byte string, JSON and text lower-case hex
};

std::string_view name_of(Kind kind);

/// The largest whole number that every JSON reader keeps exactly: 2^53-1.
inline constexpr std::uint64_t kMaxJsonInteger = (std::uint64_t{1} << 53) - 1;

enum class Presence { required, optional };

struct FieldSchema {
  std::string_view name;
  Kind kind;
  Presence presence;
  /// The field's place in the line of text, from 1; 0 where it has none. Where several fields share
  /// a place, the first that the record has stands there.
  int column;
  std::string_view meaning;
};

struct Schema {
  std::string_view type;
  std::uint64_t version;
  std::string_view meaning;
  std::span<const FieldSchema> fields;

  /// Null where the type has no such field.
  const FieldSchema* field(std::string_view name) const;
};

std::span<const Schema> schemas();
/// Null where the type is unknown.
const Schema* find_schema(std::string_view type);

/// Whether `record` is of a known type and version and has all required fields, no unknown ones,
/// and each of its kind. The error says which is wrong.
Result<void> check(const Record& record);

/// The value of the record's first column, as it is (not escaped): what the next tool consumes.
/// Empty where the record has none.
std::string datum(const Record& record);

/// The part of docs/records.md that lists the types.
std::string schema_markdown();

}  // namespace p2p::record
