// One yamux session, /yamux/1.0.0 (specs/yamux): many streams over one ordered byte stream.
//
// A state machine without I/O. The connection feeds it what it decrypted (receive) and the time
// (tick, at deadline()), sends what it produces (produce), and takes its events until there are
// none after each of these and after each call of its own. Where the specification is silent it
// behaves as go-yamux v5: flags are taken on data and window-update frames alike and sent on window
// updates; the Length of a reset is an error code; windows start at 256 KiB and double up to 16 MiB
// while a window is consumed within four round trips; credit is given back on read, half a window
// at a time.
//
// What it holds is bounded whatever the peer does: YamuxConfig says by what, and why that much.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "base/bytes.h"
#include "base/error.h"
#include "base/time.h"

namespace p2p::libp2p {

/// Identifies a stream within its session: odd ones the client opened, even ones the server.
using YamuxStreamId = std::uint32_t;

/// Header of every frame: version, type, flags, stream id, length, big-endian.
inline constexpr std::size_t kYamuxHeaderSize = 12;
/// The longest frame we send, header and all: one full Noise message, and below go's 64 KiB.
inline constexpr std::size_t kYamuxMaxFrame = 65519;
/// Every stream's first window, in both directions. Fixed by the specification.
inline constexpr std::uint32_t kYamuxInitialWindow = 256 * 1024;
/// The least budget with which produce() is sure to make progress.
inline constexpr std::size_t kYamuxMinProduce = 2048;

/// Codes of a session's end (Go Away).
inline constexpr std::uint32_t kYamuxNormal = 0;
inline constexpr std::uint32_t kYamuxProtocolError = 1;
inline constexpr std::uint32_t kYamuxInternalError = 2;

/// Codes of a stream's reset that we send ourselves (libp2p/specs error codes, PR 622).
inline constexpr std::uint32_t kResetResourceLimit = 0x1002;
inline constexpr std::uint32_t kResetProtocolViolation = 0x1004;

struct YamuxConfig {
  /// Streams in both directions together; more from the peer are reset, more of ours fail.
  std::size_t max_streams = 512;
  /// Streams opened and not yet acknowledged, each way: specs/yamux says at most 256. Ours wait for
  /// their turn, the peer's are reset.
  std::size_t ack_backlog = 256;
  /// A stream's largest receive window, as in go and js: enough for 1 Gbit/s at 130 ms.
  std::uint32_t max_window = 16 * 1024 * 1024;
  /// What windows may grow in sum beyond their first 256 KiB: one stream at its full size.
  std::uint64_t window_growth = 16 * 1024 * 1024;
  /// Received and unread in sum. All first windows together would be 128 MiB, which nobody well
  /// behaved fills: past this bound the stream that holds most is reset.
  std::uint64_t max_buffered = 32 * 1024 * 1024;
  /// Unsent bytes of one stream at which write() refuses more.
  std::size_t max_unsent = 1024 * 1024;
  Duration ping_interval{std::chrono::seconds(30)};
  /// A session is dead when a ping is unanswered and nothing else has arrived for this long.
  Duration ping_timeout{std::chrono::seconds(10)};
  /// Where our ids start, to reach their exhaustion in tests; 0 starts at 1 or 2.
  YamuxStreamId first_id = 0;
};

struct YamuxEvent {
  enum class Kind {
    opened,    ///< the peer opened `stream`; answer with accept() or reset()
    readable,  ///< data, or the peer's end of the stream, can be read
    writable,  ///< all that was written to `stream` has been produced
    reset,    ///< the peer (or a bound of ours) ended `stream` with `code`; it is gone, except that
              ///< what came before the peer's own orderly end can still be read
    pong,     ///< a ping came back after `rtt`
    go_away,  ///< the peer opens and accepts no more streams; `code` is 0
  };
  Kind kind;
  YamuxStreamId stream = 0;
  std::uint32_t code = 0;
  Duration rtt{0};
};

class Yamux {
 public:
  enum class Role { client, server };  ///< client: the side that dialed (Noise's initiator)

  Yamux(Role role, YamuxConfig config, Time now);

  // The connection's side.

  /// Takes bytes as they come, split anywhere. An error ends the session: send what produce() still
  /// gives (a Go Away), then close. Every stream is gone then, without events.
  Result<void> receive(ByteView data, Time now);
  /// Appends up to `at_most` bytes of whole frames to `out` and returns how many; 0 when there is
  /// nothing to send. Pings first, then control frames, then data, the streams taking turns frame
  /// by frame.
  std::size_t produce(Bytes& out, std::size_t at_most, Time now);
  bool has_output() const;
  /// The next event, oldest first. A stream has at most one of each kind waiting.
  std::optional<YamuxEvent> next_event();
  /// When tick must be called, at the latest.
  Time deadline() const;
  /// Sends the ping that is due; Code::timeout when the peer is dead.
  Result<void> tick(Time now);
  /// Announces the end: nothing is opened or accepted from now on; open streams go on until the
  /// caller closes the connection.
  void go_away(std::uint32_t code = kYamuxNormal);

  // The streams' side. An unknown or finished stream is Code::closed, a reset one Code::reset.

  /// A new stream of ours. Code::limit: max_streams are open, or the ids are used up; Code::closed:
  /// one of the sides went away.
  Result<YamuxStreamId> open();
  /// Acknowledges a stream of the peer's; writing to it does so too.
  Result<void> accept(YamuxStreamId stream);
  /// Queues `data`, which may be longer than the window; writable says when it has left.
  /// Code::limit while max_unsent bytes wait.
  Result<void> write(YamuxStreamId stream, Bytes data);
  /// Up to `most` (> 0) bytes: nothing yet is an empty optional, the peer's end of the stream empty
  /// bytes (once, if our direction has ended too). Whole received segments are moved out, not
  /// copied.
  Result<std::optional<Bytes>> read(YamuxStreamId stream, std::size_t most, Time now);
  /// Ends our direction after what was written. The stream is forgotten once both directions have
  /// ended and the peer's end has been read.
  Result<void> close_write(YamuxStreamId stream);
  /// Ends both directions and forgets the stream; no event follows. Unknown streams are ignored.
  void reset(YamuxStreamId stream, std::uint32_t code = 0);

