// Bodies of requests: whatever comes is refused naming its kind of fault, or is a booking that the
// domain can judge; and what a handler reads out of headers is part of them.

#include "domain/command.hpp"
#include "fuzz.hpp"
#include "host/http/codec_read.hpp"
#include "host/http/message.hpp"
#include "host/http/urls.hpp"

namespace {

namespace http = host::http;

template <class T>
void check_refusal(const base::Result<T>& result) {
  if (result) return;
  CHECK(result.error().kind == base::ErrorKind::invalid);
  CHECK(!result.error().message.empty());
}

void check_booking(std::string_view body) {
  const auto booking = http::parse_booking(body);
  check_refusal(booking);
  if (!booking) return;
  const auto now = booking->start.at - std::chrono::hours(1);
  const auto meeting = domain::book(*booking, *domain::MeetingId::parse("m1"),
                                    *domain::PrincipalId::parse("ada"), now, domain::Policy{});
  check_refusal(meeting);
  if (meeting) CHECK(!meeting->seats.empty() && meeting->seats.size() <= domain::kSeatsMax);
}

bool is_part(std::string_view part, std::string_view whole) {
  return part.empty() || whole.find(part) != std::string_view::npos;
}

void check_request(std::string_view text) {
  http::Request request;
  request.query = std::string(fuzz::take_part(text));
  request.headers.emplace_back("cookie", std::string(fuzz::take_part(text)));
  request.headers.emplace_back("cookie", std::string(text));
  for (const auto* name : {"__Host-howdah", "a", ""}) {
    const auto cookie = request.cookie(name);
    CHECK(is_part(cookie, request.headers[0].second) || is_part(cookie, request.headers[1].second));
    const auto parameter = request.parameter(name);
    CHECK(!parameter || is_part(*parameter, request.query));
  }
}

void check_form(std::string_view text) {
  const auto value = http::form_field(text, "token");
  // Each byte of it came from one byte, or from three that stood for it.
  CHECK(!value || value->size() + std::string_view("token=").size() <= text.size());
}

void check_words(std::string_view text) {
  if (http::lists(text, "binary")) CHECK(is_part("binary", text));
  CHECK(http::lists(std::string(text) + ", binary", "binary"));
}

// A Host that is taken for a desktop's is written as we write that desktop's.
void check_host(std::string_view text) {
  static const auto urls = *http::Urls::make("http://localhost:8080", "desk.localhost", 8080);
  const auto where = urls.place(text);
  if (!where || where->site != http::Site::desk) return;
  std::string host("http://");
  for (const char c : text) host += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  CHECK(urls.desk_origin(*where->desktop) == host);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::as_text(data, size);
  check_booking(text);
  check_refusal(http::parse_reschedule(text));
  check_refusal(http::parse_extend(text));
  check_refusal(http::parse_single(text, "code"));
  check_refusal(http::parse_leave(text));
  check_refusal(http::parse_key(text));
  check_request(text);
  check_form(text);
  check_words(text);
  check_host(text);
  return 0;
}
