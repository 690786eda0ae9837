#include "files/car_check.h"

#include <memory>

#include "content/car/depth_first.h"
#include "files/pipeline.h"
#include "files/scratch.h"

namespace p2p::files {

using car::Batch;
using car::Checked;

namespace {

/// Batches of a mebibyte or more, so few in flight: their bytes, and what was found in them, are
/// most of the memory this takes.
constexpr std::size_t kBatchesPerThread = 2;

/// Cuts what a reader finds into batches, checks those on all cores, and adds them up in order.
class Checker final : public car::Listener {
 public:
  Checker(unsigned threads, const car::Fingerprinter& fingerprints, car::Scratch& scratch)
      : fingerprints_(fingerprints),
        verifier_(fingerprints, scratch),
        pipeline_(threads, kBatchesPerThread * threads) {}

  Result<void> on_header(const car::Header& header) override {
    header_ = header;
    return verifier_.on_header(header);
  }

  Result<void> on_section(const car::Section& section) override {
    batch_->add(section);
    if (batch_->full()) submit();
    return outcome_;
  }

  Result<void> on_index(ByteView data) override {
    settle();
    P2P_CHECK(outcome_);
    return verifier_.on_index(data);
  }

  /// Everything up to here has been looked at.
  Result<void> settle() {
    if (!batch_->empty()) submit();
    pipeline_.drain();
    return outcome_;
  }

  Result<car::Summary> finish() { return verifier_.finish(); }
  const car::Header& header() const { return header_; }

 private:
  void submit() {
    auto checked = std::make_shared<Checked>();
    pipeline_.submit(
        [this, checked, batch = std::exchange(batch_, std::make_shared<Batch>())]() mutable {
          *checked = Checked::of(*batch, fingerprints_, verifier_.has_index());
          batch.reset();
        },
        [this, checked] {
          if (outcome_) outcome_ = verifier_.add(*checked);
        });
  }

  const car::Fingerprinter& fingerprints_;
  car::Verifier verifier_;
  car::Header header_;
  std::shared_ptr<Batch> batch_ = std::make_shared<Batch>();
  Result<void> outcome_;
  Pipeline pipeline_;  // last: its jobs use what stands above
};

/// Whether what is missing can be reached from the roots: blocks that nobody asks for may link to
/// what they will.
Result<void> check_reachable(const File& file, const car::Header& header,
                             const car::Fingerprinter& fingerprints, car::Scratch& scratch) {
  FileStorage storage(file);
  car::Store store(storage, fingerprints, scratch);
  P2P_CHECK(store.index());
  car::DepthFirst walk(store, car::DepthFirst::Leaves::passed_over);
  for (const auto& root : header.roots) {
    P2P_CHECK(walk.run(root, [](const multiformats::Cid&, ByteView) { return Result<void>(); }));
  }
  return {};
}

}  // namespace

Result<CarSummary> check_car(File& file, unsigned threads, crypto::Random& random,
                             const Advance& advance) {
  const car::Fingerprinter fingerprints(random);
  TemporaryFile scratch;
  car::Summary found;
  car::Header header;
  {
    Checker checker(threads, fingerprints, scratch);
    car::Reader reader(checker);
    auto read = file.read_all([&](ByteView piece) {
      if (advance) advance(piece.size());
      return reader.feed(piece);
    });
    if (read) read = reader.finish();
    // What stands before a fault comes first, if it is one too.
    P2P_CHECK(checker.settle());
    P2P_CHECK(read);
    P2P_CHECK(file.unchanged());
    P2P_TRY(found, checker.finish());
    header = checker.header();
  }
  if (found.missing > 0 && file.regular() && file.fd() != 0) {
    P2P_CHECK(check_reachable(file, header, fingerprints, scratch));
  } else if (found.missing > 0) {
    const auto where = found.missing_from == 0
                           ? std::string("a root is")
                           : "the section at byte " + std::to_string(found.missing_from) +
                                 " links to a block that is";
    return fail(Code::not_found, where + " missing");
  }
  return CarSummary{header.version, std::move(header.roots), found.blocks, found.bytes,
                    std::move(found.opaque)};
}

}  // namespace p2p::files
