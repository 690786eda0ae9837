// Where CARs stand, and room for what does not fit into memory: content/storage.h.
#pragma once

#include "content/storage.h"

namespace p2p::car {

using content::MemoryScratch;
using content::Scratch;
using content::Storage;

}  // namespace p2p::car
