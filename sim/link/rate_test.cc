#include "sim/link/rate.h"

#include <gtest/gtest.h>

#include <cmath>

namespace mq::sim::link {
namespace {

using namespace std::chrono_literals;

Instant at(Duration since_start) { return Instant(since_start); }

std::shared_ptr<const RateTrace> trace(std::string_view text) {
  return std::make_shared<const RateTrace>(std::get<RateTrace>(parse_rate_trace(text)));
}

TEST(Rate, ATraceOfOpportunitiesSendsAtThemAndPacketsShareOne) {
  const RateModel model{.trace = trace("10\n20\n20\n100\n")};
  Chance chance;
  Rate rate(model, Rng(1));
  EXPECT_EQ(rate.finish(at(0ms), 1500, chance), at(10ms));
  EXPECT_EQ(rate.finish(at(10ms), 700, chance), at(20ms));
  EXPECT_EQ(rate.finish(at(20ms), 800, chance), at(20ms));
  EXPECT_EQ(rate.finish(at(20ms), 1501, chance), at(100ms)) << "one byte too many";
  EXPECT_EQ(rate.finish(at(100ms), 1499, chance), at(100ms));
  EXPECT_EQ(rate.finish(at(100ms), 1500, chance), at(110ms)) << "and round again";
  EXPECT_EQ(rate.finish(at(955ms), 1500, chance), at(1000ms)) << "what nobody used is gone";
  EXPECT_EQ(rate.finish(at(2000ms), 1500, chance), at(2010ms));
}

TEST(Rate, ATraceOfRatesIsIntegrated) {
  const RateModel model{.trace = trace("0,0.008\n1,0\n2,0.016\n3,0\n")};
  Chance chance;
  Rate rate(model, Rng(1));
  EXPECT_EQ(rate.finish(at(0s), 500, chance), at(500ms));
  EXPECT_EQ(rate.finish(at(500ms), 1500, chance), at(2500ms)) << "500 bytes, a pause, 1000 bytes";
  EXPECT_EQ(rate.finish(at(2500ms), 1500, chance), at(4500ms)) << "and round again";
}

TEST(Rate, ATraceMayStartAnywhereAndThatIsDrawn) {
  const RateModel model{.trace = trace("10\n5000\n"), .starts_anywhere = true};
  Chance chance;
  EXPECT_NE(Rate(model, Rng(1)).finish(at(0s), 100, chance),
            Rate(model, Rng(2)).finish(at(0s), 100, chance));
  EXPECT_EQ(Rate(model, Rng(1)).finish(at(0s), 100, chance),
            Rate(model, Rng(1)).finish(at(0s), 100, chance));
}

// Sends all the time; the bits of each second.
std::vector<double> throughput(const RateModel& model, std::size_t bytes, int seconds) {
  Chance chance;
  Rate rate(model, Rng(3));
  std::vector<double> bits(static_cast<std::size_t>(seconds));
  Instant now{};
  while (true) {
    now = rate.finish(now, bytes, chance);
    const auto second = static_cast<std::size_t>(now.time_since_epoch() / 1s);
    if (second >= bits.size()) return bits;
    bits[second] += static_cast<double>(bytes) * 8;
  }
}

TEST(Rate, AVaryingRateHasItsMeanAndItsCorrelation) {
  for (const double correlation : {0.0, 0.8}) {
    const RateModel model{.varying = VaryingRate{.bits_per_second = Distribution::uniform(0, 2e6),
                                                 .correlation = correlation}};
    const auto bits = throughput(model, 1000, 20'000);
    double sum = 0, product = 0, square = 0;
    for (std::size_t i = 0; i < bits.size(); ++i) {
      sum += bits[i];
      square += std::pow(bits[i] - 1e6, 2);
      if (i > 0) product += (bits[i] - 1e6) * (bits[i - 1] - 1e6);
    }
    EXPECT_NEAR(sum / static_cast<double>(bits.size()), 1e6, 0.03e6);
    EXPECT_NEAR(product / square, correlation, 0.03);
  }
}

TEST(Rate, AVaryingRateSkipsIntervalsWithoutAny) {
  const RateModel model{
      .varying = VaryingRate{.bits_per_second = Distribution::quantiles({{0.5, 0}, {0.51, 1e6}})}};
  const auto bits = throughput(model, 1000, 5000);
  int empty = 0;
  for (const double second : bits) empty += second == 0;
  EXPECT_NEAR(empty / 5000.0, 0.5, 0.03);
}

TEST(Rate, OpportunitiesAtExponentialIntervalsComeToTheirRate) {
  const RateModel model{.poisson_bits_per_second = 2.4e6};
  const auto bits = throughput(model, 1500, 2000);
  double sum = 0, square = 0;
  for (const double second : bits) sum += second;
  EXPECT_NEAR(sum / 2000, 2.4e6, 0.02e6);
  for (const double second : bits) square += std::pow((second - 2.4e6) / 12000, 2);
  EXPECT_NEAR(square / 2000, 200, 15) << "the variance of a Poisson number is its mean";
  Chance chance;
  Rate rate(model, Rng(1));
  const Instant first = rate.finish(at(10s), 750, chance);
  EXPECT_EQ(rate.finish(first, 750, chance), first) << "two packets share an opportunity";
}

}  // namespace
}  // namespace mq::sim::link
