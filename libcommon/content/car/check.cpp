#include "content/car/check.h"

#include "content/links.h"

namespace p2p::car {

using multiformats::Cid;
using multiformats::HashCode;

namespace {

/// What a hash of so few bytes is refused with; nothing for others.
std::optional<std::string> too_short(const Cid& cid) {
  const auto size = cid.hash().digest().size();
  if (cid.hash().code() == HashCode::identity || size >= kMinDigestSize) return std::nullopt;
  return std::to_string(size) + " bytes of a hash, and fewer than " +
         std::to_string(kMinDigestSize) + " prove nothing";
}

}  // namespace

Result<void> check_size(const Cid& cid) {
  if (const auto why = too_short(cid)) return fail(Code::unsupported, "its CID has " + *why);
  return {};
}

Result<void> check_hash(const Cid& cid, ByteView block) {
  P2P_TRY(const bool matches, cid.hash().matches(block));
  if (!matches) return fail(Code::mismatch, "does not have the hash that its CID says");
  return check_size(cid);
}

Result<void> outside_links(const Cid& cid, ByteView block,
                           const std::function<Result<void>(const Cid&)>& visit) {
  return content::loose_links_of(cid, block, [&](const Cid& link) -> Result<void> {
    if (link.hash().code() != HashCode::identity) return visit(link);
    // A target within its own link is shorter than what it stands in, so this comes to an end.
    return outside_links(link, link.hash().digest(), visit);
  });
}

void Batch::add(const Section& section) {
  append(bytes_, section.block);
  sections_.push_back(section);
  sections_.back().block = {};
}

Checked Checked::of(const Batch& batch, const Fingerprinter& fingerprints, bool digests) {
  Checked checked;
  checked.blocks.reserve(batch.sections_.size());
  ByteView rest = batch.bytes_;
  for (const auto& section : batch.sections_) {
    const auto block = rest.first(static_cast<std::size_t>(section.block_size));
    rest = rest.subspan(block.size());
    const auto found = [&]() -> Result<void> {
      P2P_CHECK(check_hash(section.cid, block));
      return outside_links(section.cid, block, [&](const Cid& link) -> Result<void> {
        // No block can stand for it; and what is kept of a link would be larger than the link.
        if (const auto why = too_short(link)) {
          return fail(Code::unsupported, "it links to " + link.text() + ", which has " + *why);
        }
        checked.links.push_back({fingerprints.of(link), section.offset});
        return {};
      });
    }();
    if (!found) {
      const auto& why = found.error();
      checked.failure.emplace(why.code, "block " + section.cid.text() + " at byte " +
                                            std::to_string(section.offset) + ": " + why.why);
      return checked;
    }
    if (!content::knows_links(section.cid.codec())) checked.opaque.insert(section.cid.codec());
    const auto& hash = section.cid.hash();
    Block entry{fingerprints.of(section.cid), {}, hash.code(), section.offset};
    if (digests) entry.digest = fingerprints.of_digest(hash.digest());
    checked.blocks.push_back(entry);
    checked.bytes += block.size();
  }
  return checked;
}

}  // namespace p2p::car
