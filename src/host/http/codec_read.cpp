#include "host/http/codec_read.hpp"

#include <boost/json.hpp>

#include "base/zone.hpp"
#include "host/http/problem.hpp"

namespace host::http {
namespace {

namespace json = boost::json;
using base::ErrorKind;
using base::Result;

constexpr std::int64_t kMinutesMax = 1'000'000;  // keeps arithmetic on it far from overflow

tl::unexpected<base::Error> syntax(std::string message, std::string field = {}) {
  return base::fail(ErrorKind::invalid, std::move(message), std::move(field), std::string(kSyntax));
}

Result<json::object> parse_object(std::string_view body) {
  json::parse_options options;
  options.max_depth = 8;
  json::error_code error;
  json::value value = json::parse({body.data(), body.size()}, error, {}, options);
  if (error) return syntax("the body is not JSON: " + error.message());
  if (!value.is_object()) return syntax("the body must be a JSON object");
  return std::move(value.as_object());
}

// Takes fields out of an object; what is left at the end is unknown.
class Fields {
 public:
  explicit Fields(json::object object, std::string prefix = {})
      : object_(std::move(object)), prefix_(std::move(prefix)) {}

  std::string path(std::string_view name) const { return prefix_ + std::string(name); }
  bool has(std::string_view name) const { return object_.contains({name.data(), name.size()}); }

  std::optional<json::value> take(std::string_view name) {
    const auto found = object_.find({name.data(), name.size()});
    if (found == object_.end()) return std::nullopt;
    json::value value = std::move(found->value());
    object_.erase(found);
    return value;
  }
  Result<std::optional<std::string>> text(std::string_view name) {
    auto value = take(name);
    if (!value) return std::optional<std::string>();
    if (!value->is_string()) return syntax("must be a string", path(name));
    const auto& string = value->as_string();
    return std::optional(std::string(string.data(), string.size()));
  }
  Result<std::string> required_text(std::string_view name) {
    auto found = TRY(text(name));
    if (!found) return syntax("is missing", path(name));
    return *std::move(found);
  }
  Result<std::int64_t> required_minutes(std::string_view name) {
    auto value = take(name);
    if (!value) return syntax("is missing", path(name));
    if (value->is_uint64()) return too_many(name);  // beyond int64
    if (!value->is_int64()) return syntax("must be a whole number", path(name));
    const auto number = value->as_int64();
    if (number > kMinutesMax || number < -kMinutesMax) return too_many(name);
    return number;
  }
  Result<> finish() const {
    if (object_.empty()) return {};
    const auto key = object_.begin()->key();
    // The key is the sender's text: it is shown back, so it is kept short.
    return syntax("is not known here",
                  path(std::string_view(key.data(), key.size()).substr(0, 64)));
  }

