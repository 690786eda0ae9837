#include "content/car/store.h"

#include <algorithm>

#include "base/endian.h"
#include "base/varint.h"
#include "content/car/check.h"
#include "content/links.h"

namespace p2p::car {

using multiformats::Cid;
using multiformats::HashCode;

namespace {

/// Fits the second-level cache.
constexpr std::size_t kPieceSize = std::size_t{128} * 1024;
/// Where blocks are passed over, a small piece most often reaches to the next one's end or far into
/// the next gap.
constexpr std::size_t kSmallPiece = 4096;

class Noter final : public Listener {
 public:
  Noter(Header& header, std::uint64_t& bytes, const Fingerprinter& fingerprints, Table& table)
      : header_(header), bytes_(bytes), fingerprints_(fingerprints), table_(table) {}

  Result<void> on_header(const Header& header) override {
    header_ = header;
    return {};
  }
  Result<void> on_section(const Section& section) override {
    bytes_ = section.block_offset + section.block_size;
    return table_.add(fingerprints_.of(section.cid), section.offset);
  }

 private:
  Header& header_;
  std::uint64_t& bytes_;
  const Fingerprinter& fingerprints_;
  Table& table_;
};

}  // namespace

Result<void> read_all(Storage& car, Listener& listener, bool skip_blocks) {
  Reader reader(listener, skip_blocks);
  Bytes buffer(kPieceSize);
  std::size_t piece = kPieceSize;
  for (;;) {
    P2P_TRY(const auto size, car.read_at(reader.offset(), MutableBytes(buffer).first(piece)));
    if (size == 0) break;
    P2P_CHECK(reader.feed(ByteView(buffer).first(size)));
    // The last byte of a gap is read, so that a file that ends in it does not look whole.
    const auto gap = reader.to_skip();
    if (gap > 1) reader.skip(gap - 1);
    piece = gap > kPieceSize ? kSmallPiece : kPieceSize;
  }
  return reader.finish();
}

Result<void> Store::index() {
  Noter noter(header_, bytes_, fingerprints_, table_);
  P2P_CHECK(read_all(car_, noter, true));
  return table_.finish();
}

Result<std::optional<Table::Entry>> Store::find(const Cid& cid) {
  return table_.find(fingerprints_.of(cid));
}

Result<Bytes> Store::read(const Cid& cid) {
  if (cid.hash().code() == HashCode::identity) return cid.hash().digest();
  P2P_TRY(const auto entry, find(cid));
  if (!entry) return fail(Code::not_found, "block " + cid.text() + " is missing");
  auto block = read_section(cid, entry->place);
  if (!block) {
    Error error = std::move(block).error();
    error.why =
        "block " + cid.text() + " at byte " + std::to_string(entry->place) + ": " + error.why;
    return fail(std::move(error));
  }
  return block;
}

Result<Bytes> Store::read_section(const Cid& cid, std::uint64_t offset) {
  std::array<std::uint8_t, kMaxVarintSize + kMaxCidSize> head;
  P2P_TRY(const auto head_size, car_.read_at(offset, head));
  ByteView rest = ByteView(head).first(head_size);
  P2P_TRY(const auto size, read_varint(rest));
  const auto length_size = head_size - rest.size();
  P2P_TRY(const auto found, Cid::read(rest));
  const auto cid_size = head_size - length_size - rest.size();
  if (size > kMaxSectionSize || size < cid_size || found.to_v1() != cid.to_v1()) {
    return fail(Code::corrupt, "the file changed while it was read");
  }
  Bytes block(static_cast<std::size_t>(size) - cid_size);
  P2P_TRY(const auto read, car_.read_at(offset + length_size + cid_size, block));
  if (read != block.size()) return fail(Code::parse, "cut short");
  if (blocks_ == Blocks::checked) P2P_CHECK(check_hash(cid, block));
  return block;
}

Collector::Collector(Scratch& blocks, const Fingerprinter& fingerprints, Scratch& scratch)
    : blocks_(blocks),
      fingerprints_(fingerprints),
      store_(blocks, fingerprints, scratch, Store::Blocks::trusted),
      recent_(kRecent) {}

Result<void> Collector::add(const Cid& cid, ByteView block) {
  const auto fingerprint = fingerprints_.of(cid);
  auto& recent = recent_[load_be<std::uint32_t>(fingerprint.data()) % kRecent];
  if (recent == fingerprint) return {};
  recent = fingerprint;
  P2P_TRY(const auto at, blocks_.append(section_head(cid, block.size())));
  P2P_CHECK(blocks_.append(block));
  P2P_CHECK(store_.add(fingerprint, at));
  return content::loose_links_of(cid, block, [this](const Cid& link) -> Result<void> {
    if (link.hash().code() != HashCode::identity) return {};
    return add(link, link.hash().digest());
  });
}

}  // namespace p2p::car
