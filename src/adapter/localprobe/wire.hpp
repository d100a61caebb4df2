#pragma once
// Wire: one TCP connection, blocking for its caller and never longer than its deadline, which
// counts for everything that is done on it together. TlsWire: the same with TLS inside.

#include <openssl/ssl.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace adapter::localprobe {

// Why a peer does not answer is unavailable; that this host can't look at all is internal.
class Wire {
 public:
  static base::Result<std::unique_ptr<Wire>> connect(const std::string& address, std::uint16_t port,
                                                     base::Duration limit);
  virtual ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  virtual base::Result<> send(std::string_view bytes);
  // At least one byte and at most `most`, or none at the end of the stream.
  virtual base::Result<std::string> receive(std::size_t most);

 protected:
  Wire(int socket, std::chrono::steady_clock::time_point until) : socket_(socket), until_(until) {}
  Wire(Wire&& other) noexcept;
  base::Result<> wait(short events) const;

 private:
  int socket_;
  std::chrono::steady_clock::time_point until_;
};

class TlsWire : public Wire {
 public:
  // The peer must prove to be `name` (an empty one: nobody in particular) with a certificate that
  // is in `trusted` (PEM), or was issued by one that is.
  static base::Result<std::unique_ptr<Wire>> start(std::unique_ptr<Wire> wire,
                                                   const std::string& trusted,
                                                   const std::string& server_name,
                                                   const std::string& name);
  base::Result<> send(std::string_view bytes) override;
  base::Result<std::string> receive(std::size_t most) override;

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  TlsWire(Wire&& wire, SSL* ssl) : Wire(std::move(wire)), ssl_(ssl) {}
  // Repeats `step` while it wants bytes to come or go; its last value.
  template <class Step>
  base::Result<int> drive(const Step& step);
  base::Result<> flush();

  std::unique_ptr<SSL, Free> ssl_;  // reads and writes memory; the socket stays ours (no SIGPIPE)
};

}  // namespace adapter::localprobe
