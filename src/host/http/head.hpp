#pragma once
// Head: status line and headers of answers, with the security headers of each host (SECURITY rows
// 2, 9) and the Date. Stateless, so any thread may write an answer.

#include <string>
#include <string_view>

#include "host/http/message.hpp"
#include "host/http/urls.hpp"

namespace host::http {

class Head {
 public:
  explicit Head(const Urls& urls);

  // Appends head (and body, unless `head_only`) of `response` to `out`.
  void write(std::string& out, const Response& response, const Request& request, bool keep_alive,
             bool head_only) const;
  // The same for the one hot answer: 200 with JSON.
  void write_json(std::string& out, std::string_view body, bool keep_alive) const;
  // The head of an event stream, which ends when the connection does.
  void write_events(std::string& out) const;

 private:
  void append_page_policy(std::string& out, const Request& request) const;

  const Urls& urls_;
};

}  // namespace host::http
