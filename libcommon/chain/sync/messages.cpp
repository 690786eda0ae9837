#include "chain/sync/messages.h"

#include "chain/ledger/fields.h"

namespace p2p::chain {

namespace {

enum Kind : std::uint64_t { kStatus = 0, kHeaders = 1, kBlocks = 2, kTransactions = 3 };

void write_ids(codec::CborWriter& writer, std::span<const BlockId> ids) {
  writer.array(ids.size());
  for (const BlockId& id : ids) writer.bytes(id.bytes);
}

Result<std::vector<BlockId>> read_ids(FieldReader& reader, std::size_t most) {
  P2P_TRY(const std::uint64_t count, reader.array(most));
  std::vector<BlockId> ids(static_cast<std::size_t>(count));
  for (BlockId& id : ids) P2P_CHECK(reader.bytes_into(id.bytes));
  return ids;
}

Result<void> expect_items(std::uint64_t items, std::uint64_t expected) {
  if (items == expected) return {};
  return fail(Code::parse, "a message of " + std::to_string(items) + " items where " +
                               std::to_string(expected) + " are due");
}

Result<Status> read_status(FieldReader& reader) {
  Status out;
  P2P_CHECK(reader.bytes_into(out.genesis.bytes));
  P2P_CHECK(reader.bytes_into(out.tip.bytes));
  P2P_TRY(const std::uint64_t height, reader.integer());
  if (height > UINT32_MAX) return fail(Code::parse, "a height of more than 32 bits");
  out.height = static_cast<std::uint32_t>(height);
  std::array<std::uint8_t, 32> work{};
  P2P_CHECK(reader.bytes_into(work));
  out.work = U256::from_be(work);
  return out;
}

struct Encoder {
  codec::CborWriter& writer;

  void operator()(const Status& status) {
    writer.array(5).integer(std::uint64_t{kStatus});
    writer.bytes(status.genesis.bytes).bytes(status.tip.bytes).integer(status.height);
    writer.bytes(status.work.to_be());
  }
  void operator()(const GetHeaders& ask) {
    writer.array(3).integer(std::uint64_t{kHeaders});
    write_ids(writer, ask.locator);
    writer.bytes(ask.stop.bytes);
  }
  void operator()(const GetBlocks& ask) {
    writer.array(2).integer(std::uint64_t{kBlocks});
    write_ids(writer, ask.ids);
  }
  void operator()(const GetTransactions&) { writer.array(1).integer(std::uint64_t{kTransactions}); }
};

Result<Request> read_request(FieldReader& reader) {
  P2P_TRY(const std::uint64_t items, reader.array(5));
  P2P_TRY(const std::uint64_t kind, reader.integer());
  switch (kind) {
    case kStatus: {
      P2P_CHECK(expect_items(items, 5));
      P2P_TRY(const Status status, read_status(reader));
      return status;
    }
    case kHeaders: {
      P2P_CHECK(expect_items(items, 3));
      GetHeaders ask;
      P2P_TRY(ask.locator, read_ids(reader, kMaxLocator));
      P2P_CHECK(reader.bytes_into(ask.stop.bytes));
      return ask;
    }
    case kBlocks: {
      P2P_CHECK(expect_items(items, 2));
      GetBlocks ask;
      P2P_TRY(ask.ids, read_ids(reader, kMaxBlocks));
      return ask;
    }
    case kTransactions:
      P2P_CHECK(expect_items(items, 1));
      return GetTransactions();
    default:
      return fail(Code::parse, "a request of unknown kind " + std::to_string(kind));
  }
}

}  // namespace

Bytes encode(const Request& request) {
  Bytes out;
  codec::CborWriter writer(out);
  std::visit(Encoder{writer}, request);
  return out;
}

Result<Request> decode_request(ByteView raw) {
  FieldReader reader(raw);
  P2P_TRY(Request request, read_request(reader));
  P2P_CHECK(reader.end());
  return request;
}

Result<Status> decode_status(ByteView raw) {
  P2P_TRY(const Request request, decode_request(raw));
  const auto* status = std::get_if<Status>(&request);
  if (status == nullptr) return fail(Code::parse, "not a status");
  return *status;
}

Bytes encode_headers(std::span<const BlockHeader> headers) {
  Bytes joined;
  joined.reserve(headers.size() * kHeaderSize);
  for (const BlockHeader& header : headers) append(joined, ByteView(header.encode()));
  Bytes out;
  codec::CborWriter(out).array(2).integer(std::uint64_t{kHeaders}).bytes(joined);
  return out;
}

Result<std::vector<BlockHeader>> decode_headers(ByteView raw) {
  FieldReader reader(raw);
  P2P_TRY(const std::uint64_t items, reader.array(2));
  P2P_CHECK(expect_items(items, 2));
  P2P_TRY(const std::uint64_t kind, reader.integer());
  if (kind != kHeaders) return fail(Code::parse, "not headers");
  P2P_TRY(const ByteView joined, reader.bytes(kMaxHeaders * kHeaderSize));
  P2P_CHECK(reader.end());
  if (joined.size() % kHeaderSize != 0) return fail(Code::parse, "a header is cut short");
  std::vector<BlockHeader> out;
  out.reserve(joined.size() / kHeaderSize);
  for (std::size_t at = 0; at < joined.size(); at += kHeaderSize) {
    P2P_TRY(out.emplace_back(), BlockHeader::decode(joined.subspan(at, kHeaderSize)));
  }
  return out;
}

}  // namespace p2p::chain
