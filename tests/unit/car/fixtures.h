// The fixtures of https://ipld.io/specs/transport/car/fixture, and CARs made for tests.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/basen.h"
#include "content/block.h"
#include "content/car/reader.h"

namespace p2p::car {

/// carv1-basic: two roots, and eight sections of dag-cbor, dag-pb and raw.
inline constexpr std::string_view kBasicV1 =
    "63a265726f6f747382d82a58250001711220f88bc853804cf294fe417e4fa83028689fcdb1b1592c5102e1474d"
    "bc200fab8bd82a5825000171122069ea0740f9807a28f4d932c62e7c1c83be055e55072c90266ab3e79df63a36"
    "5b6776657273696f6e015b01711220f88bc853804cf294fe417e4fa83028689fcdb1b1592c5102e1474dbc200f"
    "ab8ba2646c696e6bd82a582300122002acecc5de2438ea4126a3010ecb1f8a599c8eff22fff1a1dcffe999b27f"
    "d3de646e616d6564626c69708301122002acecc5de2438ea4126a3010ecb1f8a599c8eff22fff1a1dcffe999b2"
    "7fd3de122e0a2401551220b6fbd675f98e2abd22d4ed29fdc83150fedc48597e92dd1a7a24381d44a274511204"
    "626561721804122f0a22122079a982de3c9907953d4d323cee1d0fb1ed8f45f8ef02870c0cb9e09246bd530a12"
    "067365636f6e641895012801551220b6fbd675f98e2abd22d4ed29fdc83150fedc48597e92dd1a7a24381d44a2"
    "7451636363638001122079a982de3c9907953d4d323cee1d0fb1ed8f45f8ef02870c0cb9e09246bd530a122d0a"
    "240155122081cc5b17018674b401b42f35ba07bb79e211239c23bffe658da1577e3e6468771203646f67180412"
    "2d0a221220e7dc486e97e6ebe5cdabab3e392bdad128b6e09acc94bb4e2aa2af7b986d24d01205666972737418"
    "33280155122081cc5b17018674b401b42f35ba07bb79e211239c23bffe658da1577e3e64687762626262511220"
    "e7dc486e97e6ebe5cdabab3e392bdad128b6e09acc94bb4e2aa2af7b986d24d0122d0a240155122061be55a8e2"
    "f6b4e172338bddf184d6dbee29c98853e0a0485ecee7f27b9af0b412036361741804280155122061be55a8e2f6"
    "b4e172338bddf184d6dbee29c98853e0a0485ecee7f27b9af0b461616161360171122069ea0740f9807a28f4d9"
    "32c62e7c1c83be055e55072c90266ab3e79df63a365ba2646c696e6bf6646e616d65656c696d626f";

/// carv2-basic: five sections, and an IndexSorted.
inline constexpr std::string_view kBasicV2 =
    "0aa16776657273696f6e02000000000000000000000000000000003300000000000000c001000000000000f301"
    "00000000000038a265726f6f747381d82a5823001220fb16f5083412ef1371d031ed4aa239903d84efdadf1ba3"
    "cd678e6475b1a232f86776657273696f6e01511220fb16f5083412ef1371d031ed4aa239903d84efdadf1ba3cd"
    "678e6475b1a232f8122d0a221220d9c0d5376d26f1931f7ad52d7acc00fc1090d2edb0808bf61eeb0a152826f6"
    "261204f09f8da418a40185011220d9c0d5376d26f1931f7ad52d7acc00fc1090d2edb0808bf61eeb0a152826f6"
    "2612310a221220d745b7757f5b4593eeab7820306c7bc64eb496a7410a0d07df7a34ffec4b97f1120962617272"
    "656c657965183a122e0a2401551220a2e1c40da1ae335d4dffe729eb4d5ca23b74b9e51fc535f4a804a261080c"
    "294d1204f09f90a11807581220d745b7757f5b4593eeab7820306c7bc64eb496a7410a0d07df7a34ffec4b97f1"
    "12340a2401551220b474a99a2705e23cf905a484ec6d14ef58b56bbe62e9292783466ec363b5072d120a666973"
    "686d6f6e67657218042801551220b474a99a2705e23cf905a484ec6d14ef58b56bbe62e9292783466ec363b507"
    "2d666973682b01551220a2e1c40da1ae335d4dffe729eb4d5ca23b74b9e51fc535f4a804a261080c294d6c6f62"
    "737465720100000028000000c800000000000000a2e1c40da1ae335d4dffe729eb4d5ca23b74b9e51fc535f4a8"
    "04a261080c294d9401000000000000b474a99a2705e23cf905a484ec6d14ef58b56bbe62e9292783466ec363b5"
    "072d6b01000000000000d745b7757f5b4593eeab7820306c7bc64eb496a7410a0d07df7a34ffec4b97f1120100"
    "0000000000d9c0d5376d26f1931f7ad52d7acc00fc1090d2edb0808bf61eeb0a152826f6268b00000000000000"
    "fb16f5083412ef1371d031ed4aa239903d84efdadf1ba3cd678e6475b1a232f83900000000000000";

inline Bytes unhex(std::string_view text) { return hex_decode(text).value(); }

struct TestBlock {
  multiformats::Cid cid;
  Bytes bytes;
};

inline TestBlock raw_block(std::string_view text) {
  const Bytes bytes = to_bytes(text);
  return {content::cid_of_block(multiformats::Codec::raw, crypto::HashAlg::sha2_256, bytes).value(),
          bytes};
}

/// A dag-cbor list of links.
inline TestBlock list_block(const std::vector<multiformats::Cid>& links) {
  Bytes bytes{static_cast<std::uint8_t>(0x80 | links.size())};
  for (const auto& link : links) {
    const auto size = static_cast<std::uint8_t>(link.bytes().size() + 1);
    append(bytes, unhex(size < 24 ? "d82a" : "d82a58"));
    bytes.push_back(size < 24 ? 0x40 | size : size);
    bytes.push_back(0);
    append(bytes, link.bytes());
  }
  return {content::cid_of_block(multiformats::Codec::dag_cbor, crypto::HashAlg::sha2_256, bytes)
              .value(),
          bytes};
}

inline Bytes car_of(const std::vector<multiformats::Cid>& roots,
                    const std::vector<TestBlock>& blocks) {
  Bytes out = encode_header(roots);
  for (const auto& block : blocks) {
    append(out, section_head(block.cid, block.bytes.size()));
    append(out, block.bytes);
  }
  return out;
}

/// Everything that a reader says, as lines.
class Transcript final : public Listener {
 public:
  Result<void> on_header(const Header& header) override {
    lines.push_back("header " + std::to_string(header.version) + " " +
                    std::to_string(header.roots.size()) + " " + std::to_string(header.data_offset));
    return {};
  }
  Result<void> on_section(const Section& section) override {
    lines.push_back(std::to_string(section.offset) + " " + std::to_string(section.block_offset) +
                    " " + std::to_string(section.block_size) + " " + section.cid.text());
    append(blocks, section.block);
    return {};
  }
  Result<void> on_index(ByteView data) override {
    append(index, data);
    return {};
  }

  std::vector<std::string> lines;
  Bytes blocks;
  Bytes index;
};

}  // namespace p2p::car