  /// Received and not yet read.
  std::size_t buffered(YamuxStreamId stream) const;
  /// Written and not yet produced.
  std::size_t unsent(YamuxStreamId stream) const;
  std::size_t stream_count() const { return streams_.size(); }
  /// Bytes held for all streams together: received and unread, written and not yet produced.
  std::uint64_t held() const { return buffered_ + unsent_; }
  /// The round trip time, smoothed.
  std::optional<Duration> rtt() const { return rtt_; }

 private:
  struct Header;
  struct Stream {
    bool ours = false;
    bool begun = false;  // our SYN, or our ACK, was produced
    bool acked = false;  // ours: the peer acknowledged; theirs: accepted
    // Sending.
    std::deque<Bytes> out;
    std::size_t out_offset = 0;  // into out.front()
    std::size_t unsent = 0;
    std::uint32_t send_window = kYamuxInitialWindow;
    bool closing = false;  // close_write was called
    bool fin_sent = false;
    // Receiving.
    std::deque<Bytes> in;
    std::size_t in_offset = 0;  // into in.front()
    std::size_t buffered = 0;
    std::uint32_t window = kYamuxInitialWindow;  // what we are ready to hold
    std::uint32_t credit = kYamuxInitialWindow;  // of it, what the peer may still send
    std::uint32_t delta = 0;                     // of the credit, what is not announced yet
    Time epoch{};                                // when credit was last given
    bool fin_received = false;
    bool end_read = false;
    std::optional<std::uint32_t> reset_code;  // by the peer or by a bound of ours
    // In which queues it stands, and which events it has to tell.
    bool in_control = false;  // or in waiting_
    bool in_ready = false;
    bool in_changed = false;
    bool tell_opened = false;
    bool tell_readable = false;
    bool tell_writable = false;
    bool tell_reset = false;
  };
  using Streams = std::map<YamuxStreamId, Stream>;

  Result<void> on_header(Time now);
  Result<void> on_stream_frame(const Header& header, Time now);
  Result<void> on_syn(YamuxStreamId id, Time now);
  Result<void> on_data(const Header& header, Stream& stream);
  void on_payload(ByteView payload);
  void on_fin(YamuxStreamId id, Stream& stream);
  void on_ping(const Header& header, Time now);
  Result<void> on_go_away(std::uint32_t code);
  std::unexpected<Error> violation(std::string why);
  std::unexpected<Error> fail_all(Error error);

  Stream* live(YamuxStreamId id);
  Result<Stream*> writable_stream(YamuxStreamId id);
  Result<void> refuse(YamuxStreamId id, std::uint32_t code);
  void break_stream(YamuxStreamId id, Stream& stream, std::uint32_t code);
  void acknowledge(YamuxStreamId id, Stream& stream);
  void give_credit(YamuxStreamId id, Stream& stream, Time now);
  void shed();
  void want_control(YamuxStreamId id, Stream& stream);
  void want_ready(YamuxStreamId id, Stream& stream);
  void want_event(YamuxStreamId id, Stream& stream);
  void drop_unsent(YamuxStreamId id, Stream& stream);
  void drop_unread(Stream& stream);
  void forget_if_finished(YamuxStreamId id);
  void forget(Streams::iterator it);
  bool produce_session(Bytes& out, std::size_t end, Time now);
  bool produce_control(Bytes& out, std::size_t end);
  bool produce_data(Bytes& out, std::size_t end);

  Role role_;
  YamuxConfig config_;
  Streams streams_;
  YamuxStreamId next_id_;
  std::uint64_t buffered_ = 0;   // in all streams
  std::uint64_t unsent_ = 0;     // in all streams
  std::uint64_t grown_ = 0;      // windows beyond their first 256 KiB, in sum
  std::size_t unacked_out_ = 0;  // our SYN sent, not acknowledged
  std::size_t unacked_in_ = 0;   // the peer's SYN received, not accepted

  // The frame that is coming in.
  std::uint8_t header_[kYamuxHeaderSize];
  std::size_t header_size_ = 0;
  YamuxStreamId payload_stream_ = 0;
  std::uint32_t payload_left_ = 0;
  bool payload_fin_ = false;

  // What is to go out. An id stands in a queue exactly while its stream's in_… flag is set.
  std::deque<std::uint32_t> pongs_;
  struct Refusal {
    YamuxStreamId id;
    std::uint32_t code;
  };
  std::deque<Refusal> refusals_;
  std::deque<YamuxStreamId> control_;
  std::deque<YamuxStreamId> waiting_;  // streams of ours whose SYN waits for the backlog
  std::deque<YamuxStreamId> ready_;
  std::optional<std::uint32_t> go_away_to_send_;
  // What is to be told.
  std::deque<YamuxStreamId> changed_;
  std::deque<YamuxEvent> session_events_;

  bool went_away_ = false;
  bool peer_went_away_ = false;
  std::optional<Error> failure_;

  // Keepalive.
  std::uint32_t ping_id_ = 0;
  bool ping_queued_ = false;       // due, not produced
  std::optional<Time> ping_sent_;  // produced, not answered
  Time ping_began_{};
  Time last_received_{};
  std::optional<Duration> rtt_;
};

}  // namespace p2p::libp2p
