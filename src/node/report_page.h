// What a node says of itself on its loopback port: health as JSON, metrics as Prometheus reads them. Each part of a
// node's program adds its own.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace terrace::node {

// Lines of Prometheus' text format, each family with its help and type.
class Metrics {
 public:
  // `name` without the prefix "terraced_"; `labels` as `name="value"` lists, empty for none.
  void gauge(std::string_view name, std::string_view help, double value, std::string_view labels = {});
  void counter(std::string_view name, std::string_view help, double value);
  const std::string& text() const { return text_; }

 private:
  void add(std::string_view name, std::string_view help, std::string_view type, double value, std::string_view labels);
  std::string text_;
};

// A part of the program that has something to say.
class Reporter {
 public:
  virtual ~Reporter() = default;
  // Adds what it says, and gives whether it is well.
  virtual bool health(nlohmann::json& document) const = 0;
  virtual void metrics(Metrics& metrics) const = 0;
};

}  // namespace terrace::node
