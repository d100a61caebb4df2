#pragma once
// Urls: every address that we hand out, and every Host and Origin that we take, made from the
// configuration and the port that is listened at; never from a request (SECURITY rows 7, 8, 10,
// 12).

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "domain/ids.hpp"
#include "host/http/message.hpp"

namespace host::http {

class Urls {
 public:
  // "http[s]://host[:port]"; port 0 becomes `port`. Desktops share the scheme and port.
  static base::Result<Urls> make(std::string_view public_url, std::string_view desk_domain,
                                 std::uint16_t port);

  const std::string& origin() const { return origin_; }
  bool secure() const { return scheme_ == "https"; }
  std::string desk_origin(const domain::DesktopId& desktop) const;
  std::string desk_socket_origin(const domain::DesktopId& desktop) const;  // ws:// or wss://
  std::string any_desk_origin() const;  // "http://*.desk.localhost:8080", for form-action
  std::string door(const domain::DesktopId& desktop) const;
  std::string join_page(const domain::SeatId& seat) const;
  std::string link(const domain::SeatId& seat, std::string_view token) const;

  struct Where {
    Site site;
    std::optional<domain::DesktopId> desktop;
  };
  // What a Host header means; nothing: it is not ours.
  std::optional<Where> place(std::string_view host) const;

 private:
  std::string scheme_;
  std::string authority_;  // public host[:port], the port left out when it is the scheme's own
  std::string origin_;
  std::string desk_suffix_;  // ".desk.localhost:8080"
};

}  // namespace host::http
