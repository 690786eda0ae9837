// LAYERS: p2p_codec
// OPTIONS: -max_len=256
// Fields lie inside the message; what was read and written again reads the same.
#include <cstdlib>
#include <vector>

#include "codec/protobuf.h"

using namespace p2p;
using codec::ProtoField;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// The fields up to the first error, and whether there was none.
bool read(ByteView message, std::vector<ProtoField>& fields) {
  codec::ProtoReader reader(message);
  for (;;) {
    const auto field = reader.next();
    if (!field) return false;
    if (!*field) return true;
    fields.push_back(**field);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<ProtoField> fields;
  read(ByteView(data, size), fields);
  codec::ProtoWriter writer;
  std::vector<ProtoField> writable;
  for (const auto& field : fields) {
    switch (field.type) {
      case ProtoField::Type::varint:
        writer.varint(field.number, field.value);
        break;
      case ProtoField::Type::fixed64:
        writer.fixed64(field.number, field.value);
        break;
      case ProtoField::Type::bytes:
        require(field.bytes.data() >= data &&
                field.bytes.data() + field.bytes.size() <= data + size);
        writer.bytes(field.number, field.bytes);
        break;
      case ProtoField::Type::fixed32:
        continue;
    }
    writable.push_back(field);
  }
  std::vector<ProtoField> again;
  require(read(writer.message(), again) && again.size() == writable.size());
  for (std::size_t i = 0; i < again.size(); ++i) {
    require(again[i].number == writable[i].number && again[i].type == writable[i].type);
    if (again[i].type == ProtoField::Type::bytes) {
      require(equal(again[i].bytes, writable[i].bytes));
    } else {
      require(again[i].value == writable[i].value);
    }
  }
  return 0;
}
