// LAYERS: p2p_car
// OPTIONS: -max_len=2048
// A CAR gives the same events however it is split, and whether or not blocks are passed over; what
// is verified as whole can be read block by block. Memory is bounded by what is fed.
#include "base/bytes.h"
#include "content/car/store.h"
#include "content/car/verifier.h"
#include "fuzz/require.h"

using namespace p2p;

namespace {

class Notes final : public car::Listener {
 public:
  Result<void> on_header(const car::Header& header) override {
    roots = header.roots;
    return {};
  }
  Result<void> on_section(const car::Section& section) override {
    places.push_back(section.offset);
    places.push_back(section.block_offset);
    places.push_back(section.block_size);
    cids.push_back(section.cid);
    append(blocks, section.block);
    return {};
  }
  Result<void> on_index(ByteView data) override {
    append(index, data);
    return {};
  }

  std::vector<multiformats::Cid> roots;
  std::vector<multiformats::Cid> cids;
  std::vector<std::uint64_t> places;
  Bytes blocks;
  Bytes index;
};

struct Outcome {
  Notes notes;
  std::string error;
};

Outcome read(ByteView file, std::size_t piece, bool skip) {
  Outcome outcome;
  car::Reader reader(outcome.notes, skip);
  Result<void> fed;
  while (fed && reader.offset() < file.size()) {
    const auto rest = file.subspan(static_cast<std::size_t>(reader.offset()));
    fed = reader.feed(rest.first(std::min(piece, rest.size())));
    const auto gap = reader.to_skip();
    const auto left = file.size() - reader.offset();
    if (skip && gap > 1 && gap <= left) reader.skip(gap - 1);
  }
  if (fed) fed = reader.finish();
  if (!fed) outcome.error = fed.error().why;
  return outcome;
}

class Verify final : public car::Listener {
 public:
  Verify(const car::Fingerprinter& fingerprints, car::Scratch& scratch)
      : fingerprints_(fingerprints), verifier(fingerprints, scratch) {}
  Result<void> on_header(const car::Header& header) override { return verifier.on_header(header); }
  Result<void> on_section(const car::Section& section) override {
    car::Batch batch;
    batch.add(section);
    return verifier.add(car::Checked::of(batch, fingerprints_, verifier.has_index()));
  }
  Result<void> on_index(ByteView data) override { return verifier.on_index(data); }

 private:
  const car::Fingerprinter& fingerprints_;

 public:
  car::Verifier verifier;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView file(data, size);
  const auto whole = read(file, std::max<std::size_t>(size, 1), false);
  const auto split = read(file, 1 + size % 7, false);
  require(whole.error == split.error);
  require(whole.notes.places == split.notes.places && whole.notes.blocks == split.notes.blocks &&
          whole.notes.index == split.notes.index && whole.notes.roots == split.notes.roots);
  const auto skipped = read(file, 1 + size % 5, true);
  if (whole.error.empty()) {
    require(skipped.error.empty() && skipped.notes.places == whole.notes.places);
  }

  crypto::SeededRandom random(size);
  const car::Fingerprinter fingerprints(random);
  car::MemoryScratch scratch;
  Verify listener(fingerprints, scratch);
  car::Reader reader(listener);
  if (!reader.feed(file) || !reader.finish()) return 0;
  const auto summary = listener.verifier.finish();
  if (!summary || summary->missing > 0) return 0;
  car::MemoryScratch copy;
  require(copy.append(file).has_value());
  car::Store store(copy, fingerprints, scratch);
  require(store.index().has_value());
  for (const auto& root : whole.notes.roots) require(store.read(root).has_value());
  for (const auto& cid : whole.notes.cids) require(store.read(cid).has_value());
  return 0;
}
