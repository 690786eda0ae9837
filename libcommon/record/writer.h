// Records as bytes, in three formats.
//
// Text is for people, grep and cut: one record a line, the columns of its schema separated by tabs,
// "-" for a column the record has no value for (such columns at the end are left out). Control
// characters, and bytes that are not UTF-8, are written as \t, \n, \r or \xHH so that a record is
// one line and cannot drive a terminal; a backslash stays as it is, so text cannot always be turned
// back. JSON Lines and CBOR Sequences (RFC 8742) carry the whole record and can.
#pragma once

#include <string>

#include "record/record.h"

namespace p2p::record {

enum class Format { text, json, cbor };

/// Appends the record, its line's end included, to `out`. Fields that the schema does not know are
/// written by the type of their value, in JSON and CBOR only; text that is not UTF-8 is repaired.
void write(const Record& record, Format format, Bytes& out);

std::string text_line(const Record& record);  ///< with its newline
std::string json_line(const Record& record);  ///< with its newline
Bytes cbor_item(const Record& record);

/// One value of a line of text, escaped as said above.
std::string escape_text(std::string_view raw);

}  // namespace p2p::record
