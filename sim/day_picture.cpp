// day_picture(): one SVG without a script. The horizontal axis is time around the first start, the
// vertical one the seats that are ready.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "day.hpp"

namespace sim {

namespace {

using base::Duration;
using namespace std::chrono_literals;  // NOLINT: 10min reads better than any alternative

constexpr double kWidth = 960;
constexpr double kHeight = 540;
constexpr double kLeft = 90;
constexpr double kRight = 30;
constexpr double kTop = 92;
constexpr double kBottom = 70;

struct Frame {
  double from_min;
  double to_min;
  double most;
  double x(Duration at) const {
    const double minutes = static_cast<double>(at.count()) / 60'000;
    return kLeft + (minutes - from_min) / (to_min - from_min) * (kWidth - kLeft - kRight);
  }
  double y(double seats) const {
    return kHeight - kBottom - seats / most * (kHeight - kTop - kBottom);
  }
};

// 1, 2 or 5 times a power of ten, so that there are about `count` steps.
double nice_step(double range, int count) {
  const double raw = std::max(1e-9, range / count);
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw) return factor * power;
  }
  return 10 * power;
}

std::string text(double x, double y, const std::string& words, const char* more = "") {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" {}>{}</text>\n", x, y, more, words);
}

std::string line(double x1, double y1, double x2, double y2, const char* style) {
  return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" {}/>\n", x1, y1,
                     x2, y2, style);
}

// How many of the sorted times are past, as a curve of steps; about 400 points.
std::string curve(const Frame& frame, const std::vector<Duration>& times, Duration until,
                  const char* style) {
  std::string points = fmt::format("{:.1f},{:.1f}", kLeft, frame.y(0));
  const auto step = std::max<std::size_t>(1, times.size() / 400);
  std::size_t shown = 0;
  for (std::size_t i = 0; i < times.size() && times[i] <= until; ++i) {
    shown = i + 1;
    if (i % step != 0 && i + 1 != times.size()) continue;
    const double x = frame.x(times[i]);
    points += fmt::format(" {:.1f},{:.1f}", x, frame.y(static_cast<double>(i + 1)));
  }
  points += fmt::format(" {:.1f},{:.1f}", frame.x(until), frame.y(static_cast<double>(shown)));
  return fmt::format("<polyline points=\"{}\" fill=\"none\" {}/>\n", points, style);
}

std::string axes(const Frame& frame, const DayOptions& options) {
  std::string svg;
  const auto at_minutes = [](double minutes) {
    return Duration(static_cast<std::int64_t>(minutes * 60'000));
  };
  const double rows = nice_step(frame.most, 5);
  for (double seats = 0; seats <= frame.most + 0.5; seats += rows) {
    svg += line(kLeft, frame.y(seats), kWidth - kRight, frame.y(seats), "stroke=\"#e3e6ea\"");
    svg +=
        text(kLeft - 10, frame.y(seats) + 4, fmt::format("{:.0f}", seats), "text-anchor=\"end\"");
  }
  double columns = 1;
  for (const double one : {1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 240.0, 480.0}) {
    columns = one;
    if ((frame.to_min - frame.from_min) / one <= 10) break;
  }
  for (double at = std::ceil(frame.from_min / columns) * columns; at <= frame.to_min;
       at += columns) {
    const double x = frame.x(at_minutes(at));
    const auto clock =
        std::chrono::duration_cast<std::chrono::minutes>(options.at + at_minutes(at) + 48h)
            .count() %
        1440;
    svg += line(x, kHeight - kBottom, x, kHeight - kBottom + 6, "stroke=\"#5b6470\"");
    svg += text(x, kHeight - kBottom + 22, fmt::format("{:02}:{:02}", clock / 60, clock % 60),
                "text-anchor=\"middle\"");
  }
  svg += line(kLeft, kHeight - kBottom, kWidth - kRight, kHeight - kBottom, "stroke=\"#5b6470\"");
  svg += text((kLeft + kWidth - kRight) / 2, kHeight - 18, "time of day",
              "text-anchor=\"middle\" fill=\"#5b6470\"");
  svg += fmt::format(
      "<text transform=\"translate(24 {:.1f}) rotate(-90)\" text-anchor=\"middle\" "
      "fill=\"#5b6470\">seats ready</text>\n",
      (kTop + kHeight - kBottom) / 2);
  return svg;
}

std::string mark(const Frame& frame, Duration at, const std::string& words, double down,
                 const char* anchor) {
  const double x = frame.x(at);
  const double away = std::string_view(anchor) == "end" ? -6 : 6;
  return line(x, kTop, x, kHeight - kBottom, "stroke=\"#5b6470\" stroke-dasharray=\"4 4\"") +
         text(x + away, kTop + down, words,
              fmt::format("text-anchor=\"{}\" fill=\"#5b6470\"", anchor).c_str());
}

}  // namespace

std::string day_picture(const DayOptions& options, const DayResult& result) {
  auto ready = result.ready;
  std::sort(ready.begin(), ready.end());
  auto bound = launch_slots(options);
  for (auto& at : bound) at += options.boot_median;
  std::sort(bound.begin(), bound.end());
  Duration until = options.spread + 10min;
  if (!ready.empty()) until = std::max(until, ready.back() + 2min);
  until = std::min(until, options.spread + std::max<Duration>(options.lead, 30min));
  const Frame frame{static_cast<double>((-options.lead - 1min).count()) / 60'000,
                    static_cast<double>(until.count()) / 60'000,
                    static_cast<double>(result.seats) * 1.05};
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
      "height=\"{1}\" font-family=\"system-ui, sans-serif\" font-size=\"13\">\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
      kWidth, kHeight);
  svg += text(kLeft, 30,
              fmt::format("{} meetings of {} seats: {} of {} ready two minutes before their start",
                          options.meetings, options.seats, result.ready_in_time, result.seats),
              "font-size=\"17\" font-weight=\"600\" fill=\"#1d2530\"");
  svg += line(kLeft, 52, kLeft + 26, 52, "stroke=\"#1463b8\" stroke-width=\"3\"");
  svg += text(kLeft + 34, 56, "ready", "fill=\"#1d2530\"");
  svg += line(kLeft + 100, 52, kLeft + 126, 52,
              "stroke=\"#c2571a\" stroke-width=\"2\" stroke-dasharray=\"7 4\"");
  svg += text(kLeft + 134, 56,
              fmt::format("as many as the limits allow: {} launches at once, then {}/s; boot {}",
                          options.launch_burst, options.launches_per_second,
                          base::to_text(options.boot_median)),
              "fill=\"#1d2530\"");
  svg += axes(frame, options);
  svg += mark(frame, -options.lead, "window opens (T - " + base::to_text(options.lead) + ")", 14,
              "start");
  svg += mark(frame, -2min, "T - 2m", 14, "end");
  svg +=
      mark(frame, 0min, options.spread > 0min ? "T, the first start" : "T, the start", 30, "start");
  svg +=
      curve(frame, bound, until, "stroke=\"#c2571a\" stroke-width=\"2\" stroke-dasharray=\"7 4\"");
  svg += curve(frame, ready, until, "stroke=\"#1463b8\" stroke-width=\"3\"");
  return svg + "</svg>\n";
}

}  // namespace sim
