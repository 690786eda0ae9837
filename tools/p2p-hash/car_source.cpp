#include "car_source.h"

namespace p2p::hash {

namespace {

/// Looks only whether what comes is a CAR.
class Onlooker final : public car::Listener {
 public:
  Result<void> on_header(const car::Header&) override { return {}; }
  Result<void> on_section(const car::Section&) override { return {}; }
};

}  // namespace

CarSource::CarSource(files::File file)
    : random_(crypto::system_random()),
      file_(std::move(file)),
      regular_(file_),
      fingerprints_(*random_) {}

Result<std::unique_ptr<CarSource>> CarSource::open(const std::string& name) {
  const auto opened = [&]() -> Result<std::unique_ptr<CarSource>> {
    P2P_TRY(auto file, files::File::open_operand(name));
    std::unique_ptr<CarSource> source(new CarSource(std::move(file)));
    car::Storage* storage = &source->regular_;
    // Standard input may be a regular file that somebody has read a part of.
    if (name == "-" || !source->file_.regular()) {
      // What is no CAR need not end, and is not kept until the disk is full.
      Onlooker onlooker;
      car::Reader reader(onlooker, true);
      P2P_CHECK(source->file_.read_all([&](ByteView piece) -> Result<void> {
        P2P_CHECK(reader.feed(piece));
        P2P_CHECK(source->copy_.append(piece));
        return {};
      }));
      storage = &source->copy_;
    }
    source->store_ =
        std::make_unique<car::Store>(*storage, source->fingerprints_, source->scratch_);
    P2P_CHECK(source->store_->index());
    return source;
  };
  auto source = opened();
  if (!source) return fail(std::move(source).error().during("read", name));
  return source;
}

}  // namespace p2p::hash
