#include "base/error.h"

namespace p2p {

std::string_view name_of(Code code) {
  switch (code) {
    case Code::invalid_argument: return "invalid_argument";
    case Code::parse: return "parse";
    case Code::unsupported: return "unsupported";
    case Code::not_found: return "not_found";
    case Code::already_exists: return "already_exists";
    case Code::permission: return "permission";
    case Code::io: return "io";
    case Code::refused: return "refused";
    case Code::unreachable: return "unreachable";
    case Code::reset: return "reset";
    case Code::closed: return "closed";
    case Code::timeout: return "timeout";
    case Code::cancelled: return "cancelled";
    case Code::protocol: return "protocol";
    case Code::authentication: return "authentication";
    case Code::limit: return "limit";
    case Code::corrupt: return "corrupt";
    case Code::mismatch: return "mismatch";
    case Code::rejected: return "rejected";
    case Code::internal: return "internal";
  }
  return "unknown";
}

std::string Error::message() const {
  std::string line = doing;
  if (!subject.empty()) {
    if (!line.empty()) line += ' ';
    line += subject;
  }
  if (!line.empty() && !why.empty()) line += ": ";
  return line + why;
}

Error&& Error::during(std::string attempted, std::string on) && {
  if (doing.empty()) doing = std::move(attempted);
  if (subject.empty()) subject = std::move(on);
  return std::move(*this);
}

Error&& Error::with_hint(std::string text) && {
  hint = std::move(text);
  return std::move(*this);
}

}  // namespace p2p
