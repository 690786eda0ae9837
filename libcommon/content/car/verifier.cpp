#include "content/car/verifier.h"

#include <algorithm>

#include "base/endian.h"

namespace p2p::car {

using multiformats::HashCode;

namespace {

constexpr std::size_t kFingerprintSize = sizeof(Fingerprint);
/// A fingerprint and an offset.
constexpr std::size_t kPlaceSize = kFingerprintSize + 8;
/// With a hash function's code behind.
constexpr std::size_t kIndexedSize = kPlaceSize + 8;

using Place = std::array<std::uint8_t, kPlaceSize>;
using Indexed = std::array<std::uint8_t, kIndexedSize>;

/// Numbers in big-endian order, so that they sort as what they are.
Place place(const Fingerprint& fingerprint, std::uint64_t offset) {
  Place record;
  std::ranges::copy(fingerprint, record.begin());
  store_be(record.data() + kFingerprintSize, offset);
  return record;
}

Indexed indexed(const Fingerprint& fingerprint, std::uint64_t offset, HashCode code) {
  Indexed record;
  std::ranges::copy(place(fingerprint, offset), record.begin());
  store_be(record.data() + kPlaceSize, static_cast<std::uint64_t>(code));
  return record;
}

std::uint64_t offset_in(const std::uint8_t* record) {
  return load_be<std::uint64_t>(record + kFingerprintSize);
}

/// A sorted sequence's front, copied: it has to outlive the next one's.
template <class Record>
class Cursor {
 public:
  explicit Cursor(Sorted& sorted) : sorted_(sorted) {}

  Result<void> advance() {
    P2P_TRY(const auto* record, sorted_.next());
    there_ = record != nullptr;
    if (there_) std::copy_n(record, record_.size(), record_.begin());
    return {};
  }
  explicit operator bool() const { return there_; }
  const Record& operator*() const { return record_; }

  /// As std::memcmp of the fingerprints, an ended sequence behind all.
  template <class Other>
  int compare(const Other& other) const {
    if (!there_ || !other) return there_ ? -1 : other ? 1 : 0;
    return std::memcmp(record_.data(), (*other).data(), kFingerprintSize);
  }

 private:
  Sorted& sorted_;
  Record record_{};
  bool there_ = false;
};

}  // namespace

Verifier::Verifier(const Fingerprinter& fingerprints, Scratch& scratch)
    : fingerprints_(fingerprints),
      present_(kPlaceSize, scratch),
      wanted_(kPlaceSize, scratch),
      sections_(kIndexedSize, scratch),
      indexed_(kIndexedSize, scratch) {}

Result<void> Verifier::on_header(const Header& header) {
  data_offset_ = header.data_offset;
  if (header.v2 && header.v2->index_offset != 0) {
    fully_indexed_ = header.v2->fully_indexed;
    index_.emplace([this](const IndexEntry& entry) {
      index_has_codes_ = entry.code.has_value();
      return indexed_.add(indexed(fingerprints_.of_digest(entry.digest), entry.offset,
                                  entry.code.value_or(HashCode::identity))
                              .data());
    });
  }
  if (header.roots.empty()) return fail(Code::not_found, "the header names no root");
  for (const auto& root : header.roots) {
    if (root.hash().code() == HashCode::identity) {
      P2P_CHECK(outside_links(root, root.hash().digest(), [&](const multiformats::Cid& link) {
        return wanted_.add(place(fingerprints_.of(link), 0).data());
      }));
      continue;
    }
    P2P_CHECK(wanted_.add(place(fingerprints_.of(root), 0).data()));
  }
  return {};
}

Result<void> Verifier::add(const Checked& checked) {
  if (checked.failure) return fail(*checked.failure);
  for (const auto& block : checked.blocks) {
    P2P_CHECK(present_.add(place(block.cid, block.offset).data()));
    if (!index_) continue;
    const auto record = indexed(block.digest, block.offset - data_offset_, block.hash);
    P2P_CHECK(sections_.add(record.data()));
  }
  for (const auto& link : checked.links) {
    P2P_CHECK(wanted_.add(place(link.target, link.from).data()));
  }
  summary_.blocks += checked.blocks.size();
  summary_.bytes += checked.bytes;
  summary_.opaque.insert(checked.opaque.begin(), checked.opaque.end());
  return {};
}

Result<void> Verifier::on_index(ByteView data) { return index_->feed(data); }

Result<Summary> Verifier::finish() {
  P2P_CHECK(count_missing());
  if (index_) P2P_CHECK(compare_index());
  return summary_;
}

Result<void> Verifier::count_missing() {
  P2P_TRY(auto all_present, present_.finish());
  P2P_TRY(auto all_wanted, wanted_.finish());
  Cursor<Place> present(all_present);
  Cursor<Place> wanted(all_wanted);
  P2P_CHECK(present.advance());
  P2P_CHECK(wanted.advance());
  Fingerprint last{};
  while (wanted) {
    const int order = present.compare(wanted);
    if (order < 0) {
      P2P_CHECK(present.advance());
      continue;
    }
    if (order > 0) {
      Fingerprint target;
      std::copy_n((*wanted).begin(), target.size(), target.begin());
      const auto from = offset_in((*wanted).data());
      if (summary_.missing == 0 || from < summary_.missing_from) {
        summary_.missing_from = from;
        summary_.missing_target = target;
      }
      if (summary_.missing == 0 || target != last) ++summary_.missing;
      last = target;
    }
    P2P_CHECK(wanted.advance());
  }
  return {};
}

/// Every entry of the index must be of a section, and every digest of a section be in the index,
/// though not for each place where it stands.
Result<void> Verifier::compare_index() {
  P2P_CHECK(index_->finish());
  P2P_TRY(auto all_sections, sections_.finish());
  P2P_TRY(auto all_indexed, indexed_.finish());
  Cursor<Indexed> section(all_sections);
  Cursor<Indexed> entry(all_indexed);
  P2P_CHECK(section.advance());
  P2P_CHECK(entry.advance());
  const std::size_t compared = index_has_codes_ ? kIndexedSize : kPlaceSize;
  Fingerprint seen{};
  while (section || entry) {
    int order = section.compare(entry);
    if (order < 0) {
      const auto code = load_be<std::uint64_t>((*section).data() + kPlaceSize);
      const bool needed = fully_indexed_ || code != static_cast<std::uint64_t>(HashCode::identity);
      if (needed && std::memcmp(seen.data(), (*section).data(), seen.size()) != 0) {
        return fail(Code::mismatch,
                    "the CARv2 index lacks the section at byte " +
                        std::to_string(data_offset_ + offset_in((*section).data())));
      }
      P2P_CHECK(section.advance());
      continue;
    }
    if (order == 0) order = std::memcmp((*section).data(), (*entry).data(), compared);
    if (order > 0) {
      return fail(Code::mismatch, "the CARv2 index has an entry for byte " +
                                      std::to_string(data_offset_ + offset_in((*entry).data())) +
                                      ", where no such block stands");
    }
    std::copy_n((*entry).begin(), seen.size(), seen.begin());
    if (order < 0) {
      P2P_CHECK(section.advance());
    } else {
      P2P_CHECK(entry.advance());
    }
  }
  return {};
}

}  // namespace p2p::car
