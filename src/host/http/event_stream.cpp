#include "host/http/event_stream.hpp"

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "host/http/codec_write.hpp"

namespace host::http {
namespace {

class EventStream final : public Peer, public std::enable_shared_from_this<EventStream> {
 public:
  EventStream(Hub& hub, Stream stream, std::shared_ptr<const Grant> grant)
      : Peer(hub), stream_(std::move(stream)), grant_(std::move(grant)), timer_(hub.io) {}

  ~EventStream() override { hub().live.unwatch(grant_->meeting.id, watch_); }

  void start() {
    const auto* seat = domain::find_seat(grant_->meeting, grant_->seat);
    const Watched watched{grant_->seat, seat->epoch, grant_->desktop, false};
    hub().head.write_events(out_);
    const auto watch = [&io = hub().io, weak = weak_from_this()](const Body& status,
                                                                 std::optional<CloseCode> end) {
      asio::post(io, [weak, status, end] {
        if (const auto self = weak.lock()) self->told(status, end);
      });
    };
    watch_ = hub().live.watch(grant_->meeting, watched, watch, hub().limits().streams_per_seat);
    if (watch_ == 0) over_ = true;
    read();
    write();
    wait();
  }

  void expired() override { close(); }
  void stop() override { close(); }
  void screens_changed(const domain::DesktopId& desktop) override {
    if (grant_->desktop != desktop) return;
    fresh_ = true;
    flush();
  }

 private:
  void told(const Body& status, std::optional<CloseCode> end) {
    if (end) over_ = true;
    // Whoever lost their access learns nothing more; the end of a meeting is for all to see.
    if (!end || *end == CloseCode::meeting_ended) {
      status_ = status;
      fresh_ = true;
    }
    flush();
  }

  void flush() {
    if (writing_ || closed_) return;
    if (fresh_ && status_) {
      out_ += "event: status\ndata: ";
      out_ += grant_->desktop ? with_connected(*status_, hub().screens.count(*grant_->desktop))
                              : *status_;
      out_ += "\n\n";
      fresh_ = false;
    }
    if (out_.empty()) {
      if (over_) close();
      return;
    }
    write();
  }

  void write() {
    writing_ = true;
    set_deadline(hub().limits().write_time);
    asio::async_write(stream_, asio::buffer(out_),
                      [self = shared_from_this()](error_code error, std::size_t) {
                        self->writing_ = false;
                        self->no_deadline();
                        self->out_.clear();
                        if (error) return self->close();
                        self->flush();
                      });
  }

  // Nothing is expected from the reader but that it goes away.
  void read() {
    stream_.async_read_some(asio::buffer(in_),
                            [self = shared_from_this()](error_code error, std::size_t) {
                              if (error) return self->close();
                              self->read();
                            });
  }

  void wait() {
    timer_.expires_after(hub().limits().ping_period);
    timer_.async_wait([self = shared_from_this()](error_code error) {
      if (error || self->closed_) return;
      if (!self->writing_) {
        self->out_ += ": \n\n";
        self->flush();
      }
      self->wait();
    });
  }

  void close() {
    if (closed_) return;
    closed_ = true;
    timer_.cancel();
    stream_.close();
  }

  Stream stream_;
  std::shared_ptr<const Grant> grant_;
  asio::steady_timer timer_;
  std::array<char, 512> in_{};
  std::string out_;
  Body status_;
  std::uint64_t watch_ = 0;
  bool fresh_ = false;
  bool over_ = false;
  bool writing_ = false;
  bool closed_ = false;
};

}  // namespace

void serve_events(Hub& hub, Stream stream, std::shared_ptr<const Grant> grant) {
  std::make_shared<EventStream>(hub, std::move(stream), std::move(grant))->start();
}

}  // namespace host::http
