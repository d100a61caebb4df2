#include "domain/meeting_json.hpp"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <limits>
#include <type_traits>

#include "base/check.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "domain/meeting_fields.hpp"

namespace domain {
namespace {

namespace json = boost::json;

constexpr std::size_t kTextBytesMax = 1U << 20U;
constexpr std::int64_t kTimeMax = 253'402'300'800'000;  // year 10000, so that sums stay defined

template <class T>
constexpr T kLast = T{};
template <>
constexpr Source kLast<Source> = Source::person;
template <>
constexpr CloseReason kLast<CloseReason> = CloseReason::never_ready;
template <>
constexpr EndReason kLast<EndReason> = EndReason::failed;

template <class T>
constexpr bool kIsId = false;
template <class Tag>
constexpr bool kIsId<base::Id<Tag>> = true;
template <class T>
constexpr bool kIsOptional = false;
template <class T>
constexpr bool kIsOptional<std::optional<T>> = true;
template <class T>
constexpr bool kIsVector = false;
template <class T>
constexpr bool kIsVector<std::vector<T>> = true;

// A value to read into. Ids have no empty state, so a struct with an id starts with this one.
template <class T>
T blank() {
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wmissing-field-initializers"
  if constexpr (std::is_default_constructible_v<T>) {
    return T{};
  } else if constexpr (kIsId<T>) {
    return *T::parse("x");
  } else if constexpr (std::is_same_v<T, Meeting>) {
    return Meeting{blank<MeetingId>(), 0, blank<PrincipalId>()};
  } else if constexpr (std::is_same_v<T, Seat>) {
    return Seat{blank<SeatId>()};
  } else if constexpr (std::is_same_v<T, Desktop>) {
    return Desktop{blank<DesktopId>()};
  } else {
    return T{blank<decltype(T::value)>()};
  }
#pragma clang diagnostic pop
}

class Writer {
 public:
  // A field of the object that is being written; an empty optional is left out.
  template <class T>
  void operator()(std::string_view name, const T& value) {
    if constexpr (kIsOptional<T>) {
      if (value) (*this)(name, *value);
    } else {
      if (text_.back() != '{') text_ += ',';
      text_ += '"';
      text_ += name;
      text_ += "\":";
      write(value);
    }
  }

  template <class T>
  void write(const T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      text_ += value ? "true" : "false";
    } else if constexpr (std::is_integral_v<T>) {
      text_ += std::to_string(value);
    } else if constexpr (std::is_same_v<T, Duration>) {
      text_ += std::to_string(value.count());
    } else if constexpr (std::is_same_v<T, Timestamp>) {
      text_ += std::to_string(base::to_unix_ms(value));
    } else if constexpr (std::is_same_v<T, std::string>) {
      write_text(value);
    } else if constexpr (kIsId<T>) {
      write_text(value.text());
    } else if constexpr (std::is_enum_v<T>) {
      CHECK(value <= kLast<T>);  // else this program could not read it back
      write_text(to_string(value));
    } else if constexpr (kIsVector<T>) {
      write_items(value);
    } else {
      text_ += '{';
      fields(*this, value);
      text_ += '}';
    }
  }

  // The object of `value` with the schema number before its own fields.
  template <class T>
  void write_document(std::uint32_t schema, const T& value) {
    text_ += '{';
    (*this)("schema", schema);
    fields(*this, value);
    text_ += '}';
  }

  std::string take() { return std::move(text_); }

 private:
  void write_text(std::string_view value) {
    if (base::utf8_length(value, "")) {
      text_ += base::json_quote(value);
      return;
    }
    std::string readable(value);
    std::replace_if(readable.begin(), readable.end(), [](char c) { return (c & 0x80) != 0; }, '?');
    text_ += base::json_quote(readable);
  }

  template <class T>
  void write_items(const std::vector<T>& items) {
    text_ += '[';
    for (const auto& item : items) {
      if (text_.back() != '[') text_ += ',';
      write(item);
    }
    text_ += ']';
  }

  std::string text_;
};

// What went wrong first, and where.
struct Trouble {
  std::string path;
  std::string what;
};

// Reads the fields of one object. After the first trouble nothing more is read.
class Reader {
 public:
  Reader(const json::object& object, std::string path, std::optional<Trouble>& trouble)
      : object_(object), path_(std::move(path)), trouble_(trouble) {}

  template <class T>
  void operator()(std::string_view name, T& value) {
    if (trouble_) return;
    const auto* found = object_.if_contains(name);
    if (found != nullptr) ++known_;
    const auto path = path_.empty() ? std::string(name) : path_ + "." + std::string(name);
    if constexpr (kIsOptional<T>) {
      if (found == nullptr) return;
      read(*found, value.emplace(blank<typename T::value_type>()), path);
    } else {
      if (found == nullptr) return refuse(path, "is missing");
      read(*found, value, path);
    }
  }

  // To be called after the last field. The writer's keys are distinct and all optional ones were
  // looked for, so a count that differs means a key that nobody asked for.
  void finish() {
    if (!trouble_ && known_ != object_.size()) refuse(path_, "has fields that are not known");
  }

