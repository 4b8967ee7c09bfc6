#include "families.hpp"

#include <prometheus/text_serializer.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <sstream>

namespace pollhook::admin {

Family::Family(std::string_view name, std::string_view help, prometheus::MetricType type)
{
    family_.name = name;
    family_.help = help;
    family_.type = type;
}

void Family::add(Labels labels, double value)
{
    prometheus::ClientMetric& metric = family_.metric.emplace_back();
    metric.label = std::move(labels);
    if (family_.type == prometheus::MetricType::Counter)
        metric.counter.value = value;
    else
        metric.gauge.value = value;
}

void Family::add(Labels labels, const base::Histogram::Snapshot& histogram)
{
    prometheus::ClientMetric& metric = family_.metric.emplace_back();
    metric.label = std::move(labels);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
        seen += histogram.counts[i];
        const bool is_last = i == histogram.bounds.size();
        metric.histogram.bucket.push_back(
            {.cumulative_count = seen,
             .upper_bound = is_last ? std::numeric_limits<double>::infinity() : histogram.bounds[i]}
        );
    }
    metric.histogram.sample_count = seen;
    metric.histogram.sample_sum = histogram.sum;
}

Family& Families::counter(std::string_view name, std::string_view help)
{
    return add(name, help, prometheus::MetricType::Counter);
}

Family& Families::gauge(std::string_view name, std::string_view help)
{
    return add(name, help, prometheus::MetricType::Gauge);
}

Family& Families::histogram(std::string_view name, std::string_view help)
{
    return add(name, help, prometheus::MetricType::Histogram);
}

Family& Families::add(std::string_view name, std::string_view help, prometheus::MetricType type)
{
    return all_.emplace_back(name, help, type);
}

std::string Families::text()
{
    std::vector<prometheus::MetricFamily> families;
    families.reserve(all_.size());
    for (Family& family : all_)
        families.push_back(family.take());
    all_.clear();
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families);
    return std::move(out).str();
}

}  // namespace pollhook::admin
