#include "host/http/bridge.hpp"

#include <array>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

namespace host::http {
namespace {

namespace websocket = beast::websocket;
using Screen = asio::local::stream_protocol::socket;

constexpr std::chrono::milliseconds kCloseTime{1000};

class Bridge final : public Peer, public std::enable_shared_from_this<Bridge> {
 public:
  Bridge(Hub& hub, Stream stream, UpgradeRequest request, std::shared_ptr<const Grant> grant)
      : Peer(hub),
        socket_(std::move(stream)),
        request_(std::move(request)),
        grant_(std::move(grant)),
        screen_(hub.io),
        ping_timer_(hub.io),
        used_timer_(hub.io),
        from_screen_(hub.limits().buffer_bytes) {}

  ~Bridge() override { hub().live.unwatch(grant_->meeting.id, watch_); }

  void start(std::uint64_t screen_id) {
    screen_id_ = screen_id;
    take_screen();
    const auto* seat = domain::find_seat(grant_->meeting, grant_->seat);
    const Watched watched{grant_->seat, seat->epoch, grant_->desktop, true};
    const auto watch = [&io = hub().io, weak = weak_from_this()](const Body& /*status*/,
                                                                 std::optional<CloseCode> end) {
      if (!end) return;
      asio::post(io, [weak, end] {
        if (const auto self = weak.lock()) self->close(*end);
      });
    };
    watch_ = hub().live.watch(grant_->meeting, watched, watch, hub().limits().streams_per_seat);
    accept();
  }

  void expired() override { cut(); }
  void stop() override { close(CloseCode::going_away); }

  void close(CloseCode code) {
    if (closing_) return;
    if (!open_) {
      if (!pending_) pending_ = code;
      return;
    }
    shut(code);
  }

 private:
  void take_screen() {
    if (!grant_->socket) return;
    const int fd = grant_->socket->release();
    error_code error;
    if (fd >= 0) screen_.assign(asio::local::stream_protocol(), fd, error);
    if (!error) screen_.non_blocking(true, error);
  }

  void accept() {
    websocket::permessage_deflate deflate;
    deflate.server_enable = false;
    socket_.set_option(deflate);
    socket_.set_option(websocket::stream_base::decorator([](websocket::response_type& response) {
      response.set(beast::http::field::sec_websocket_protocol, "binary");
      response.set("X-Content-Type-Options", "nosniff");
    }));
    socket_.auto_fragment(false);
    socket_.binary(true);
    socket_.read_message_max(hub().limits().frame_bytes_max);
    socket_.control_callback([this](websocket::frame_type, beast::string_view) { heard(); });
    set_deadline(hub().limits().write_time);
    socket_.async_accept(request_, [self = shared_from_this()](error_code error) {
      if (error) return self->cut();
      self->accepted();
    });
  }

  void accepted() {
    open_ = true;
    heard();
    if (pending_) return shut(*pending_);
    if (!screen_.is_open()) return shut(CloseCode::no_answer);
    used_timer_.expires_after(hub().use.settings.policy.used_after);
    used_timer_.async_wait([self = shared_from_this()](error_code error) {
      if (!error && !self->closing_) self->hub().presence.report(*self->grant_->desktop, true);
    });
    ping();
    read_viewer();
    read_screen();
  }

  // The peer lives: it has this long until it must be heard again.
  void heard() {
    if (!closing_) set_deadline(hub().limits().silence_max);
  }

  void ping() {
    ping_timer_.expires_after(hub().limits().ping_period);
    ping_timer_.async_wait([self = shared_from_this()](error_code error) {
      if (error || self->closing_) return;
      self->socket_.async_ping({}, [self](error_code failed) {
        if (failed || self->closing_) return;
        self->ping();
      });
    });
  }

  void read_viewer() {
    socket_.async_read(from_viewer_, [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return self->cut();
      self->heard();
      self->write_screen();
    });
  }

