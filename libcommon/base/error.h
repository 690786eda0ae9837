// Errors are values with one vocabulary: what kind, what was attempted, on what, and why.
//
// The user sees one line, `doing subject: why`, and where there is one a second, `hint: …`.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace p2p {

/// The kinds of failure that callers tell apart. The exit status follows from them in `cli/`.
enum class Code {
  invalid_argument,  ///< the caller's or user's input makes no sense
  parse,             ///< bytes or text that are not what they claim to be
  unsupported,       ///< well-formed, but not something we speak
  not_found,         ///< what was asked for does not exist
  already_exists,    ///< would overwrite
  permission,        ///< the system or a policy refused
  io,                ///< reading or writing failed
  refused,           ///< nobody listens there
  unreachable,       ///< no route, no name, no address
  reset,             ///< the other side cut the connection or stream
  closed,            ///< ended in order, but earlier than needed
  timeout,           ///< a deadline expired first
  cancelled,         ///< we gave up ourselves
  protocol,          ///< the peer broke the protocol
  authentication,    ///< a signature, tag or identity did not verify
  limit,             ///< a bound of ours would be exceeded
  corrupt,           ///< stored data contradicts itself
  mismatch,          ///< valid, but not what was expected
  rejected,          ///< refused by a consensus or validation rule
  internal,          ///< a defect of ours
};

/// The code's name as it appears in records: `invalid_argument`, `timeout`, …
std::string_view name_of(Code code);

struct Error {
  Error(Code kind, std::string reason) : code(kind), why(std::move(reason)) {}
  Error(Code kind, std::string attempted, std::string on, std::string reason)
      : code(kind), doing(std::move(attempted)), subject(std::move(on)), why(std::move(reason)) {}

  Code code;
  std::string doing;    ///< what was attempted, as a verb phrase: "dial"
  std::string subject;  ///< on what: an address, a path
  std::string why;      ///< the cause, lower case, no full stop
  std::string hint;     ///< what to do next, or empty

  /// `doing subject: why`, leaving out what is empty.
  std::string message() const;

  /// Says what was attempted and on what, if no inner layer has said so already.
  Error&& during(std::string attempted, std::string on) &&;
  Error&& with_hint(std::string text) &&;
};

template <class T>
using Result = std::expected<T, Error>;

/// `return fail(Code::parse, "…")` from any function that returns a Result.
inline std::unexpected<Error> fail(Code code, std::string why) {
  return std::unexpected<Error>(Error(code, std::move(why)));
}
inline std::unexpected<Error> fail(Code code, std::string doing, std::string subject,
                                   std::string why) {
  return std::unexpected<Error>(Error(code, std::move(doing), std::move(subject), std::move(why)));
}
inline std::unexpected<Error> fail(Error error) { return std::unexpected<Error>(std::move(error)); }

}  // namespace p2p

#define P2P_CONCAT_(a, b) a##b
#define P2P_CONCAT(a, b) P2P_CONCAT_(a, b)

/// P2P_TRY(auto x, expr): x is expr's value, or the enclosing function returns expr's error.
#define P2P_TRY(declaration, expression) \
  P2P_TRY_(return, P2P_CONCAT(p2p_try_, __LINE__), declaration, expression)
/// The same in a coroutine. The expression must not itself contain co_await: name that result
/// first.
#define P2P_CO_TRY(declaration, expression) \
  P2P_TRY_(co_return, P2P_CONCAT(p2p_try_, __LINE__), declaration, expression)
#define P2P_TRY_(leave, result, declaration, expression)                       \
  auto result = (expression);                                                  \
  if (!result) leave std::unexpected<::p2p::Error>(std::move(result).error()); \
  declaration = std::move(*result)

/// P2P_CHECK(expr): the enclosing function returns expr's error, if it has one; a value is dropped.
#define P2P_CHECK(expression) P2P_CHECK_(return, P2P_CONCAT(p2p_check_, __LINE__), expression)
#define P2P_CO_CHECK(expression) P2P_CHECK_(co_return, P2P_CONCAT(p2p_check_, __LINE__), expression)
#define P2P_CHECK_(leave, result, expression) \
  if (auto result = (expression); !result)    \
  leave std::unexpected<::p2p::Error>(std::move(result).error())
