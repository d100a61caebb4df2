#include "host/http/server.hpp"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <thread>

#include "base/log.hpp"
#include "host/http/connection.hpp"
#include "host/http/hub.hpp"
#include "host/http/tally.hpp"

namespace host::http {
namespace {

using asio::ip::tcp;
using base::ErrorKind;
using base::Result;
using TlsContext = std::shared_ptr<asio::ssl::context>;

constexpr std::chrono::milliseconds kTick{200};
constexpr std::chrono::microseconds kExpectMore{200};
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::chrono::milliseconds kStopTime{5000};

Result<TlsContext> load_tls(const Tls& files) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  context->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                       asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                       asio::ssl::context::no_tlsv1_1 | asio::ssl::context::no_compression);
  SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION);
  error_code error;
  context->use_certificate_chain_file(files.certificate_file, error);
  if (error) {
    return base::fail(ErrorKind::invalid, "the certificate cannot be read: " + error.message(),
                      "tls.certificate", files.certificate_file);
  }
  context->use_private_key_file(files.key_file, asio::ssl::context::pem, error);
  if (error || SSL_CTX_check_private_key(context->native_handle()) != 1) {
    return base::fail(ErrorKind::invalid,
                      "the key cannot be read, or is not the certificate's: " + error.message(),
                      "tls.key", files.key_file);
  }
  return context;
}

Result<asio::ip::address> parse_address(const std::string& text) {
  error_code error;
  const auto address = asio::ip::make_address(text, error);
  if (error) {
    return base::fail(ErrorKind::invalid, "must be an IP address: " + text, "listen");
  }
  return address;
}

// Accepts on one address until it is closed.
class Door : public std::enable_shared_from_this<Door> {
 public:
  Door(Hub& hub, const std::function<TlsContext()>& tls)
      : hub_(hub), tls_(tls), acceptor_(hub.io), pause_(hub.io) {}

  Result<std::uint16_t> open(const asio::ip::address& address, std::uint16_t port) {
    error_code error;
    const tcp::endpoint endpoint(address, port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error && address.is_v6()) acceptor_.set_option(asio::ip::v6_only(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(1024, error);
    if (error) {
      return base::fail(ErrorKind::unavailable,
                        "cannot listen at " + address.to_string() + " port " +
                            std::to_string(port) + ": " + error.message(),
                        "listen");
    }
    return acceptor_.local_endpoint().port();
  }

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](error_code error, Socket socket) {
      if (!self->acceptor_.is_open()) return;
      if (error) return self->rest();
      self->take(std::move(socket));
      self->accept();
    });
  }

  void close() {
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
  }

 private:
  void take(Socket socket) {
    error_code error;
    const auto peer = socket.remote_endpoint(error);
    if (error) return;
    const auto here = socket.local_endpoint(error);
    if (error) return;
    std::string address = peer.address().to_string();
    auto ticket = hub_.admit(address, here.address().to_string());
    if (!ticket) return;  // closed: too many
    socket.set_option(tcp::no_delay(true), error);
    serve_connection(hub_, Stream(std::move(socket), tls_(), std::move(ticket)),
                     std::move(address));
  }

  // Out of descriptors, mostly: connections will end, trying at once would spin.
  void rest() {
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([self = shared_from_this()](error_code) {
      if (self->acceptor_.is_open()) self->accept();
    });
  }

  Hub& hub_;
  const std::function<TlsContext()>& tls_;
  asio::basic_socket_acceptor<tcp, asio::io_context::executor_type> acceptor_;
  asio::steady_timer pause_;
};

}  // namespace

struct Server::Impl {
  Impl(const ServerConfig& config_given, const Dependencies& use_given)
      : config(config_given),
        use(use_given),
        tally(use.metrics, use.settings.policy),
        find_tls([this] { return tls; }) {}

  Result<std::uint16_t> start();
  Result<std::uint16_t> listen();
  void tick();
  void stop();

  ServerConfig config;
  Dependencies use;
  Tally tally;
  std::optional<Urls> urls;
  std::unique_ptr<Hub> hub;
  TlsContext tls;  // the I/O thread's, once it runs
  std::function<TlsContext()> find_tls;
  std::vector<std::shared_ptr<Door>> doors;
  std::unique_ptr<asio::steady_timer> ticker;
  std::thread thread;
  bool stopped = false;
};

