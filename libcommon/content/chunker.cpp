#include "content/chunker.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <vector>

#include "content/rolling_hash.h"

namespace p2p::content {

namespace {

/// kubo's `size` and `rabin` without a number: 256 KiB.
constexpr std::size_t kDefaultSize = 256 * 1024;

// boxo's buzhash.go.
constexpr std::size_t kBuzhashMin = 128 * 1024;
constexpr std::size_t kBuzhashMax = 512 * 1024;
constexpr std::uint64_t kBuzhashMask = (1 << 17) - 1;

std::unexpected<Error> wrong(std::string_view text, std::string why) {
  return fail(Error(Code::invalid_argument, "chunker '" + std::string(text) + "': " + why)
                  .with_hint("size-N, rabin, rabin-AVG, rabin-MIN-AVG-MAX or buzhash"));
}

Result<std::size_t> parse_size(std::string_view whole, std::string_view digits) {
  std::size_t size = 0;
  const char* end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, size);
  if (error == std::errc::invalid_argument || at != end) {
    return wrong(whole, "'" + std::string(digits) + "' is no number");
  }
  if (error != std::errc() || size > kMaxChunkSize) {
    return wrong(whole, "chunks may not be larger than " + std::to_string(kMaxChunkSize));
  }
  return size;
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto dash = text.find('-');
    parts.push_back(text.substr(0, dash));
    if (dash == std::string_view::npos) return parts;
    text.remove_prefix(dash + 1);
  }
}

/// kubo's rule for an average alone: a third of it to one and a half.
Result<ChunkerSpec> rabin_around(std::string_view text, std::size_t average) {
  const ChunkerSpec spec{ChunkerSpec::Kind::rabin, average / 3, average, average + average / 2};
  if (spec.min < Rabin::kWindow) return wrong(text, "the average must be at least 48");
  if (spec.max > kMaxChunkSize) {
    return wrong(text, "chunks may be 1.5 times the average, and not larger than " +
                           std::to_string(kMaxChunkSize));
  }
  return spec;
}

Result<ChunkerSpec> rabin_between(std::string_view text, std::vector<std::string_view> parts) {
  static constexpr std::string_view kLabels[] = {"", "min:", "avg:", "max:"};
  std::size_t sizes[4] = {};
  for (std::size_t i = 1; i < 4; ++i) {
    if (parts[i].starts_with(kLabels[i])) parts[i].remove_prefix(kLabels[i].size());
    P2P_TRY(sizes[i], parse_size(text, parts[i]));
  }
  const ChunkerSpec spec{ChunkerSpec::Kind::rabin, sizes[1], sizes[2], sizes[3]};
  if (spec.min < Rabin::kWindow) return wrong(text, "the minimum must be at least 16");
  if (spec.min >= spec.average) return wrong(text, "the minimum must be below the average");
  if (spec.average >= spec.max) return wrong(text, "the average must be below the maximum");
  return spec;
}

}  // namespace

std::string ChunkerSpec::text() const {
  switch (kind) {
    case Kind::size:
      return "size-" + std::to_string(max);
    case Kind::rabin:
      return "rabin-" + std::to_string(min) + "-" + std::to_string(average) + "-" +
             std::to_string(max);
    case Kind::buzhash:
      break;
  }
  return "buzhash";
}

Result<ChunkerSpec> parse_chunker(std::string_view text) {
  if (text == "buzhash") {
    return ChunkerSpec{ChunkerSpec::Kind::buzhash, kBuzhashMin, 0, kBuzhashMax};
  }
  const auto parts = split(text);
  if (parts[0] == "size" && parts.size() == 2) {
    P2P_TRY(const std::size_t size, parse_size(text, parts[1]));
    if (size == 0) return wrong(text, "the size must not be 0");
    return ChunkerSpec::fixed(size);
  }
  if (parts[0] == "rabin") {
    if (parts.size() == 1) return rabin_around(text, kDefaultSize);
    if (parts.size() == 2) {
      P2P_TRY(const std::size_t average, parse_size(text, parts[1]));
      return rabin_around(text, average);
    }
    if (parts.size() == 4) return rabin_between(text, parts);
  }
  return wrong(text, "not a chunker");
}

Chunker::Step Chunker::next(ByteView data) {
  // A chunk may end from its least length on, and ends with its greatest.
  const std::size_t last = std::min(spec_.max, length_ + data.size());
  std::size_t end = 0;
  const std::size_t first = std::max(spec_.min, length_ + 1);
  if (spec_.kind != ChunkerSpec::Kind::size && first <= last) end = search(data, first, last);
  if (end == 0 && last == spec_.max) end = last;
  if (end != 0) {
    const std::size_t taken = end - length_;
    length_ = 0;
    return {taken, true};
  }
  length_ = last;
  if (spec_.kind != ChunkerSpec::Kind::size) remember(data);
  return {data.size(), false};
}

std::size_t Chunker::search(ByteView data, std::size_t first, std::size_t last) const {
  const bool rabin = spec_.kind == ChunkerSpec::Kind::rabin;
  const std::size_t window = rabin ? Rabin::kWindow : Buzhash::kWindow;
  // whyrusleeping/chunker takes as many bits as the average has, rounded down.
  const std::uint64_t mask = rabin ? std::bit_floor(spec_.average) - 1 : kBuzhashMask;
  const auto find = [&](const std::uint8_t* from, const std::uint8_t* to) {
    return rabin ? find_zero<Rabin>(from, to, mask) : find_zero<Buzhash>(from, to, mask);
  };
  // Windows that begin before `data` are looked at in a copy that joins both.
  if (first < length_ + window) {
    std::array<std::uint8_t, 2 * kMaxWindow> joined;
    const std::size_t here = std::min(data.size(), window);
    std::ranges::copy(tail_, joined.begin());
    std::ranges::copy(data.first(here), joined.begin() + kMaxWindow);
    const std::size_t until = std::min(last, length_ + here);
    const std::uint8_t* start = joined.data() + kMaxWindow;  // where `data` begins
    if (const auto* end = find(start + (first - length_), start + (until - length_))) {
      return length_ + static_cast<std::size_t>(end - start);
    }
    first = until + 1;
    if (first > last) return 0;
  }
  const auto* end = find(data.data() + (first - length_), data.data() + (last - length_));
  return end == nullptr ? 0 : length_ + static_cast<std::size_t>(end - data.data());
}

void Chunker::remember(ByteView data) {
  const auto latest = data.last(std::min(data.size(), kMaxWindow));
  std::ranges::rotate(tail_, tail_.begin() + static_cast<std::ptrdiff_t>(latest.size()));
  std::ranges::copy(latest, tail_.end() - static_cast<std::ptrdiff_t>(latest.size()));
}

}  // namespace p2p::content
