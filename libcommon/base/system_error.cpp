#include "base/system_error.h"

#include <cerrno>
#include <cstring>

namespace p2p {

Code code_of_errno(int number) {
  switch (number) {
    case ENOENT:
    case ENOTDIR:
      return Code::not_found;
    case EEXIST:
    case EADDRINUSE:
      return Code::already_exists;
    case EACCES:
    case EPERM:
    case EROFS:
      return Code::permission;
    case ECONNREFUSED:
      return Code::refused;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case EADDRNOTAVAIL:
      return Code::unreachable;
    case ETIMEDOUT:
      return Code::timeout;
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
      return Code::reset;
    case ECANCELED:
    case ENOTCONN:
    case ESHUTDOWN:
      return Code::closed;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EMSGSIZE:
      return Code::limit;
    case EINVAL:
    case ENAMETOOLONG:
      return Code::invalid_argument;
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
    case EOPNOTSUPP:
      return Code::unsupported;
    default:
      return Code::io;
  }
}

std::string errno_text(int number) {
  char buffer[256];
  return ::strerror_r(number, buffer, sizeof buffer);
}

std::unexpected<Error> system_failure(int number, std::string doing, std::string subject) {
  return fail(code_of_errno(number), std::move(doing), std::move(subject), errno_text(number));
}

}  // namespace p2p