Result<> check_exposure(const ServerConfig& config) {
  TRY(Urls::make(config.public_url, config.desk_domain, 1));
  if (config.tls && config.public_url.starts_with("http:")) {
    return base::fail(
        ErrorKind::invalid,
        "is http, but a certificate turns TLS on: links to it would not work; make it "
        "https, or leave it out",
        "public_url");
  }
  if (config.listen.empty()) {
    return base::fail(ErrorKind::invalid, "must name at least one address", "listen");
  }
  for (const auto& text : config.listen) {
    const auto address = TRY(parse_address(text));
    if (!address.is_loopback() && !config.tls) {
      return base::fail(ErrorKind::invalid,
                        text +
                            " is reachable from other machines: turn on TLS, or listen at "
                            "127.0.0.1",
                        "listen");
    }
  }
  return {};
}

// A thread that still runs takes the next request up sooner than one that has to be woken. Ends
// when the I/O context is stopped.
void run_io(Hub& hub) {
  while (hub.io.run_one() > 0) {
    while (std::exchange(hub.expects_more, false)) {
      const auto until = std::chrono::steady_clock::now() + kExpectMore;
      while (hub.io.poll() == 0 && std::chrono::steady_clock::now() < until) {
        std::this_thread::yield();
      }
    }
  }
}

// The port is known only after listening, and URLs need it: doors open first, connections wait.
Result<std::uint16_t> Server::Impl::start() {
  TRY(check_exposure(config));
  if (config.tls) tls = TRY(load_tls(*config.tls));
  urls = TRY(Urls::make(config.public_url, config.desk_domain, config.port));
  hub = std::make_unique<Hub>(config, use, *urls);
  const auto port = listen();
  if (!port) {
    hub.reset();
    return port;
  }
  *urls = TRY(Urls::make(config.public_url, config.desk_domain, *port));
  for (const auto& door : doors) door->accept();
  ticker = std::make_unique<asio::steady_timer>(hub->io);
  tick();
  thread = std::thread([this] {
    for (;;) {
      try {
        run_io(*hub);
        return;
      } catch (const std::exception& error) {
        base::log(base::LogLevel::error, "the I/O thread threw",
                  {{"detail", std::string(error.what())}});
      }
    }
  });
  return port;
}

Result<std::uint16_t> Server::Impl::listen() {
  std::uint16_t port = config.port;
  for (const auto& text : config.listen) {
    auto door = std::make_shared<Door>(*hub, find_tls);
    const auto opened = door->open(TRY(parse_address(text)), port);
    if (!opened) {
      doors.clear();
      return opened;
    }
    port = *opened;
    doors.push_back(std::move(door));
  }
  return port;
}

void Server::Impl::tick() {
  ticker->expires_after(kTick);
  ticker->async_wait([this](error_code error) {
    if (error) return;
    hub->tick();
    tick();
  });
}

void Server::Impl::stop() {
  if (stopped || !thread.joinable()) return;
  stopped = true;
  asio::post(hub->io, [this] {
    hub->stopping = true;
    for (const auto& door : doors) door->close();
    hub->stop_peers();
  });
  // Running requests get their answers; then whatever is still open is cut.
  const auto until = std::chrono::steady_clock::now() + kStopTime;
  for (bool empty = false; !empty && std::chrono::steady_clock::now() < until;) {
    std::promise<bool> answer;
    auto asked = answer.get_future();
    asio::post(hub->io, [&] { answer.set_value(hub->peers.empty()); });
    empty = asked.get();
    if (!empty) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  hub->pool.stop();
  hub->io.stop();
  thread.join();
  doors.clear();
  ticker.reset();
}

Server::Server(const ServerConfig& config, const Dependencies& dependencies)
    : impl_(std::make_unique<Impl>(config, dependencies)) {}

Server::~Server() {
  stop();
}

Result<std::uint16_t> Server::start() {
  return impl_->start();
}

void Server::stop() {
  impl_->stop();
}

Result<> Server::reload_certificate() {
  if (!impl_->config.tls) return {};
  auto fresh = TRY(load_tls(*impl_->config.tls));
  asio::post(impl_->hub->io, [impl = impl_.get(), fresh = std::move(fresh)] { impl->tls = fresh; });
  return {};
}

bool Server::help() {
  return impl_->hub && impl_->hub->pool.help();
}

std::string Server::public_origin() const {
  return impl_->urls ? impl_->urls->origin() : "";
}

void Server::meeting_changed(const domain::Meeting& meeting) {
  impl_->tally.see(meeting, impl_->use.clock.now());
  if (impl_->hub) impl_->hub->live.changed(meeting);
}

void Server::meeting_looked_at(const domain::Meeting& meeting) {
  meeting_changed(meeting);
}

}  // namespace host::http
