// The multiaddr protocol table: each protocol's name, size, and how its value reads as text. Used
// by multiaddr.cpp only.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "multiformats/multiaddr.h"

namespace p2p::multiformats {

struct AddrProtocol {
  /// `size` of protocols whose value is preceded by its length.
  static constexpr int kVariable = -1;

  Proto code;
  std::string_view name;
  int size = 0;       ///< of the value in bytes; 0 where there is none
  bool path = false;  ///< takes the rest of the text, slashes included
  /// The binary value of `text`. Whatever it accepts, `check` accepts.
  Result<Bytes> (*from_text)(std::string_view text) = nullptr;
  /// The canonical text of a value that `check` accepts.
  std::string (*to_text)(ByteView value) = nullptr;
  /// Whether a value of the right size is valid.
  Result<void> (*check)(ByteView value) = nullptr;
};

/// Null where the protocol is unknown.
const AddrProtocol* addr_protocol(std::uint64_t code);
const AddrProtocol* addr_protocol(std::string_view name);

}  // namespace p2p::multiformats
