// A CAR named on the command line, whose blocks can be had by their CIDs.
#pragma once

#include <memory>
#include <string>

#include "content/car/store.h"
#include "crypto/random.h"
#include "files/scratch.h"

namespace p2p::hash {

class CarSource {
 public:
  /// Notes where the blocks of `name` are; "-" and whatever else is no regular file is copied to a
  /// temporary one first. Errors say what was done, and on what.
  static Result<std::unique_ptr<CarSource>> open(const std::string& name);

  car::Store& store() { return *store_; }

 private:
  explicit CarSource(files::File file);

  std::unique_ptr<crypto::Random> random_;
  files::File file_;
  files::FileStorage regular_;
  files::TemporaryFile copy_;
  files::TemporaryFile scratch_;
  car::Fingerprinter fingerprints_;
  std::unique_ptr<car::Store> store_;
};

}  // namespace p2p::hash
