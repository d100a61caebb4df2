#pragma once
// Stream: a peer's socket, plain or TLS, as one type, so that everything above it is compiled once.
// Only the I/O thread touches it. `ticket` lives as long as the socket is open (it counts
// connections).

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/websocket/stream_base.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <memory>
#include <utility>

namespace host::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;

using Socket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;

class Stream {
 public:
  using executor_type = Socket::executor_type;

  Stream(Socket socket, std::shared_ptr<asio::ssl::context> tls, std::shared_ptr<void> ticket)
      : context_(std::move(tls)), ticket_(std::move(ticket)) {
    if (context_) {
      tls_ = std::make_unique<asio::ssl::stream<Socket>>(std::move(socket), *context_);
    } else {
      plain_ = std::make_unique<Socket>(std::move(socket));
    }
  }

  executor_type get_executor() { return socket().get_executor(); }
  Socket& socket() { return tls_ ? tls_->next_layer() : *plain_; }
  bool secure() const { return tls_ != nullptr; }
  asio::ssl::stream<Socket>* tls() { return tls_.get(); }

  void close() {
    error_code ignored;
    socket().close(ignored);
    ticket_.reset();
  }

  template <class Buffers, class Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    if (tls_) {
      tls_->async_read_some(buffers, std::forward<Handler>(handler));
    } else {
      plain_->async_read_some(buffers, std::forward<Handler>(handler));
    }
  }

  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    if (tls_) {
      tls_->async_write_some(buffers, std::forward<Handler>(handler));
    } else {
      plain_->async_write_some(buffers, std::forward<Handler>(handler));
    }
  }

  // What a WebSocket does with its stream at the end.
  template <class Handler>
  friend void async_teardown(beast::role_type /*role*/, Stream& stream, Handler&& handler) {
    error_code ignored;
    stream.socket().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
    asio::post(stream.get_executor(),
               [handler = std::forward<Handler>(handler)]() mutable { handler(error_code()); });
  }
  friend void teardown(beast::role_type /*role*/, Stream& stream, error_code& /*error*/) {
    stream.close();
  }
  friend void beast_close_socket(Stream& stream) { stream.close(); }

 private:
  std::shared_ptr<asio::ssl::context> context_;
  std::unique_ptr<asio::ssl::stream<Socket>> tls_;
  std::unique_ptr<Socket> plain_;
  std::shared_ptr<void> ticket_;
};

}  // namespace host::http