  void write_screen() {
    if (closing_) return read_viewer_to_the_end();
    asio::async_write(screen_, from_viewer_.data(),
                      [self = shared_from_this()](error_code error, std::size_t) {
                        self->from_viewer_.consume(self->from_viewer_.size());
                        if (error) {
                          self->close(CloseCode::no_answer);
                          return self->read_viewer_to_the_end();
                        }
                        self->read_viewer();
                      });
  }

  // While closing, the peer's close frame is waited for; what else it sends is dropped.
  void read_viewer_to_the_end() {
    from_viewer_.consume(from_viewer_.size());
    socket_.async_read(from_viewer_, [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return self->cut();
      self->read_viewer_to_the_end();
    });
  }

  void read_screen() {
    screen_.async_read_some(asio::buffer(from_screen_),
                            [self = shared_from_this()](error_code error, std::size_t count) {
                              if (error) return self->close(CloseCode::no_answer);
                              self->write_viewer(count);
                            });
  }

  void write_viewer(std::size_t count) {
    if (closing_) return;
    socket_.async_write(asio::buffer(from_screen_.data(), count),
                        [self = shared_from_this()](error_code error, std::size_t) {
                          if (error) return self->cut();
                          if (!self->closing_) self->read_screen();
                        });
  }

  // Says why, gives the peer a second to answer, then cuts.
  void shut(CloseCode code) {
    if (closing_) return;
    closing_ = true;
    leave();
    error_code ignored;
    screen_.close(ignored);
    set_deadline(kCloseTime);
    socket_.async_close(
        websocket::close_reason(static_cast<websocket::close_code>(code), reason_of(code)),
        [self = shared_from_this()](error_code) { self->cut(); });
  }

  static const char* reason_of(CloseCode code) {
    switch (code) {
      case CloseCode::taken_over:
        return "taken over by another tab";
      case CloseCode::meeting_ended:
        return "the meeting ended";
      case CloseCode::desktop_gone:
        return "this desktop was taken down";
      case CloseCode::link_revoked:
        return "the link was revoked";
      case CloseCode::left:
        return "left";
      case CloseCode::no_answer:
        return "the screen does not answer";
      case CloseCode::going_away:
        return "the server stops";
    }
    return "";
  }

  void leave() {
    ping_timer_.cancel();
    used_timer_.cancel();
    if (screen_id_ != 0) hub().screens.closed(*grant_->desktop, std::exchange(screen_id_, 0));
  }

  void cut() {
    closing_ = true;
    no_deadline();
    leave();
    error_code ignored;
    screen_.close(ignored);
    socket_.next_layer().close();
  }

  websocket::stream<Stream> socket_;
  UpgradeRequest request_;
  std::shared_ptr<const Grant> grant_;
  Screen screen_;
  asio::steady_timer ping_timer_;
  asio::steady_timer used_timer_;
  beast::flat_buffer from_viewer_;
  std::vector<char> from_screen_;
  std::uint64_t screen_id_ = 0;
  std::uint64_t watch_ = 0;
  std::optional<CloseCode> pending_;
  bool open_ = false;
  bool closing_ = false;
};

// Made before its bridge is.
struct LateCloser {
  std::weak_ptr<Bridge> bridge;  // the I/O thread's
};

}  // namespace

bool serve_screen(Hub& hub, Stream& stream, UpgradeRequest request,
                  std::shared_ptr<const Grant> grant) {
  std::uint64_t id = 0;
  auto late = std::make_shared<LateCloser>();
  if (grant->socket) {
    // The bridge is made only when there is a place for it; both happen on the I/O thread, where
    // the closer's work is posted to, so it finds the bridge.
    const auto opened =
        hub.screens.open(*grant->desktop, grant->take_over, [&hub, late](CloseCode code) {
          asio::post(hub.io, [late, code] {
            if (const auto self = late->bridge.lock()) self->close(code);
          });
        });
    if (!opened) return false;
    id = *opened;
  }
  auto bridge =
      std::make_shared<Bridge>(hub, std::move(stream), std::move(request), std::move(grant));
  late->bridge = bridge;
  bridge->start(id);
  return true;
}

}  // namespace host::http
