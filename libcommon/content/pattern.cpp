#include "content/pattern.h"

#include <re2/re2.h>

#include <utility>

#include "base/utf8.h"

namespace p2p::content {

Pattern::Pattern(std::unique_ptr<re2::RE2> compiled) : compiled_(std::move(compiled)) {}
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

Result<Pattern> Pattern::compile(std::string_view expression) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  auto compiled =
      std::make_unique<re2::RE2>(re2::StringPiece(expression.data(), expression.size()), options);
  if (compiled->ok()) return Pattern(std::move(compiled));
  const bool too_large = compiled->error_code() == re2::RE2::ErrorPatternTooLarge;
  return fail(too_large ? Code::limit : Code::parse, compiled->error());
}

bool Pattern::found_in(std::string_view text) const {
  const auto found = [this](std::string_view in) {
    return re2::RE2::PartialMatch(re2::StringPiece(in.data(), in.size()), *compiled_);
  };
  return is_utf8(text) ? found(text) : found(repair_utf8(text));
}

}  // namespace p2p::content
