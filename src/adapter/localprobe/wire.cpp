#include "adapter/localprobe/wire.hpp"

#include <netdb.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace adapter::localprobe {

using base::ErrorKind;
using base::fail;
using base::Result;

namespace {

auto silent(const char* why, const char* detail = "") {
  return fail(ErrorKind::unavailable, why, {}, detail);
}
auto cannot_look(const char* what) {
  return fail(ErrorKind::internal, "this host can't look at desktops now", {},
              std::string(what) + ": " + std::strerror(errno));
}

// A listener on every address is reached on loopback.
std::string reachable(const std::string& address) {
  if (address == "0.0.0.0") return "127.0.0.1";
  if (address == "::") return "::1";
  return address;
}

// Trusts all certificates of a PEM text; false when there are none.
bool trust(SSL_CTX* context, const std::string& pem) {
  const std::unique_ptr<BIO, int (*)(BIO*)> text(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  bool some = false;
  for (;;) {
    const std::unique_ptr<X509, void (*)(X509*)> one(
        text ? PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr) : nullptr, X509_free);
    if (!one) break;
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), one.get()) != 1) return false;
    some = true;
  }
  ERR_clear_error();  // the end of the text is one
  return some;
}

}  // namespace

Result<std::unique_ptr<Wire>> Wire::connect(const std::string& address, std::uint16_t port,
                                            base::Duration limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(reachable(address).c_str(), std::to_string(port).c_str(), &hints, &found) !=
      0) {
    return fail(ErrorKind::internal, "this host can't look at desktops now", {},
                "no address: " + address);
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> target(found, ::freeaddrinfo);
  const int socket =
      ::socket(target->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (socket < 0) return cannot_look("socket");
  std::unique_ptr<Wire> wire(new Wire(socket, until));
  if (::connect(socket, target->ai_addr, target->ai_addrlen) == 0) return wire;
  if (errno != EINPROGRESS) return silent("nothing listens at its address", std::strerror(errno));
  TRY(wire->wait(POLLOUT));
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
    return cannot_look("getsockopt");
  }
  if (error != 0) return silent("nothing listens at its address", std::strerror(error));
  return wire;
}

Wire::Wire(Wire&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), until_(other.until_) {}

Wire::~Wire() {
  if (socket_ >= 0) ::close(socket_);
}

Result<> Wire::wait(short events) const {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until_ - std::chrono::steady_clock::now())
            .count();
    if (left <= 0) return silent("it does not answer in time");
    pollfd waited{socket_, events, 0};
    const int ready = ::poll(&waited, 1, static_cast<int>(std::min<long long>(left, 60'000)));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return cannot_look("poll");
  }
}

Result<> Wire::send(std::string_view bytes) {
  while (!bytes.empty()) {
    TRY(wait(POLLOUT));
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (sent < 0) return silent("it hung up", std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<std::string> Wire::receive(std::size_t most) {
  std::string bytes(most, '\0');
  for (;;) {
    TRY(wait(POLLIN));
    const auto got = ::recv(socket_, bytes.data(), bytes.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got < 0) return silent("it hung up", std::strerror(errno));
    bytes.resize(static_cast<std::size_t>(got));
    return bytes;
  }
}

Result<std::unique_ptr<Wire>> TlsWire::start(std::unique_ptr<Wire> wire, const std::string& trusted,
                                             const std::string& server_name,
                                             const std::string& name) {
  const std::unique_ptr<SSL_CTX, Free> context(SSL_CTX_new(TLS_client_method()));
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1 ||
      !trust(context.get(), trusted)) {
    return fail(ErrorKind::internal, "this host can't look at desktops now", {},
                "there is no certificate to trust");
  }
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  // A certificate in the file is trusted as it stands, without its issuer: that pins our own.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context.get()), X509_V_FLAG_PARTIAL_CHAIN);
  std::unique_ptr<TlsWire> tls(new TlsWire(std::move(*wire), SSL_new(context.get())));
  SSL* const ssl = tls->ssl_.get();
  BIO* const in = BIO_new(BIO_s_mem());
  BIO* const out = BIO_new(BIO_s_mem());
  if (ssl == nullptr || in == nullptr || out == nullptr) {
    BIO_free(in);
    BIO_free(out);
    return cannot_look("TLS");
  }
  SSL_set_bio(ssl, in, out);
  SSL_set_connect_state(ssl);
  if (SSL_set_tlsext_host_name(ssl, server_name.c_str()) != 1 ||
      (!name.empty() && SSL_set1_host(ssl, name.c_str()) != 1)) {
    return cannot_look("TLS");
  }
  const int done = TRY(tls->drive([ssl] { return SSL_do_handshake(ssl); }));
  if (done != 1) {
    const auto verified = SSL_get_verify_result(ssl);
    if (verified == X509_V_OK) return silent("it does not speak TLS");
    return silent("its certificate is not good", X509_verify_cert_error_string(verified));
  }
  return std::unique_ptr<Wire>(std::move(tls));
}

template <class Step>
Result<int> TlsWire::drive(const Step& step) {
  for (;;) {
    ERR_clear_error();  // of this thread: an old one would be taken for this step's
    const int done = step();
    const int wants = SSL_get_error(ssl_.get(), done);
    TRY(flush());
    if (done > 0 || (wants != SSL_ERROR_WANT_READ && wants != SSL_ERROR_WANT_WRITE)) return done;
    const auto bytes = TRY(Wire::receive(16 * 1024));
    if (bytes.empty()) return -1;
    BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
  }
}

Result<> TlsWire::flush() {
  std::array<char, 4096> buffer{};
  for (;;) {
    const int size =
        BIO_read(SSL_get_wbio(ssl_.get()), buffer.data(), static_cast<int>(buffer.size()));
    if (size <= 0) return {};
    TRY(Wire::send(std::string_view(buffer.data(), static_cast<std::size_t>(size))));
  }
}

Result<> TlsWire::send(std::string_view bytes) {
  const int size = static_cast<int>(bytes.size());
  const int done = TRY(drive([&] { return SSL_write(ssl_.get(), bytes.data(), size); }));
  if (done != size) return silent("it hung up");
  return {};
}

Result<std::string> TlsWire::receive(std::size_t most) {
  std::string bytes(most, '\0');
  const int size = static_cast<int>(most);
  const int got = TRY(drive([&] { return SSL_read(ssl_.get(), bytes.data(), size); }));
  bytes.resize(static_cast<std::size_t>(std::max(got, 0)));
  return bytes;
}

}  // namespace adapter::localprobe
