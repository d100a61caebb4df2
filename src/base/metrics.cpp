#include "base/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.hpp"

namespace base {
namespace {

std::string escape(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out;
}

std::string render_labels(const Metrics::Labels& labels) {
  if (labels.empty()) return {};
  std::string out = "{";
  for (const auto& [name, value] : labels) {
    if (out.size() > 1) out += ',';
    out += name + "=\"" + escape(value) + "\"";
  }
  return out + "}";
}

// `labels` with one more, the bound of a bucket.
std::string with_bound(const std::string& labels, std::string_view bound) {
  const std::string le = fmt::format("le=\"{}\"", bound);
  if (labels.empty()) return "{" + le + "}";
  return labels.substr(0, labels.size() - 1) + "," + le + "}";
}

}  // namespace

Histogram::Histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)), counts_(bounds_.size() + 1) {
  CHECK(std::is_sorted(bounds_.begin(), bounds_.end()));
}

void Histogram::observe(double value) {
  const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  const std::lock_guard lock(mutex_);
  counts_[static_cast<std::size_t>(at)] += 1;
  sum_ += value;
}

Metrics::Series& Metrics::series(std::string_view name, std::string_view help,
                                 std::string_view kind, const Labels& labels) {
  auto family = families_.find(name);
  if (family == families_.end()) {
    family = families_.emplace(name, Family{std::string(help), std::string(kind), {}}).first;
  }
  CHECK(family->second.kind == kind);
  auto& all = family->second.series;
  std::string key = render_labels(labels);
  if (!all.contains(key) && all.size() >= kSeriesMax) {
    Labels others = labels;
    for (auto& label : others) label.second = "other";
    key = render_labels(others);
  }
  return all[key];
}

Counter& Metrics::counter(std::string_view name, std::string_view help, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  auto& found = series(name, help, "counter", labels);
  if (!found.counter) found.counter = std::make_unique<Counter>();
  return *found.counter;
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  auto& found = series(name, help, "gauge", labels);
  if (!found.gauge) found.gauge = std::make_unique<Gauge>();
  return *found.gauge;
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help,
                              std::vector<double> bounds, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  auto& found = series(name, help, "histogram", labels);
  if (!found.histogram) found.histogram = std::make_unique<Histogram>(std::move(bounds));
  return *found.histogram;
}

void Metrics::render_histogram(std::string& out, const std::string& name, const std::string& labels,
                               Histogram& histogram) {
  const std::lock_guard lock(histogram.mutex_);
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < histogram.counts_.size(); ++i) {
    total += histogram.counts_[i];
    const std::string bound =
        i < histogram.bounds_.size() ? fmt::format("{}", histogram.bounds_[i]) : "+Inf";
    out += fmt::format("{}_bucket{} {}\n", name, with_bound(labels, bound), total);
  }
  out += fmt::format("{}_sum{} {}\n{}_count{} {}\n", name, labels, histogram.sum_, name, labels,
                     total);
}

std::string Metrics::render() {
  const std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& [name, family] : families_) {
    out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, family.help, name, family.kind);
    for (const auto& [labels, one] : family.series) {
      if (one.counter) out += fmt::format("{}{} {}\n", name, labels, one.counter->value());
      if (one.gauge) out += fmt::format("{}{} {}\n", name, labels, one.gauge->value());
      if (one.histogram) render_histogram(out, name, labels, *one.histogram);
    }
  }
  return out;
}

}  // namespace base
