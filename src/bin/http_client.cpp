#include "bin/http_client.hpp"

#include <fmt/format.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>

namespace bin {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using base::ErrorKind;
using base::fail;
using Code = boost::system::error_code;

constexpr auto kTimeMax = std::chrono::seconds(30);
constexpr std::size_t kBodyMax = 64 * 1024 * 1024;

// Runs one asynchronous step to its end; the stream's own time limit bounds it.
template <class Start>
Code step(asio::io_context& context, Start start) {
  Code result = asio::error::would_block;
  start([&result](Code code, auto&&...) { result = code; });
  context.restart();
  context.run();
  return result;
}

tl::unexpected<base::Error> unreachable(const ServerAddress& server, const Code& code) {
  return fail(ErrorKind::unavailable,
              fmt::format("the server at {} does not answer: {}", server.host, code.message()));
}

http::request<http::string_body> make_request(const ServerAddress& server,
                                              const HttpRequest& request) {
  http::request<http::string_body> message;
  message.version(11);
  message.method_string(request.method);
  message.target(request.path);
  message.set(http::field::host, server.host);
  message.set(http::field::user_agent, "howdah-cli");
  message.set(http::field::connection, "close");
  if (!request.key.empty()) {
    message.set(http::field::authorization, "Bearer " + std::string(request.key.reveal()));
  }
  for (const auto& [name, value] : request.headers) message.set(name, value);
  if (!request.body.empty()) message.set(http::field::content_type, "application/json");
  message.body() = request.body;
  message.prepare_payload();
  return message;
}

template <class Stream>
base::Result<HttpReply> talk(asio::io_context& context, Stream& stream, const ServerAddress& server,
                             const HttpRequest& request) {
  const auto message = make_request(server, request);
  const auto sent =
      step(context, [&](auto done) { http::async_write(stream, message, std::move(done)); });
  if (sent) return unreachable(server, sent);
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(kBodyMax);
  const auto read =
      step(context, [&](auto done) { http::async_read(stream, buffer, parser, std::move(done)); });
  if (read) return unreachable(server, read);
  return HttpReply{parser.get().result_int(), std::move(parser.get().body())};
}

base::Result<> connect(asio::io_context& context, beast::tcp_stream& stream,
                       const ServerAddress& server) {
  Code code;
  const auto address = asio::ip::make_address(server.address, code);
  if (!code) {
    code = step(context, [&](auto done) {
      stream.async_connect(asio::ip::tcp::endpoint(address, server.port), std::move(done));
    });
  } else {
    asio::ip::tcp::resolver resolver(context);
    const auto found = resolver.resolve(server.address, std::to_string(server.port), code);
    if (!code) {
      code = step(context, [&](auto done) { stream.async_connect(found, std::move(done)); });
    }
  }
  if (code) return unreachable(server, code);
  return {};
}

std::string host_only(const std::string& host) {
  if (host.starts_with('[')) return host.substr(1, host.find(']') - 1);
  return host.substr(0, host.rfind(':'));
}

base::Result<HttpReply> exchange_tls(asio::io_context& context, beast::tcp_stream& plain,
                                     const ServerAddress& server, const HttpRequest& request) {
  asio::ssl::context tls(asio::ssl::context::tls_client);
  Code code;
  tls.set_default_verify_paths(code);
  // The server's own certificate may be what is trusted.
  X509_STORE_set_flags(SSL_CTX_get_cert_store(tls.native_handle()), X509_V_FLAG_PARTIAL_CHAIN);
  if (!server.authority.empty()) {
    tls.add_certificate_authority(asio::buffer(server.authority), code);
  }
  const auto name = host_only(server.host);
  beast::ssl_stream<beast::tcp_stream&> stream(plain, tls);
  stream.set_verify_mode(asio::ssl::verify_peer);
  stream.set_verify_callback(asio::ssl::host_name_verification(name));
  SSL_set_tlsext_host_name(stream.native_handle(), name.c_str());
  code = step(context, [&](auto done) {
    stream.async_handshake(asio::ssl::stream_base::client, std::move(done));
  });
  if (code) return unreachable(server, code);
  return talk(context, stream, server, request);
}

}  // namespace

base::Result<HttpReply> exchange(const ServerAddress& server, const HttpRequest& request) {
  asio::io_context context(1);
  beast::tcp_stream stream(context);
  stream.expires_after(kTimeMax);
  TRY(connect(context, stream, server));
  if (server.tls) return exchange_tls(context, stream, server, request);
  return talk(context, stream, server, request);
}

}  // namespace bin