 private:
  void refuse(const std::string& path, std::string what) {
    if (!trouble_) trouble_ = Trouble{path, std::move(what)};
  }

  template <class T>
  void read(const json::value& from, T& value, const std::string& path) {
    if constexpr (std::is_same_v<T, bool>) {
      if (!from.is_bool()) return refuse(path, "must be true or false");
      value = from.get_bool();
    } else if constexpr (std::is_integral_v<T>) {
      read_number(from, path, 0, std::numeric_limits<T>::max(),
                  [&](std::int64_t number) { value = static_cast<T>(number); });
    } else if constexpr (std::is_same_v<T, Duration>) {
      read_number(from, path, -kTimeMax, kTimeMax,
                  [&](std::int64_t number) { value = Duration(number); });
    } else if constexpr (std::is_same_v<T, Timestamp>) {
      read_number(from, path, -kTimeMax, kTimeMax,
                  [&](std::int64_t number) { value = base::from_unix_ms(number); });
    } else if constexpr (std::is_same_v<T, std::string>) {
      read_text(from, path, [&](std::string_view text) {
        value = text;
        return true;
      });
    } else if constexpr (kIsId<T>) {
      read_text(from, path, [&](std::string_view text) { return assign(T::parse(text), value); });
    } else if constexpr (std::is_enum_v<T>) {
      read_text(from, path, [&](std::string_view text) { return assign_enum(text, value); });
    } else if constexpr (kIsVector<T>) {
      read_items(from, value, path);
    } else {
      const auto* object = from.if_object();
      if (object == nullptr) return refuse(path, "must be an object");
      Reader inner(*object, path, trouble_);
      fields(inner, value);
      inner.finish();
    }
  }

  template <class Take>
  void read_number(const json::value& from, const std::string& path, std::int64_t least,
                   std::int64_t most, Take take) {
    const auto* number = from.if_int64();
    if (number == nullptr) return refuse(path, "must be a whole number");
    if (*number < least || *number > most) return refuse(path, "is out of range");
    take(*number);
  }

  template <class Take>
  void read_text(const json::value& from, const std::string& path, Take take) {
    const auto* text = from.if_string();
    if (text == nullptr) return refuse(path, "must be a string");
    if (!take(std::string_view(*text))) refuse(path, "has a value that is not known");
  }

  template <class T>
  static bool assign(base::Result<T> parsed, T& value) {
    if (!parsed) return false;
    value = *std::move(parsed);
    return true;
  }

  template <class T>
  static bool assign_enum(std::string_view text, T& value) {
    for (int i = 0; i <= static_cast<int>(kLast<T>); ++i) {
      value = static_cast<T>(i);
      if (to_string(value) == text) return true;
    }
    return false;
  }

  template <class T>
  void read_items(const json::value& from, std::vector<T>& items, const std::string& path) {
    const auto* array = from.if_array();
    if (array == nullptr) return refuse(path, "must be a list");
    for (std::size_t i = 0; i < array->size() && !trouble_; ++i) {
      read((*array)[i], items.emplace_back(blank<T>()), path + "[" + std::to_string(i) + "]");
    }
  }

  const json::object& object_;
  std::string path_;
  std::optional<Trouble>& trouble_;
  std::size_t known_ = 0;
};

base::Result<> check_schema(const json::object& object) {
  const auto* schema = object.if_contains("schema");
  const auto* number = schema == nullptr ? nullptr : schema->if_int64();
  if (number == nullptr || *number < 1) {
    return fail(base::ErrorKind::invalid, "schema must be a number from 1", "schema");
  }
  if (*number > kMeetingSchema) {
    return fail(base::ErrorKind::invalid,
                "this meeting was written by a newer version of howdah (schema " +
                    std::to_string(*number) + ", this one reads up to " +
                    std::to_string(kMeetingSchema) + "): upgrade",
                "schema");
  }
  return {};
}

}  // namespace

std::string to_json(const Meeting& meeting) {
  Writer writer;
  writer.write_document(kMeetingSchema, meeting);
  return writer.take();
}

base::Result<Meeting> meeting_from_json(std::string_view text) {
  const auto refuse = [](const std::string& path, const std::string& what) {
    return base::fail(base::ErrorKind::invalid, (path.empty() ? "the text" : path) + " " + what,
                      path);
  };
  if (text.size() > kTextBytesMax) return refuse("", "is too large");
  json::error_code error;
  const auto parsed = json::parse(json::string_view(text.data(), text.size()), error);
  if (error) return refuse("", "is not JSON: " + error.message());
  const auto* object = parsed.if_object();
  if (object == nullptr) return refuse("", "must be an object");
  TRY(check_schema(*object));
  auto meeting = blank<Meeting>();
  std::optional<Trouble> trouble;
  Reader reader(*object, "", trouble);
  std::uint32_t schema = 0;
  reader("schema", schema);
  fields(reader, meeting);
  reader.finish();
  if (trouble) return refuse(trouble->path, trouble->what);
  return meeting;
}

}  // namespace domain
