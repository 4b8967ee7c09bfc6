#pragma once

#include "pollhook/base/histogram.hpp"

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>

#include <list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pollhook::admin {

using Labels = std::vector<prometheus::ClientMetric::Label>;

/// One metric with its values: `family(…).add({{"provider", name}}, 3)`.
class Family {
public:
    /// `help` is one line: the serialiser does not escape a line break.
    Family(std::string_view name, std::string_view help, prometheus::MetricType type);

    void add(Labels labels, double value);
    void add(Labels labels, const base::Histogram::Snapshot& histogram);

    [[nodiscard]] prometheus::MetricFamily take() { return std::move(family_); }

private:
    prometheus::MetricFamily family_;
};

/// Everything of one scrape.
class Families {
public:
    Family& counter(std::string_view name, std::string_view help);
    Family& gauge(std::string_view name, std::string_view help);
    Family& histogram(std::string_view name, std::string_view help);

    /// The text exposition format, version 0.0.4.
    [[nodiscard]] std::string text();

private:
    Family& add(std::string_view name, std::string_view help, prometheus::MetricType type);

    std::list<Family> all_;  // a list, because a reference to one is held while the next is added
};

}  // namespace pollhook::admin
