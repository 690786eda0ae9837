#include "range.h"

#include <algorithm>

#include "base/units.h"

namespace p2p::hash {

namespace {

/// Room for the byte behind the last one.
constexpr std::uint64_t kMost = INT64_MAX - 1;

Result<std::uint64_t> parse_place(std::string_view text) {
  if (text.find_first_not_of("0123456789") == std::string_view::npos) {
    return parse_number(text, 0, kMost);
  }
  P2P_TRY(const auto size, parse_size(text));
  return std::min(size, kMost);
}

}  // namespace

Result<RangeSpec> RangeSpec::parse(std::string_view text) {
  const auto wrong = [&](const std::string& why) {
    return fail(Error(Code::invalid_argument, "'" + std::string(text) + "' is no range: " + why)
                    .with_hint("ranges are written 0-1023, 1MiB-, -512, or 1MiB+64KiB"));
  };
  const bool from_end = text.starts_with('-');
  const auto mark = text.find_first_of("-:+", from_end ? 1 : 0);
  if (mark == std::string_view::npos && !from_end) return wrong("it says only one place");
  const auto first = parse_place(text.substr(from_end ? 1 : 0, mark - (from_end ? 1 : 0)));
  if (!first) return wrong(first.error().why);
  RangeSpec range;
  range.from_end_ = from_end;
  range.from_ = *first;
  const auto rest = mark == std::string_view::npos ? std::string_view() : text.substr(mark + 1);
  if (rest.empty() || (rest == "*" && text[mark] == ':')) {
    if (mark != std::string_view::npos && text[mark] == '+') return wrong("no length after +");
    return range;
  }
  const auto second = parse_place(rest);
  if (!second) return wrong(second.error().why);
  if (from_end) return wrong("one from the end goes up to the end");
  if (text[mark] == '+') {
    range.to_ = range.from_ + std::min(*second, kMost - range.from_);
  } else {
    if (*second < *first) return wrong("its end is before its start");
    range.to_ = *second + 1;
  }
  return range;
}

Result<car::ByteRange> RangeSpec::in(std::uint64_t size) const {
  if (from_end_) return car::ByteRange{size - std::min(from_, size), size};
  if (from_ > size || (from_ == size && from_ > 0)) {
    return fail(Code::invalid_argument, "the range starts at byte " + std::to_string(from_) +
                                            ", and there are " + std::to_string(size));
  }
  return car::ByteRange{from_, std::min(to_.value_or(size), size)};
}

}  // namespace p2p::hash
