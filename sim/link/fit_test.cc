#include "sim/link/fit.h"

#include <gtest/gtest.h>

namespace mq::sim::link {
namespace {

using namespace std::chrono_literals;

TEST(Fit, WhatATraceWasMadeOfIsFoundAgain) {
  const RateModel rate{.varying = VaryingRate{Distribution::uniform(1e6, 3e6), 1s, 0.7}};
  const OutageModel outages{.between = Distribution::exponential(20),
                            .length = Distribution::uniform(1, 5)};
  const RateTrace trace = saturate(rate, &outages, 4h, Rng(1));
  const TraceFigures figures = figures_of(trace, 500ms);
  EXPECT_NEAR(quantile(figures.rates, 0.5), 2e6, 0.1e6);
  EXPECT_NEAR(quantile(figures.rates, 0.05), 1.1e6, 0.05e6);
  EXPECT_NEAR(figures.correlation, 0.7, 0.1);
  EXPECT_NEAR(quantile(figures.outages, 0.5), 3, 0.25);
  EXPECT_NEAR(quantile(figures.services, 0.5), 20 * 0.693, 2);

  const FittedLink fitted = fit(figures);
  const RateModel again{.varying = fitted.rate};
  const TraceFigures drawn = figures_of(saturate(again, &*fitted.outages, 4h, Rng(2)), 500ms);
  EXPECT_LT(ks_distance(figures.rates, drawn.rates), 0.05);
  EXPECT_LT(ks_distance(figures.outages, drawn.outages), 0.1);
  EXPECT_LT(ks_distance(figures.services, drawn.services), 0.1);
  EXPECT_NEAR(drawn.mean_bits_per_second, figures.mean_bits_per_second,
              0.05 * figures.mean_bits_per_second);
}

TEST(Fit, AReplayedTraceHasTheFiguresOfTheTrace) {
  RateTrace trace;
  for (int i = 0; i < 5000; ++i)
    if (i % 500 < 450) trace.opportunities.push_back(10ms * (i + 1));
  trace.period = 50s;
  const RateModel replayed{.trace = std::make_shared<const RateTrace>(trace)};
  const RateTrace again = saturate(replayed, nullptr, 50s, Rng(1));
  EXPECT_EQ(again.opportunities, trace.opportunities);
}

TEST(Fit, SlotsWithoutServiceGiveTheStepsOfGilbertAndElliott) {
  RateTrace trace;
  for (int second = 0; second < 1000; ++second)  // nine tenths in service, in turns of 10 s
    if (second % 10 != 9)
      for (int i = 0; i < 10; ++i) trace.opportunities.push_back(1s * second + 100ms * i);
  trace.period = 1000s;
  const BurstModel bursts = bursts_of(trace, 100ms);
  EXPECT_NEAR(bursts.to_bad, 1 / 90.0, 0.0005);
  EXPECT_NEAR(bursts.to_good, 1 / 10.0, 0.005);
}

TEST(Fit, TheDistanceOfTwoSamplesIsTheLargestDifferenceOfTheirShares) {
  EXPECT_EQ(ks_distance({1, 2, 3, 4}, {1, 2, 3, 4}), 0);
  EXPECT_EQ(ks_distance({1, 2}, {3, 4}), 1);
  EXPECT_EQ(ks_distance({1, 2, 3, 4}, {3, 4, 5, 6}), 0.5);
  EXPECT_EQ(ks_distance({}, {1}), 1);
  EXPECT_EQ(ks_distance({}, {}), 0);
}

}  // namespace
}  // namespace mq::sim::link
