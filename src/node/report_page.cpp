#include "node/report_page.h"

#include <fmt/format.h>

namespace terrace::node {

void Metrics::add(std::string_view name, std::string_view help, std::string_view type, double value,
                  std::string_view labels) {
  const std::string header = fmt::format("# HELP terraced_{} ", name);
  if (text_.find(header) == std::string::npos)
    text_ += fmt::format("{}{}\n# TYPE terraced_{} {}\n", header, help, name, type);
  const std::string shown = labels.empty() ? "" : fmt::format("{{{}}}", labels);
  text_ += fmt::format("terraced_{}{} {}\n", name, shown, value);
}

void Metrics::gauge(std::string_view name, std::string_view help, double value, std::string_view labels) {
  add(name, help, "gauge", value, labels);
}

void Metrics::counter(std::string_view name, std::string_view help, double value) {
  add(name, help, "counter", value, {});
}

}  // namespace terrace::node
