#include "host/http/problem.hpp"

#include <boost/json.hpp>

#include "base/log.hpp"

namespace host::http {

int status_of(const base::Error& error) {
  switch (error.kind) {
    case base::ErrorKind::invalid:
      return error.detail == kSyntax ? 400 : 422;
    case base::ErrorKind::not_found:
      return 404;
    case base::ErrorKind::denied:
      return 403;
    case base::ErrorKind::conflict:
      return 409;
    case base::ErrorKind::exhausted:
      return 429;
    case base::ErrorKind::unavailable:
    case base::ErrorKind::held_back:
    case base::ErrorKind::unknown_outcome:
      return 503;
    case base::ErrorKind::internal:
      return 500;
  }
  return 500;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    default:
      return "Internal Server Error";
  }
}

Response problem(int status, std::string_view detail, std::string_view field) {
  boost::json::object document{
      {"type", "about:blank"}, {"title", reason_phrase(status)}, {"status", status}};
  if (!detail.empty()) document["detail"] = detail;
  if (!field.empty()) document["field"] = field;
  Response response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = boost::json::serialize(document);
  if (status == 429 || status == 503) response.headers.emplace_back("Retry-After", "2");
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

Response problem(const base::Error& error) {
  const int status = status_of(error);
  if (status >= 500) {
    base::log_error(status == 500 ? base::LogLevel::error : base::LogLevel::warn, "request failed",
                    error);
  }
  if (error.kind == base::ErrorKind::not_found && error.message.empty()) {
    return problem(404, "there is nothing here for you");
  }
  return problem(status, error.message, error.field);
}

}  // namespace host::http
