#include "host/http/connection.hpp"

#include <sys/socket.h>

#include <array>
#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "host/http/bridge.hpp"
#include "host/http/event_stream.hpp"
#include "host/http/problem.hpp"
#include "host/http/routes.hpp"

namespace host::http {
namespace {

namespace http = beast::http;

constexpr std::size_t kReadBytes = 16 * 1024;
constexpr std::chrono::milliseconds kDrainTime{1000};
constexpr std::size_t kDrainBytesMax = 256 * 1024;

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

class Connection final : public Peer, public std::enable_shared_from_this<Connection> {
 public:
  Connection(Hub& hub, Stream stream, std::string address)
      : Peer(hub), stream_(std::move(stream)), address_(std::move(address)) {}

  void start() {
    if (!stream_.secure()) return next(hub().limits().header_time);
    set_deadline(hub().limits().handshake_time);
    stream_.tls()->async_handshake(asio::ssl::stream_base::server,
                                   [self = shared_from_this()](error_code error) {
                                     if (error) return self->close();
                                     self->next(self->hub().limits().header_time);
                                   });
  }

  void expired() override { close(); }
  void stop() override {
    keep_ = false;
    if (!busy_) close();
  }

 private:
  // Waits for the next request, for at most `idle` until its first byte.
  void next(std::chrono::milliseconds idle) {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(hub().limits().header_bytes_max));
    parser_->body_limit(hub().limits().body_bytes_max);
    parser_->eager(true);
    begun_ = false;
    in_body_ = false;
    set_deadline(idle);
    if (buffer_.size() > 0) return parse();
    read();
  }

  void read() {
    stream_.async_read_some(buffer_.prepare(kReadBytes),
                            [self = shared_from_this()](error_code error, std::size_t count) {
                              if (error) return self->close();
                              self->buffer_.commit(count);
                              self->parse();
                            });
  }

  void parse() {
    if (!begun_) {
      begun_ = true;
      set_deadline(hub().limits().header_time);
    }
    error_code error;
    while (buffer_.size() > 0 && !parser_->is_done()) {
      const auto used = parser_->put(buffer_.data(), error);
      buffer_.consume(used);
      if (error == http::error::need_more) break;
      if (error) return refuse(error);
      if (used == 0) break;
    }
    if (parser_->is_header_done() && !in_body_) {
      in_body_ = true;
      set_deadline(hub().limits().body_time);
      if (const int status = framing_fault(); status != 0) return refuse(status);
    }
    if (!parser_->is_done()) return read();
    dispatch();
  }

  // What the parser lets through and we do not: anything that two readers could understand in two
  // ways.
  int framing_fault() {
    const auto& message = parser_->get();
    const auto target = view(message.target());
    if (!target.starts_with('/') || message.method() == http::verb::unknown) return 400;
    if (message.count(http::field::host) != 1) return 400;
    if (message.count(http::field::content_length) > 1) return 400;
    const auto length = view(message[http::field::content_length]);
    if (length.find_first_not_of("0123456789") != std::string_view::npos) return 400;
    const auto encodings = message.count(http::field::transfer_encoding);
    if (encodings > 1 || (encodings == 1 && message.version() != 11)) return 400;
    if (encodings == 1 && message.count(http::field::content_length) > 0) return 400;
    if (encodings == 1 && lower(view(message[http::field::transfer_encoding])) != "chunked") {
      return 400;
    }
    if (message.count(http::field::expect) > 0) return 417;
    return 0;
  }

  void refuse(const error_code& error) {
    if (error == http::error::header_limit) return refuse(431);
    if (error == http::error::body_limit) return refuse(413);
    refuse(400);
  }

  void refuse(int status) {
    keep_ = false;
    Request request;
    const Response response =
        problem(status, status == 413   ? "the body is too large"
                        : status == 431 ? "the headers are too large"
                                        : "this request cannot be understood");
    send(request, response);
  }

  void dispatch() {
    const auto& message = parser_->get();
    keep_ = message.keep_alive() && !hub().stopping;
    const auto where = hub().urls.place(view(message[http::field::host]));
    Request request;
    request.method = std::string(view(message.method_string()));
    if (!where) return send(request, problem(421, "this server has no such host"));
    request.site = where->site;
    request.desktop = where->desktop;
    if (!hub().limiters.request(address_)) {
      return send(request, problem(429, "too many requests; wait a little"));
    }
    const auto target = view(message.target());
    const auto mark = target.find('?');
    const auto path = target.substr(0, mark);
    if (message.method() == http::verb::get && where->site == Site::front && hot(path)) return;
    request.path = std::string(path);
    if (mark != std::string_view::npos) request.query = std::string(target.substr(mark + 1));
    if (request.changes_nothing()) {
      if (const auto* file = hub().file(request.site, path)) return send_file(request, *file);
    }
    for (const auto& field : message) {
      request.headers.emplace_back(lower(view(field.name_string())),
                                   std::string(view(field.value())));
    }
    request.body = message.body();
    request.address = address_;
    run(std::make_shared<const Request>(std::move(request)));
  }

  // The one hot call: the status of a seat whose cookie is known to be good, from memory.
  bool hot(std::string_view path) {
    constexpr std::string_view kPrefix = "/v1/join/";
    if (!path.starts_with(kPrefix)) return false;
    const auto seat = path.substr(kPrefix.size());
    if (seat.empty() || seat.size() > 63 || seat.find('/') != std::string_view::npos) return false;
    std::array<char, 80> name{};
    constexpr std::string_view kName = "__Host-seat-";
    std::copy(kName.begin(), kName.end(), name.begin());
    std::copy(seat.begin(), seat.end(), name.begin() + kName.size());
    const auto cookie = find_cookie(view(parser_->get()[http::field::cookie]),
                                    {name.data(), kName.size() + seat.size()});
    const Body body = hub().live.find(seat, cookie);
    if (!body) return false;
    hub().hot_requests.add();
    out_.clear();
    hub().head.write_json(out_, *body, keep_);
    write({});
    return true;
  }

