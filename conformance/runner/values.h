// What the values of a script are at this point of a run: placeholders filled in, texts and numbers
// read.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "conformance/runner/links.h"
#include "conformance/runner/placeholders.h"
#include "conformance/runner/play.h"

namespace mq::conformance {

class Values {
 public:
  // `round` is that of the innermost repeat, 0 outside of any.
  Values(const Surroundings& around, const Links& links, std::function<std::uint64_t()> round)
      : around_(around), links_(links), round_(std::move(round)) {}

  LookUp look_up() const;
  std::string text(const Value& value);
  std::uint64_t number(const Value& value);
  Duration duration(const std::optional<Value>& value, Duration otherwise);

  void keep(const std::string& name, const std::string& value) { captured_[name] = value; }
  // The script or the runner is at fault; the first reason counts.
  void fail(const std::string& why) {
    if (!fault) fault = why;
  }
  std::optional<std::string> fault;

 private:
  std::optional<std::string> value_of(std::string_view name) const;

  const Surroundings& around_;
  const Links& links_;
  const std::function<std::uint64_t()> round_;
  std::map<std::string, std::string, std::less<>> captured_;
};

}  // namespace mq::conformance
