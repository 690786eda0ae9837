// Internal to the host: one TCP connection and the Connection machine it carries, driven; and the
// streams on it.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "libp2p/host.h"
#include "libp2p/upgrade.h"

namespace p2p::libp2p {

class Link;

/// A stream as handlers and openers hold it.
class MuxedStream final : public Stream {
 public:
  MuxedStream(std::shared_ptr<Link> link, YamuxStreamId id, bool outbound, Multistream negotiation);
  ~MuxedStream() override;

  Task<Result<Bytes>> read(std::size_t most) override;
  Task<Result<void>> write(Bytes data) override;
  void close_write() override;
  void reset(std::uint32_t code) override;
  std::size_t buffered() const override;
  const std::string& protocol() const override { return protocol_; }
  const PeerId& peer() const override;
  const Multiaddr& remote_addr() const override;
  bool outbound() const override { return outbound_; }

  /// Waits until a protocol is agreed on.
  Task<Result<void>> negotiate();
  bool negotiated() const { return !negotiation_; }
  bool failed() const { return failed_.has_value(); }

  // The link's side.
  void on_readable();
  void on_writable() { writable_.wake_all(); }
  void on_reset(std::uint32_t code);
  void on_link_ended();

 private:
  friend class Link;
  Result<void> broken() const;
  void give_up(Error why);
  Result<void> send_negotiation();

  std::shared_ptr<Link> link_;
  YamuxStreamId id_;
  bool outbound_;
  std::optional<Multistream> negotiation_;  // gone once agreed
  std::string protocol_;
  Bytes rest_;  // came behind the negotiation's last message
  std::size_t rest_offset_ = 0;
  bool end_read_ = false;
  bool write_closed_ = false;
  std::optional<Error> failed_;
  runtime::WaitList readable_;
  runtime::WaitList writable_;
};

/// Kept alive by its host while it stands, by its own running tasks, and by its streams.
class Link : public std::enable_shared_from_this<Link> {
 public:
  /// The host's side; called from the loop.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual bool supports(std::string_view protocol) const = 0;
    virtual void on_established(Link&) = 0;
    virtual void on_stream(Link&, std::unique_ptr<MuxedStream>) = 0;
    /// The bytes that the link holds for its streams were `before` and are `now`.
    virtual void on_held(std::uint64_t before, std::uint64_t now) = 0;
    /// Once, last. The owner must not destroy the link inside this call.
    virtual void on_ended(Link&, Phase, const Error&) = 0;
  };

  Link(Owner& owner, runtime::Runtime runtime, std::unique_ptr<runtime::TcpStream> tcp,
       Connection::Role role, ConnectionConfig config, Multiaddr remote);
  ~Link();

  void start();
  /// Where progress is noted, until nullptr is set; it must stay valid so long.
  void trace(DialTrace* trace);
  /// Sends what is queued and a Go Away, then FIN; cuts it off if that takes longer than kGoodbye.
  void close();
  void end(Error why, bool reset = false);
  /// Ends it without telling the owner, which is about to go.
  void abandon();

  bool outbound() const { return role_ == Connection::Role::dialer; }
  bool established() const { return connection_.established(); }
  /// New streams may be opened.
  bool usable() const { return established() && !ended_ && !failure_ && !closing_ && !going_away_; }
  const std::optional<Error>& ended() const { return ended_; }
  const Multiaddr& remote_addr() const { return remote_addr_; }
  const Connection& connection() const { return connection_; }
  Phase phase() const { return phase_; }
  std::uint64_t held() const { return held_; }
  runtime::Endpoint remote_endpoint() const { return tcp_->remote(); }
  /// Woken at the end of the opening and of the link.
  runtime::WaitList& changed() { return changed_; }

  Result<std::unique_ptr<MuxedStream>> open(std::vector<std::string> protocols);

 private:
  friend class MuxedStream;
  static Task<void> read_loop(std::shared_ptr<Link> self);
  static Task<void> write_loop(std::shared_ptr<Link> self);
  Result<void> take(ByteView wire);
  void fail_with(Error why);
  void note_phase();
  void pump();
  void on_opened(YamuxStreamId id);
  void on_readable(YamuxStreamId id);
  void on_time();
  void expire(YamuxStreamId id);
  void arm();
  void kick();
  void note_held();
  Time now() const { return runtime_.clock.now(); }
  Result<std::optional<Bytes>> read(YamuxStreamId id, std::size_t most);
  void release(MuxedStream& stream);

  Owner* owner_;
  runtime::Runtime runtime_;
  std::unique_ptr<runtime::TcpStream> tcp_;
  Connection::Role role_;
  Multiaddr remote_addr_;
  Connection connection_;
  PeerId remote_;
  DialTrace* trace_ = nullptr;
  Phase phase_ = Phase::negotiate;
  Time phase_began_;
  std::uint64_t held_ = 0;  // as the owner was told
  bool announced_ = false;  // on_established was called
  bool going_away_ = false;
  bool closing_ = false;
  std::optional<Error> failure_;  // to be ended with once the writer has said good-bye
  std::optional<Error> ended_;

  std::map<YamuxStreamId, MuxedStream*> streams_;
  std::map<YamuxStreamId, std::unique_ptr<MuxedStream>> opening_;  // inbound, being negotiated
  std::map<YamuxStreamId, Time> lingering_;                        // let go of with our side closed
  std::deque<std::pair<Time, YamuxStreamId>> expiries_;            // of the two above, in order
  Time close_by_ = kNever;

  runtime::WaitList changed_;
  runtime::WaitList output_;
  std::unique_ptr<runtime::Timer> timer_;
  Time armed_ = kNever;
  runtime::TaskGroup tasks_;
};

}  // namespace p2p::libp2p
