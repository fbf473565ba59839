#include "sim/link/distribution.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace mq::sim::link {
namespace {

constexpr double smallest_share = 0x1.0p-54;

template <std::size_t Size>
double polynomial(const std::array<double, Size>& coefficients, double x) {
  double value = 0;
  for (const double coefficient : coefficients) value = value * x + coefficient;
  return value;
}

}  // namespace

// P. J. Acklam's rational approximation, and one step of Halley's method.
double normal_at(double share) {
  constexpr std::array a{-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                         1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
  constexpr std::array b{-5.447609879822406e+01, 1.615858368580409e+02,  -1.556989798598866e+02,
                         6.680131188771972e+01,  -1.328068155288572e+01, 1.0};
  constexpr std::array c{-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                         -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
  constexpr std::array d{7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                         3.754408661907416e+00, 1.0};
  constexpr double tail = 0.02425;
  const double p = std::clamp(share, smallest_share, 1 - 0x1.0p-53);
  double x = 0;
  if (p < tail || p > 1 - tail) {
    const double q = std::sqrt(-2 * std::log(p < tail ? p : 1 - p));
    x = polynomial(c, q) / polynomial(d, q);
    if (p > 1 - tail) x = -x;
  } else {
    const double q = p - 0.5;
    x = polynomial(a, q * q) * q / polynomial(b, q * q);
  }
  constexpr double root_of_two_pi = 2.506628274631000502;
  const double step = (normal_share(x) - p) * root_of_two_pi * std::exp(x * x / 2);
  return x - step / (1 + x * step / 2);
}

double normal_share(double value) { return 0.5 * std::erfc(-value * M_SQRT1_2); }

Distribution Distribution::quantiles(std::vector<Quantile> table) {
  Distribution made(Kind::quantiles, 0, 0);
  made.table_ = std::move(table);
  return made;
}

double Distribution::at(double share) const {
  switch (kind_) {
    case Kind::fixed:
      return first_;
    case Kind::uniform:
      return first_ + (second_ - first_) * share;
    case Kind::exponential:
      return -first_ * std::log1p(-std::min(share, 1 - 0x1.0p-53));
    case Kind::normal:
      return std::max(0.0, first_ + second_ * normal_at(share));
    case Kind::quantiles:
      break;
  }
  if (table_.empty()) return 0;
  const auto above = std::upper_bound(
      table_.begin(), table_.end(), share,
      [](double wanted, const Quantile& quantile) { return wanted < quantile.first; });
  if (above == table_.begin()) return above->second;
  if (above == table_.end()) return table_.back().second;
  const Quantile& low = *(above - 1);
  const double part = (share - low.first) / (above->first - low.first);
  return low.second + (above->second - low.second) * part;
}

double Distribution::mean() const {
  switch (kind_) {
    case Kind::fixed:
    case Kind::exponential:
      return first_;
    case Kind::uniform:
      return (first_ + second_) / 2;
    case Kind::normal: {
      if (second_ <= 0) return first_;
      const double z = first_ / second_;  // of the normal distribution that is cut off at zero
      return first_ * normal_share(z) + second_ * std::exp(-z * z / 2) * 0.3989422804014327;
    }
    case Kind::quantiles:
      break;
  }
  if (table_.empty()) return 0;
  double sum = table_.front().first * table_.front().second +
               (1 - table_.back().first) * table_.back().second;
  for (std::size_t i = 1; i < table_.size(); ++i)
    sum += (table_[i].first - table_[i - 1].first) * (table_[i].second + table_[i - 1].second) / 2;
  return sum;
}

}  // namespace mq::sim::link
