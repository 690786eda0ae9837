// A record of every type and kind of field, for the tests of this folder.
#pragma once

#include "record/schema.h"

namespace p2p::record {

inline Value sample_value(Kind kind) {
  switch (kind) {
    case Kind::boolean:
      return Value(true);
    case Kind::outcome:
      return Value(false);
    case Kind::integer:
      return Value(kMaxJsonInteger);
    case Kind::big:
      return Value(~std::uint64_t{0});
    case Kind::number:
      return Value(0.125);
    case Kind::text:
      return Value(std::string("t\xc3\xa9xt \"\\ with\ttab"));
    case Kind::texts:
      return Value(std::vector<std::string>{"one", "", "two words"});
    case Kind::bytes:
      return Value(Bytes{0x00, 0xff, '\n', 'x'});
    case Kind::id:
      return Value(Bytes{0xde, 0xad, 0xbe, 0xef});
  }
  return Value(false);
}

/// Every field of the type, set to a value that is awkward to write.
inline Record sample(const Schema& schema) {
  Record record(std::string(schema.type), schema.version);
  for (const auto& field : schema.fields) {
    record.set(std::string(field.name), sample_value(field.kind));
  }
  return record;
}

}  // namespace p2p::record
