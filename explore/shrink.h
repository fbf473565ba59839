// Makes a failing scenario smaller, one step after another, for as long as it fails: fewer faults,
// clients, messages, features; rounder and shorter times. Plays nothing itself: it proposes, and is
// told.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/language/document.h"

namespace mq::explore {

class Shrinker {
 public:
  explicit Shrinker(scenario::Node failing);

  // The next scenario to try, a valid one; nothing when no single step makes it smaller.
  std::optional<std::string> next();
  // Whether what next() gave fails in the same way.
  void told(bool fails);

  const scenario::Node& smallest() const { return smallest_; }

 private:
  void propose();  // fills steps_ for smallest_

  scenario::Node smallest_;
  std::vector<scenario::Node> steps_;
  std::size_t tried_ = 0;      // of steps_
  std::size_t unchanged_ = 0;  // steps tried since the last success
};

struct Smallest {
  std::string text;
  std::size_t plays = 0;
};

// Makes it as small as it gets with so many plays at most. `fails` plays a text and says whether it
// still fails in the same way; nothing ends it.
Smallest shrink(const std::string& failing, std::size_t plays_max,
                const std::function<std::optional<bool>(const std::string& text)>& fails);

}  // namespace mq::explore
