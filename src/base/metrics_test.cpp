#include "base/metrics.hpp"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(Metrics, RendersEachKindInPrometheusText) {
  Metrics metrics;
  metrics.counter("passes_total", "Passes.", {{"result", "ok"}}).add(3);
  metrics.gauge("desktops", "Desktops.", {{"state", "ready"}}).set(-2);
  auto& wait = metrics.histogram("wait_seconds", "Waits.", {0.5, 1});
  wait.observe(0.5);
  wait.observe(0.75);
  wait.observe(9);
  EXPECT_EQ(metrics.render(),
            "# HELP desktops Desktops.\n# TYPE desktops gauge\ndesktops{state=\"ready\"} -2\n"
            "# HELP passes_total Passes.\n# TYPE passes_total counter\n"
            "passes_total{result=\"ok\"} 3\n"
            "# HELP wait_seconds Waits.\n# TYPE wait_seconds histogram\n"
            "wait_seconds_bucket{le=\"0.5\"} 1\nwait_seconds_bucket{le=\"1\"} 2\n"
            "wait_seconds_bucket{le=\"+Inf\"} 3\nwait_seconds_sum 10.25\nwait_seconds_count 3\n");
}

TEST(Metrics, SameNameAndLabelsAreTheSameCounter) {
  Metrics metrics;
  metrics.counter("a", "A.", {{"x", "1"}}).add();
  metrics.counter("a", "A.", {{"x", "1"}}).add();
  EXPECT_EQ(metrics.counter("a", "A.", {{"x", "1"}}).value(), 2U);
}

TEST(Metrics, SeriesAreBoundedAndTheRestIsCountedAsOther) {
  Metrics metrics;
  for (int i = 0; i < 1000; ++i) metrics.counter("a", "A.", {{"x", std::to_string(i)}}).add();
  EXPECT_EQ(metrics.counter("a", "A.", {{"x", "other"}}).value(), 1000 - Metrics::kSeriesMax);
}

TEST(Metrics, LabelValuesAreEscaped) {
  Metrics metrics;
  metrics.gauge("g", "G.", {{"x", "a\"b\\c\nd"}}).set(1);
  EXPECT_NE(metrics.render().find("g{x=\"a\\\"b\\\\c\\nd\"} 1\n"), std::string::npos);
}

}  // namespace
}  // namespace base