 private:
  tl::unexpected<base::Error> too_many(std::string_view name) const {
    return base::fail(ErrorKind::invalid, "is out of range", path(name));
  }
  json::object object_;
  std::string prefix_;
};

Result<std::optional<base::Choice>> read_choice(Fields& fields) {
  const auto text = TRY(fields.text("start_choice"));
  if (!text) return std::optional<base::Choice>();
  if (*text == "earlier") return std::optional(base::Choice::earlier);
  if (*text == "later") return std::optional(base::Choice::later);
  return base::fail(ErrorKind::invalid, "must be earlier or later", "start_choice");
}

Result<domain::Start> read_start(Fields& fields) {
  const auto start = TRY(fields.text("start"));
  const auto local = TRY(fields.text("start_local"));
  const auto zone = TRY(fields.text("zone"));
  const auto choice = TRY(read_choice(fields));
  if (start) {
    const auto extra = local ? "start_local" : zone ? "zone" : choice ? "start_choice" : nullptr;
    if (extra != nullptr) {
      return syntax("either start, or start_local with zone", extra);
    }
    auto at = base::parse_rfc3339(*start);
    if (!at) return base::fail(ErrorKind::invalid, at.error().message, "start");
    return domain::Start{*at, "", *start};
  }
  if (!local && !zone) return syntax("is missing", "start");
  if (!local) return syntax("is missing", "start_local");
  if (!zone) return syntax("is missing", "zone");
  const auto at = TRY(base::resolve_local(*local, *zone, choice));
  return domain::Start{at, *zone, base::local_text(at, *zone)};
}

Result<std::vector<domain::SeatRequest>> read_seats(Fields& fields) {
  std::vector<domain::SeatRequest> seats;
  auto value = fields.take("seats");
  if (!value) return seats;
  if (!value->is_array()) return syntax("must be an array", "seats");
  auto& array = value->as_array();
  if (array.empty() || array.size() > domain::kSeatsMax) {
    return base::fail(ErrorKind::invalid,
                      "must have 1 to " + std::to_string(domain::kSeatsMax) + " seats", "seats");
  }
  for (std::size_t i = 0; i < array.size(); ++i) {
    const std::string path = "seats[" + std::to_string(i) + "]";
    if (!array[i].is_object()) return syntax("must be an object", path);
    Fields seat(std::move(array[i].as_object()), path + ".");
    domain::SeatRequest request;
    request.role = TRY(seat.required_text("role"));
    request.person = TRY(seat.text("name")).value_or("");
    request.email = TRY(seat.text("email")).value_or("");
    TRY(seat.finish());
    seats.push_back(std::move(request));
  }
  return seats;
}

}  // namespace

Result<domain::Booking> parse_booking(std::string_view body) {
  Fields fields(TRY(parse_object(body)));
  domain::Booking booking;
  booking.title = TRY(fields.required_text("title"));
  booking.length = std::chrono::minutes(TRY(fields.required_minutes("length_minutes")));
  booking.call_url = TRY(fields.text("call_url")).value_or("");
  booking.seats = TRY(read_seats(fields));
  auto start = read_start(fields);
  TRY(fields.finish());
  booking.start = TRY(std::move(start));
  return booking;
}

Result<domain::Start> parse_reschedule(std::string_view body) {
  Fields fields(TRY(parse_object(body)));
  auto start = read_start(fields);
  TRY(fields.finish());
  return start;
}

Result<base::Duration> parse_extend(std::string_view body) {
  Fields fields(TRY(parse_object(body)));
  const auto minutes = TRY(fields.required_minutes("minutes"));
  TRY(fields.finish());
  return std::chrono::minutes(minutes);
}

Result<std::string> parse_single(std::string_view body, std::string_view name) {
  Fields fields(TRY(parse_object(body)));
  auto value = TRY(fields.required_text(name));
  TRY(fields.finish());
  return value;
}

Result<bool> parse_leave(std::string_view body) {
  if (body.empty()) return false;
  Fields fields(TRY(parse_object(body)));
  const auto value = fields.take("end_for_everybody");
  TRY(fields.finish());
  if (!value) return false;
  if (!value->is_bool()) return syntax("must be true or false", "end_for_everybody");
  return value->as_bool();
}

Result<KeyRequest> parse_key(std::string_view body) {
  Fields fields(TRY(parse_object(body)));
  KeyRequest request;
  request.name = TRY(fields.required_text("name"));
  const auto scopes = fields.take("scopes");
  TRY(fields.finish());
  if (!scopes) return syntax("is missing", "scopes");
  if (!scopes->is_array()) return syntax("must be an array", "scopes");
  for (const auto& one : scopes->as_array()) {
    if (!one.is_string()) return syntax("must be strings", "scopes");
    const auto scope = scope_from({one.as_string().data(), one.as_string().size()});
    if (!scope) return base::fail(ErrorKind::invalid, "must be of book, operate, read", "scopes");
    request.scopes.insert(*scope);
  }
  return request;
}

std::optional<port::Scope> scope_from(std::string_view text) {
  if (text == "book") return port::Scope::book;
  if (text == "read") return port::Scope::read;
  if (text == "operate") return port::Scope::operate;
  return std::nullopt;
}

std::string_view to_string(port::Scope scope) {
  switch (scope) {
    case port::Scope::book:
      return "book";
    case port::Scope::read:
      return "read";
    case port::Scope::operate:
      return "operate";
  }
  return "";
}

}  // namespace host::http
