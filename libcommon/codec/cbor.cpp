#include "codec/cbor.h"

#include <cbor.h>

#include <limits>
#include <string>
#include <utility>

#include "base/utf8.h"

namespace p2p::codec {
namespace {

using Kind = CborToken::Kind;

// The longest head: one byte and a 64-bit argument.
constexpr std::size_t kMaxHead = 9;

/// Runs one of libcbor's encoders and appends what it wrote.
template <class Encode>
void put(Bytes& out, Encode&& encode) {
  std::uint8_t head[kMaxHead];
  const std::size_t size = encode(head, sizeof(head));
  append(out, ByteView(head, size));
}

CborToken& token_of(void* context) { return *static_cast<CborToken*>(context); }

void set(void* context, Kind kind, std::uint64_t value) {
  token_of(context).kind = kind;
  token_of(context).value = value;
}

template <class T, Kind kind>
void on_value(void* context, T value) {
  set(context, kind, value);
}

template <Kind kind>
void on_string(void* context, cbor_data data, std::size_t size) {
  set(context, kind, size);
  token_of(context).bytes = ByteView(data, size);
}

template <Kind kind>
void on_start(void* context) {
  set(context, kind, 0);
  token_of(context).indefinite = true;
}

template <Kind kind>
void on_simple(void* context) {
  set(context, kind, 0);
}

template <class T>
void on_number(void* context, T value) {
  set(context, Kind::number, 0);
  token_of(context).number = static_cast<double>(value);
}

constexpr cbor_callbacks kCallbacks = {
    .uint8 = on_value<std::uint8_t, Kind::unsigned_integer>,
    .uint16 = on_value<std::uint16_t, Kind::unsigned_integer>,
    .uint32 = on_value<std::uint32_t, Kind::unsigned_integer>,
    .uint64 = on_value<std::uint64_t, Kind::unsigned_integer>,
    .negint64 = on_value<std::uint64_t, Kind::negative_integer>,
    .negint32 = on_value<std::uint32_t, Kind::negative_integer>,
    .negint16 = on_value<std::uint16_t, Kind::negative_integer>,
    .negint8 = on_value<std::uint8_t, Kind::negative_integer>,
    .byte_string_start = on_start<Kind::bytes>,
    .byte_string = on_string<Kind::bytes>,
    .string = on_string<Kind::text>,
    .string_start = on_start<Kind::text>,
    .indef_array_start = on_start<Kind::array>,
    .array_start = on_value<std::size_t, Kind::array>,
    .indef_map_start = on_start<Kind::map>,
    .map_start = on_value<std::size_t, Kind::map>,
    .tag = on_value<std::uint64_t, Kind::tag>,
    .float2 = on_number<float>,
    .float4 = on_number<float>,
    .float8 = on_number<double>,
    .undefined = on_simple<Kind::undefined>,
    .null = on_simple<Kind::null>,
    .boolean = on_value<bool, Kind::boolean>,
    .indef_break = on_simple<Kind::end>,
};

enum class Found { token, too_little, nonsense };

/// Looks for a token at `in[at]`. Where there is too little for one, token.size says how much it
/// takes in all, as far as its front tells.
Found token_at(ByteView in, std::size_t at, CborToken& token) {
  const auto rest = in.subspan(at);
  token = CborToken();
  token.size = 1;
  if (rest.empty()) return Found::too_little;
  const auto decoded = cbor_stream_decode(rest.data(), rest.size(), &kCallbacks, &token);
  if (decoded.status == CBOR_DECODER_NEDATA) {
    // libcbor adds the head to a string's length without a look at overflow.
    const bool wrapped = decoded.required <= rest.size();
    token.size = wrapped ? std::numeric_limits<std::size_t>::max() : decoded.required;
    return Found::too_little;
  }
  if (decoded.status != CBOR_DECODER_FINISHED) return Found::nonsense;
  token.offset = at;
  token.size = decoded.read;
  token.head_size = decoded.read - token.bytes.size();
  return Found::token;
}

Error nonsense(std::size_t at) {
  return Error(Code::parse, "byte " + std::to_string(at) + " does not start a CBOR item");
}

Error cut_short(std::size_t at) {
  return Error(Code::parse, "CBOR is cut short after " + std::to_string(at) + " bytes");
}

}  // namespace

CborWriter& CborWriter::positive(std::uint64_t value) {
  put(out_, [&](auto* to, auto size) { return cbor_encode_uint(value, to, size); });
  return *this;
}

CborWriter& CborWriter::negative(std::uint64_t n) {
  put(out_, [&](auto* to, auto size) { return cbor_encode_negint(n, to, size); });
  return *this;
}

CborWriter& CborWriter::number(double value) {
  put(out_, [&](auto* to, auto size) { return cbor_encode_double(value, to, size); });
  return *this;
}

CborWriter& CborWriter::boolean(bool value) {
  put(out_, [&](auto* to, auto size) { return cbor_encode_bool(value, to, size); });
  return *this;
}

CborWriter& CborWriter::null() {
  put(out_, [](auto* to, auto size) { return cbor_encode_null(to, size); });
  return *this;
}

CborWriter& CborWriter::bytes(ByteView value) {
  put(out_, [&](auto* to, auto n) { return cbor_encode_bytestring_start(value.size(), to, n); });
  append(out_, value);
  return *this;
}

CborWriter& CborWriter::text(std::string_view value) {
  put(out_, [&](auto* to, auto n) { return cbor_encode_string_start(value.size(), to, n); });
  append(out_, value);
  return *this;
}

CborWriter& CborWriter::array(std::uint64_t items) {
  put(out_, [&](auto* to, auto size) { return cbor_encode_array_start(items, to, size); });
  return *this;
}

CborWriter& CborWriter::map(std::uint64_t pairs) {
  put(out_, [&](auto* to, auto size) { return cbor_encode_map_start(pairs, to, size); });
  return *this;
}

CborWriter& CborWriter::tag(std::uint64_t number) {
  put(out_, [&](auto* to, auto size) { return cbor_encode_tag(number, to, size); });
  return *this;
}

CborWriter& CborWriter::raw(ByteView item) {
  append(out_, item);
  return *this;
}

bool CborToken::minimal() const {
  switch (kind) {
    case Kind::boolean:
    case Kind::null:
    case Kind::undefined:
    case Kind::number:
    case Kind::end:
      return true;
    default:
      break;
  }
  if (indefinite || value < 24) return head_size == 1;
  if (value <= 0xff) return head_size == 2;
  if (value <= 0xffff) return head_size == 3;
  if (value <= 0xffffffff) return head_size == 5;
  return true;
}

bool CborReader::next(CborToken& token) {
  if (token_at(in_, at_, token) != Found::token) return false;
  at_ += token.size;
  return true;
}

Result<CborToken> CborReader::next() {
  CborToken token;
  switch (token_at(in_, at_, token)) {
    case Found::token:
      at_ += token.size;
      return token;
    case Found::too_little:
      return fail(cut_short(in_.size()));
    case Found::nonsense:
      break;
  }
  return fail(nonsense(at_));
}

Result<void> CborReader::skip() {
  P2P_TRY(const auto size, cbor_item_size(rest(), std::numeric_limits<std::size_t>::max()));
  if (!size) return fail(cut_short(in_.size()));
  at_ += *size;
  return {};
}

Result<std::optional<std::size_t>> CborScanner::scan(ByteView in) {
  const auto exceeded = [&] {
    return fail(Code::limit, "CBOR item is longer than " + std::to_string(max_size_) + " bytes");
  };
  CborToken token;
  for (;;) {
    const auto found = token_at(in, at_, token);
    if (found == Found::nonsense) return fail(nonsense(at_));
    if (token.size > max_size_ - at_) return exceeded();
    if (found == Found::too_little) return std::nullopt;
    at_ += token.size;
    // An item takes at least a byte, so that a count alone can break the bound.
    const bool counts = token.kind == Kind::array || token.kind == Kind::map;
    if (counts && token.value > max_size_ - at_) return exceeded();
    P2P_TRY(const bool done, accept(token));
    if (done) return std::exchange(at_, 0);
  }
}

/// Takes a token into account; true where it completes the whole item.
Result<bool> CborScanner::accept(const CborToken& token) {
  const auto broken = [&](const char* why) {
    return fail(Code::parse, std::string(why) + " at byte " + std::to_string(token.offset));
  };
  const Frame* const inner = depth_ > 0 ? &frames_[depth_ - 1] : nullptr;
  if (inner && (inner->open == Open::bytes || inner->open == Open::text) &&
      token.kind != Kind::end) {
    const auto chunk = inner->open == Open::bytes ? Kind::bytes : Kind::text;
    if (token.kind != chunk || token.indefinite) return broken("CBOR string has a foreign chunk");
  }
  if (token.kind == Kind::text && !is_utf8(token.text())) return broken("text is not UTF-8");
  switch (token.kind) {
    case Kind::end:
      if (!inner || !inner->indefinite || tagged_) return broken("misplaced CBOR break");
      if (inner->open == Open::map && inner->count % 2 != 0)
        return broken("CBOR key lacks a value");
      --depth_;
      return item_done();
    case Kind::tag:
      tagged_ = true;
      return false;
    case Kind::array:
    case Kind::map: {
      if (!token.indefinite && token.value == 0) return item_done();
      if (token.value > std::numeric_limits<std::uint64_t>::max() / 2) {
        return broken("impossible CBOR count");
      }
      const bool is_map = token.kind == Kind::map;
      P2P_CHECK(push(is_map ? Open::map : Open::array, token.indefinite,
                     is_map ? token.value * 2 : token.value));
      return false;
    }
    case Kind::bytes:
    case Kind::text:
      if (!token.indefinite) return item_done();
      P2P_CHECK(push(token.kind == Kind::bytes ? Open::bytes : Open::text, true, 0));
      return false;
    default:
      return item_done();
  }
}

Result<void> CborScanner::push(Open open, bool indefinite, std::uint64_t items) {
  if (depth_ == frames_.size()) {
    return fail(Code::limit, "CBOR nests deeper than " + std::to_string(kMaxNesting));
  }
  frames_[depth_++] = {open, indefinite, items};
  tagged_ = false;
  return {};
}

/// An item is complete; closes what it was the last of. True where nothing is open any more.
bool CborScanner::item_done() {
  tagged_ = false;
  while (depth_ > 0) {
    auto& frame = frames_[depth_ - 1];
    if (frame.indefinite) {
      ++frame.count;
      return false;
    }
    if (--frame.count > 0) return false;
    --depth_;
  }
  return true;
}

Result<std::optional<std::size_t>> cbor_item_size(ByteView in, std::size_t max_size) {
  return CborScanner(max_size).scan(in);
}

}  // namespace p2p::codec
