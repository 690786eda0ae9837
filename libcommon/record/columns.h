// The line of text: which field stands in which column. Inside record/ only.
#pragma once

#include <string>

#include "record/schema.h"

namespace p2p::record {

struct Cell {
  const FieldSchema* field = nullptr;  ///< null where the type has no such column
  const Value* value = nullptr;        ///< null where the record has no field for it
};

/// What stands in column `column` (from 1): the first of its fields that the record has.
Cell cell_at(const Schema& schema, const Record& record, int column);

/// A value as a line of text shows it, before escaping.
std::string plain_text(const Value& value, Kind kind);

/// The kind by which a field without a schema is written.
Kind natural_kind(const Value& value);

}  // namespace p2p::record
