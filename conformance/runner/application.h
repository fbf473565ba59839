// The client that a case tests, seen from its application: what it is told to do, and what it
// tells.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "conformance/runner/case.h"
#include "conformance/runner/play.h"
#include "conformance/runner/values.h"

namespace mq::conformance {

class Application {
 public:
  // A step `start` or `do`.
  void order(const Step& step, Values& values, Version version, const std::string& client_id);
  std::optional<Order> poll();

  static bool knows(const std::string& word);  // that a client may say it
  void told(Told told) { told_.push_back(std::move(told)); }
  void gone(const std::string& how) { gone_ = how; }
  bool is_gone() const { return gone_.has_value(); }
  const std::string& how_it_ended() const { return *gone_; }

  struct Heard {
    bool is_there = false;
    std::string nearest;  // what was told, or of the same word, and why it is not what is wanted
  };
  // A step `hear`: what fits is taken, all else stays.
  Heard hear(const Step& step, Version version, Values& values);

 private:
  std::deque<Order> orders_;
  std::deque<Told> told_;
  std::optional<std::string> gone_;
};

std::string text_of(const Order::Fields& fields);

}  // namespace mq::conformance
