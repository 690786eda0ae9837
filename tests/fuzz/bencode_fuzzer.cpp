// LAYERS: p2p_codec
// OPTIONS: -max_len=512
// A document without a flaw is written back to the same bytes; one with flaws to a form that reads
// as the same values; a document that is cut short is refused.
#include "fuzz/require.h"

#include "codec/bencode.h"

using namespace p2p;

namespace {

using Kind = codec::BencodeNode::Kind;

void write(codec::BencodeWriter& out, const codec::BencodeNode& node) {
  switch (node.kind()) {
    case Kind::integer:
      out.integer(*node.integer());
      break;
    case Kind::string:
      out.string(*node.string());
      break;
    case Kind::list:
      out.list();
      for (const auto item : node.items()) write(out, item);
      out.end();
      break;
    case Kind::dict:
      out.dict();
      for (const auto [key, value] : node.entries()) {
        require(node.find(as_text(key)).has_value());
        out.string(key);
        write(out, value);
      }
      out.end();
      break;
  }
}

Bytes written(const codec::BencodeNode& node) {
  Bytes out;
  codec::BencodeWriter writer(out);
  write(writer, node);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  const auto document = codec::decode_bencode(input);
  if (!document) return 0;
  const auto root = document->root();
  require(root.offset() == 0 && root.raw().size() <= size);
  const Bytes again = written(root);
  if (!document->flaw()) require(equal(again, input));
  const auto reread = codec::decode_bencode(again);
  require(reread.has_value() && equal(written(reread->root()), again));
  for (std::size_t cut = 0; cut < root.raw().size(); ++cut) {
    require(!codec::decode_bencode(input.first(cut)));
  }
  return 0;
}
