// Items as bytes: the kind, then each field that is there as a letter, a size and its bytes.
#include "base/endian.h"
#include "base/varint.h"
#include "diff_tree.h"

namespace p2p::hash {

namespace {

void append_field(Bytes& out, char letter, ByteView bytes) {
  out.push_back(static_cast<std::uint8_t>(letter));
  append_varint(out, bytes.size());
  append(out, bytes);
}

void append_text(Bytes& out, char letter, const std::string& text) {
  if (!text.empty()) append_field(out, letter, as_bytes(text));
}

std::unexpected<Error> broken() {
  return fail(Code::corrupt, "a temporary file has other content than it was given");
}

/// The error that `item` has, at latest from now on.
Error& error_of(Item& item) {
  if (!item.error) item.error.emplace(Code::internal, std::string());
  return *item.error;
}

Result<void> read_field(Item& item, char letter, ByteView bytes) {
  switch (letter) {
    case 't':
      item.target = as_text(bytes);
      return {};
    case 'p':
      item.path = as_text(bytes);
      return {};
    case 'd': {
      if (bytes.empty()) return broken();
      const auto digest = bytes.subspan(1);
      const auto alg =
          crypto::HashAlg::of(static_cast<crypto::HashFunction>(bytes.front()), digest.size());
      if (!alg) return broken();
      item.digests.push_back({*alg, to_bytes(digest)});
      return {};
    }
    case 'c': {
      P2P_TRY(item.cid, multiformats::Cid::decode(bytes));
      return {};
    }
    case 's':
      if (bytes.size() != 8) return broken();
      item.size = load_le<std::uint64_t>(bytes.data());
      return {};
    case 'E':
      if (bytes.size() != 1) return broken();
      error_of(item).code = static_cast<Code>(bytes.front());
      return {};
    case 'D':
      error_of(item).doing = as_text(bytes);
      return {};
    case 'S':
      error_of(item).subject = as_text(bytes);
      return {};
    case 'W':
      error_of(item).why = as_text(bytes);
      return {};
    case 'H':
      error_of(item).hint = as_text(bytes);
      return {};
    default:
      return broken();
  }
}

}  // namespace

void append_item(Bytes& out, const Item& item) {
  out.push_back(static_cast<std::uint8_t>(item.kind));
  append_text(out, 't', item.target);
  append_text(out, 'p', item.path);
  for (const auto& digest : item.digests) {
    out.push_back('d');
    append_varint(out, digest.bytes.size() + 1);
    out.push_back(static_cast<std::uint8_t>(digest.alg.function()));
    append(out, digest.bytes);
  }
  if (item.cid && !item.cid->empty()) append_field(out, 'c', item.cid->bytes());
  if (item.size) {
    out.push_back('s');
    append_varint(out, 8);
    append_le(out, *item.size);
  }
  if (!item.error) return;
  const auto code = static_cast<std::uint8_t>(item.error->code);
  append_field(out, 'E', {&code, 1});
  append_text(out, 'D', item.error->doing);
  append_text(out, 'S', item.error->subject);
  append_text(out, 'W', item.error->why);
  append_text(out, 'H', item.error->hint);
}

Result<Item> read_item(ByteView bytes) {
  if (bytes.empty()) return broken();
  Item item;
  item.kind = static_cast<Item::Kind>(bytes.front());
  bytes = bytes.subspan(1);
  while (!bytes.empty()) {
    const char letter = static_cast<char>(bytes.front());
    bytes = bytes.subspan(1);
    P2P_TRY(const auto size, read_varint(bytes));
    if (size > bytes.size()) return broken();
    P2P_CHECK(read_field(item, letter, bytes.first(static_cast<std::size_t>(size))));
    bytes = bytes.subspan(static_cast<std::size_t>(size));
  }
  return item;
}

}  // namespace p2p::hash
