// A distribution as its quantile function: one uniform number gives one value, so that every kind
// costs one draw, and what is correlated is drawn the same way (correlated.h). Published figures of
// networks are mostly quantiles; a table of them is a kind of its own.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace mq::sim::link {

class Distribution {
 public:
  enum class Kind : std::uint8_t { fixed, uniform, exponential, normal, quantiles };
  // A share in [0, 1] and the value below which that share of all values lies.
  using Quantile = std::pair<double, double>;

  Distribution() : Distribution(fixed(0)) {}
  static Distribution fixed(double value) { return {Kind::fixed, value, 0}; }
  static Distribution uniform(double from, double to) { return {Kind::uniform, from, to}; }
  static Distribution exponential(double mean) { return {Kind::exponential, mean, 0}; }
  // Cut off below zero.
  static Distribution normal(double mean, double deviation) {
    return {Kind::normal, mean, deviation};
  }
  // Ascending in both; straight lines between, and nothing beyond the outermost two.
  static Distribution quantiles(std::vector<Quantile> table);

  Kind kind() const { return kind_; }
  // `share` is in [0, 1); never below zero if no parameter is.
  double at(double share) const;
  double mean() const;
  double median() const { return at(0.5); }

 private:
  Distribution(Kind kind, double first, double second)
      : kind_(kind), first_(first), second_(second) {}

  Kind kind_;
  double first_, second_;  // value; from, to; mean; mean, deviation
  std::vector<Quantile> table_;
};

// Of the standard normal distribution: the quantile function (to 1e-9) and its inverse.
double normal_at(double share);
double normal_share(double value);

}  // namespace mq::sim::link
