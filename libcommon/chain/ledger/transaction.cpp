#include "chain/ledger/transaction.h"

#include <bit>

#include "base/utf8.h"
#include "chain/ledger/fields.h"
#include "crypto/hash.h"

namespace p2p::chain {

namespace {

constexpr std::string_view kSignatureDomain = "p2p-utils/chain/transaction/1\n";

/// Every key that a transaction can have, in dag-cbor's order: shorter first, then bytewise. So
/// writing and demanding them in this order is canonical.
enum Field : unsigned {
  kTo,
  kFee,
  kSig,
  kBits,
  kData,
  kFrom,
  kName,
  kTime,
  kType,
  kExtra,
  kNonce,
  kAmount,
  kHeight,
  kReward,
  kWindow,
  kHalving,
  kSpacing,
  kFields
};
constexpr std::string_view kKeys[kFields] = {
    "to",    "fee",   "sig",    "bits",   "data",   "from",   "name",    "time",   "type",
    "extra", "nonce", "amount", "height", "reward", "window", "halving", "spacing"};

using FieldSet = std::uint32_t;

template <class... F>
constexpr FieldSet set_of(F... fields) {
  return ((FieldSet{1} << fields) | ...);
}

constexpr FieldSet fields_of(TxType type) {
  switch (type) {
    case TxType::genesis:
      return set_of(kBits, kName, kTime, kType, kReward, kWindow, kHalving, kSpacing);
    case TxType::coinbase:
      return set_of(kTo, kType, kExtra, kAmount, kHeight);
    case TxType::transfer:
      return set_of(kTo, kFee, kSig, kFrom, kType, kNonce, kAmount);
    case TxType::anchor:
      return set_of(kFee, kSig, kData, kFrom, kType, kNonce);
  }
  return 0;
}

constexpr TxType kTypes[] = {TxType::genesis, TxType::coinbase, TxType::transfer, TxType::anchor};

void write_field(codec::CborWriter& out, const Transaction& tx, unsigned field) {
  out.text(kKeys[field]);
  switch (field) {
    case kTo:
      out.bytes(tx.to.key);
      break;
    case kFee:
      out.integer(tx.fee);
      break;
    case kSig:
      out.bytes(tx.signature);
      break;
    case kBits:
      out.integer(tx.spec.bits);
      break;
    case kData:
    case kExtra:
      out.bytes(tx.data);
      break;
    case kFrom:
      out.bytes(tx.from.key);
      break;
    case kName:
      out.text(tx.spec.name);
      break;
    case kTime:
      out.integer(tx.spec.time);
      break;
    case kType:
      out.text(name_of(tx.type));
      break;
    case kNonce:
      out.integer(tx.nonce);
      break;
    case kAmount:
      out.integer(tx.amount);
      break;
    case kHeight:
      out.integer(tx.height);
      break;
    case kReward:
      out.integer(tx.spec.reward);
      break;
    case kWindow:
      out.integer(tx.spec.window);
      break;
    case kHalving:
      out.integer(tx.spec.halving);
      break;
    case kSpacing:
      out.integer(tx.spec.spacing_s);
      break;
    default:
      break;
  }
}

Result<void> read_number(FieldReader& in, std::uint64_t& out) {
  P2P_TRY(out, in.integer());
  return {};
}

Result<void> read_number(FieldReader& in, std::uint32_t& out) {
  P2P_TRY(const std::uint64_t value, in.integer());
  if (value > UINT32_MAX) return fail(Code::parse, "a number of more than 32 bits");
  out = static_cast<std::uint32_t>(value);
  return {};
}

Result<void> read_bytes(FieldReader& in, Bytes& out, std::size_t max_size) {
  P2P_TRY(const ByteView raw, in.bytes(max_size));
  out = to_bytes(raw);
  return {};
}

Result<void> read_type(FieldReader& in, TxType& out) {
  P2P_TRY(const std::string_view name, in.text(16));
  for (const TxType type : kTypes) {
    if (name_of(type) != name) continue;
    out = type;
    return {};
  }
  return fail(Code::parse, "an unknown type of transaction");
}

Result<void> read_name(FieldReader& in, std::string& out) {
  P2P_TRY(const std::string_view name, in.text(kMaxChainName));
  if (!is_utf8(name)) return fail(Code::parse, "a name that is not UTF-8");
  out = name;
  return {};
}

Result<void> read_field(FieldReader& in, Transaction& tx, unsigned field) {
  switch (field) {
    case kTo:
      return in.bytes_into(tx.to.key);
    case kFee:
      return read_number(in, tx.fee);
    case kSig:
      return in.bytes_into(tx.signature);
    case kBits:
      return read_number(in, tx.spec.bits);
    case kData:
      return read_bytes(in, tx.data, kMaxAnchorData);
    case kExtra:
      return read_bytes(in, tx.data, kMaxCoinbaseExtra);
    case kFrom:
      return in.bytes_into(tx.from.key);
    case kName:
      return read_name(in, tx.spec.name);
    case kTime:
      return read_number(in, tx.spec.time);
    case kType:
      return read_type(in, tx.type);
    case kNonce:
      return read_number(in, tx.nonce);
    case kAmount:
      return read_number(in, tx.amount);
    case kHeight:
      return read_number(in, tx.height);
    case kReward:
      return read_number(in, tx.spec.reward);
    case kWindow:
      return read_number(in, tx.spec.window);
    case kHalving:
      return read_number(in, tx.spec.halving);
    case kSpacing:
      return read_number(in, tx.spec.spacing_s);
    default:
      return fail(Code::internal, "no such field");
  }
}

void write_fields(Bytes& out, const Transaction& tx, FieldSet fields) {
  codec::CborWriter writer(out);
  writer.map(static_cast<std::uint64_t>(std::popcount(fields)));
  for (unsigned field = 0; field < kFields; ++field) {
    if ((fields >> field) & 1) write_field(writer, tx, field);
  }
}

}  // namespace

multiformats::Cid TxId::cid() const {
  using namespace multiformats;
  // 32 bytes are always a sha2-256 digest.
  return Cid::v1(Codec::dag_cbor, *Multihash::wrap(HashCode::sha2_256, digest));
}

std::string_view name_of(TxType type) {
  switch (type) {
    case TxType::genesis:
      return "genesis";
    case TxType::coinbase:
      return "coinbase";
    case TxType::transfer:
      return "transfer";
    case TxType::anchor:
      return "anchor";
  }
  return "unknown";
}

Transaction Transaction::transfer(const Address& from, const Address& to, std::uint64_t amount,
                                  std::uint64_t fee, std::uint64_t nonce) {
  Transaction out;
  out.type = TxType::transfer;
  out.from = from;
  out.to = to;
  out.amount = amount;
  out.fee = fee;
  out.nonce = nonce;
  return out;
}

Transaction Transaction::anchor(const Address& from, Bytes data, std::uint64_t fee,
                                std::uint64_t nonce) {
  Transaction out;
  out.type = TxType::anchor;
  out.from = from;
  out.data = std::move(data);
  out.fee = fee;
  out.nonce = nonce;
  return out;
}

Transaction Transaction::coinbase(std::uint64_t height, const Address& to, std::uint64_t amount,
                                  Bytes extra) {
  Transaction out;
  out.type = TxType::coinbase;
  out.height = height;
  out.to = to;
  out.amount = amount;
  out.data = std::move(extra);
  return out;
}

Bytes Transaction::encode() const {
  Bytes out;
  write_fields(out, *this, fields_of(type));
  return out;
}

Result<Transaction> Transaction::decode(ByteView raw) {
  if (raw.size() > kMaxTransactionSize) return fail(Code::limit, "a transaction is too big");
  FieldReader in(raw);
  P2P_TRY(const std::uint64_t count, in.map(kFields));
  Transaction out;
  FieldSet seen = 0;
  unsigned next = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    P2P_TRY(const std::string_view key, in.text(8));
    // Keys come in the table's order, so the search goes on where the last one ended.
    while (next < kFields && kKeys[next] != key) ++next;
    if (next == kFields) {
      return fail(Code::parse, "key " + repair_utf8(key) + " is unknown or out of order");
    }
    P2P_CHECK(read_field(in, out, next));
    seen |= FieldSet{1} << next++;
  }
  P2P_CHECK(in.end());
  if ((seen & set_of(kType)) == 0 || seen != fields_of(out.type)) {
    return fail(Code::parse, "not the fields of a " + std::string(name_of(out.type)));
  }
  return out;
}

TxId Transaction::id() const { return TxId{crypto::sha256(encode())}; }

Bytes Transaction::signed_message(const BlockId& genesis) const {
  Bytes out = to_bytes(kSignatureDomain);
  append(out, ByteView(genesis.bytes));
  write_fields(out, *this, fields_of(type) & ~set_of(kSig));
  return out;
}

void Transaction::sign(const crypto::SigningKey& key, const BlockId& genesis) {
  const Bytes raw = key.sign(signed_message(genesis));
  std::copy(raw.begin(), raw.end(), signature.begin());
}

bool Transaction::signature_valid(const BlockId& genesis) const {
  return is_signed() && crypto::verify(from.public_key(), signed_message(genesis), signature);
}

}  // namespace p2p::chain