  // Until it has answered, the handler's thread has this connection to itself.
  void run(std::shared_ptr<const Request> request) {
    busy_ = true;
    no_deadline();  // handlers are bounded by the ports that they call
    const auto pace = is_quick(*request) ? Pool::Pace::quick : Pool::Pace::any;
    // Connections die on the I/O thread: the job gives its share away before it ends.
    auto job = [self = shared_from_this(), request]() mutable {
      Hub& hub = self->hub();
      auto response = std::make_shared<Response>(handle(hub.context, *request));
      if (!response->grant && !self->stream_.secure()) {
        const auto sent = self->send_at_once(*request, *response);
        asio::post(hub.io, [self = std::move(self), sent] { self->sent(sent); });
        return;
      }
      asio::post(hub.io, [self = std::move(self), request, response] {
        self->answered(*request, *response);
      });
    };
    if (!hub().pool.submit(std::move(job), pace)) {
      send(*request, problem(503, "too many requests at once; try again"));
    }
  }

  // On the handler's thread: spares the person a change to the I/O thread. Answers how much the
  // socket took.
  std::size_t send_at_once(const Request& request, const Response& response) {
    hub().count(response.route, response.status);
    if (hub().stopping) keep_ = false;
    out_.clear();
    hub().head.write(out_, response, request, keep_, request.method == "HEAD");
    const auto count = ::send(stream_.socket().native_handle(), out_.data(), out_.size(),
                              MSG_NOSIGNAL | MSG_DONTWAIT);
    return count < 0 ? 0 : static_cast<std::size_t>(count);
  }

  // The rest of it; what is wrong with the socket shows again here.
  void sent(std::size_t count) {
    hub().expects_more = true;
    if (count == out_.size()) return written(error_code());
    out_.erase(0, count);
    write({});
  }

  void answered(const Request& request, Response& response) {
    if (!response.grant) {
      hub().count(response.route, response.status);
      return send(request, response, true);
    }
    if (request.method != "GET") return send(request, problem(405, "this takes GET"));
    if (hub().stopping) return send(request, problem(503, "the server stops"));
    const auto route = response.route;
    if (!response.grant->screen) {
      hub().count(route, 200);
      return serve_events(hub(), hand_over(), response.grant);
    }
    if (serve_screen(hub(), stream_, parser_->release(), response.grant)) {
      handed_over_ = true;
      hub().count(route, 101);
      return;
    }
    hub().count(route, 409);
    send(request, problem(409, "this desktop is open in another tab"), true);
  }

  Stream hand_over() {
    handed_over_ = true;
    return std::move(stream_);
  }

  void send_file(const Request& request, const StaticFile& file) {
    Response response;
    response.content_type = std::string(file.content_type);
    response.fixed_body = file.bytes;
    response.headers.emplace_back("Cache-Control", "no-cache");
    response.headers.emplace_back("ETag", std::string(file.etag));
    if (view(parser_->get()[http::field::if_none_match]) == file.etag) response.status = 304;
    hub().count("static", response.status);
    send(request, response, true);
  }

  void send(const Request& request, const Response& response, bool counted = false) {
    if (!counted) hub().count("refused", response.status);
    out_.clear();
    const bool head_only = request.method == "HEAD";
    if (hub().stopping) keep_ = false;
    const bool apart = response.fixed_body.size() > kReadBytes;
    hub().head.write(out_, response, request, keep_, head_only || apart);
    const bool with_body = apart && !head_only && response.status != 304;
    write(with_body ? response.fixed_body : std::string_view());
  }

  void write(std::string_view more) {
    busy_ = true;
    set_deadline(hub().limits().write_time);
    auto done = [self = shared_from_this()](error_code error, std::size_t) {
      self->written(error);
    };
    if (more.empty()) return asio::async_write(stream_, asio::buffer(out_), std::move(done));
    asio::async_write(stream_,
                      std::array<asio::const_buffer, 2>{asio::buffer(out_), asio::buffer(more)},
                      std::move(done));
  }

  void written(const error_code& error) {
    busy_ = false;
    if (error) return close();
    if (!keep_) return finish();
    next(hub().limits().idle_time);
  }

  // Says that nothing more comes, and reads what is on its way, so that the answer is not lost in a
  // reset. What was encrypted is not decrypted any more.
  void finish() {
    error_code ignored;
    set_deadline(kDrainTime);
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    drain(0);
  }

  void drain(std::size_t already) {
    buffer_.consume(buffer_.size());
    if (already > kDrainBytesMax) return close();
    stream_.socket().async_read_some(
        buffer_.prepare(kReadBytes),
        [self = shared_from_this(), already](error_code error, std::size_t count) {
          if (error) return self->close();
          self->drain(already + count);
        });
  }

  void close() {
    if (handed_over_) return;
    no_deadline();
    stream_.close();
  }

  Stream stream_;
  std::string address_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::string out_;
  bool begun_ = false;
  bool in_body_ = false;
  std::atomic<bool> keep_ = false;  // the server's stop clears it at any time
  bool busy_ = false;
  bool handed_over_ = false;
};

}  // namespace

void serve_connection(Hub& hub, Stream stream, std::string address) {
  std::make_shared<Connection>(hub, std::move(stream), std::move(address))->start();
}

}  // namespace host::http
