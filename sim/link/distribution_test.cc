#include "sim/link/distribution.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sim/link/correlated.h"

namespace mq::sim::link {
namespace {

TEST(Distribution, GivesItsQuantilesAndItsMean) {
  EXPECT_EQ(Distribution::fixed(3).at(0.7), 3);
  EXPECT_EQ(Distribution::uniform(2, 4).at(0.25), 2.5);
  EXPECT_EQ(Distribution::uniform(2, 4).mean(), 3);
  EXPECT_NEAR(Distribution::exponential(2).median(), 2 * std::log(2.0), 1e-12);
  EXPECT_EQ(Distribution::exponential(2).mean(), 2);
  EXPECT_NEAR(Distribution::normal(10, 2).at(0.975), 10 + 2 * 1.959963985, 1e-6);
  EXPECT_EQ(Distribution::normal(1, 5).at(0.1), 0) << "cut off below zero";
}

TEST(Distribution, ATableOfQuantilesIsStraightBetweenAndFlatBeyondThem) {
  const auto table = Distribution::quantiles({{0.05, 1}, {0.5, 2}, {0.95, 11}});
  EXPECT_EQ(table.at(0), 1);
  EXPECT_EQ(table.at(0.05), 1);
  EXPECT_NEAR(table.at(0.275), 1.5, 1e-12);
  EXPECT_EQ(table.median(), 2);
  EXPECT_NEAR(table.at(0.725), 6.5, 1e-12);
  EXPECT_EQ(table.at(0.999), 11);
  EXPECT_NEAR(table.mean(), 0.05 * 1 + 0.45 * 1.5 + 0.45 * 6.5 + 0.05 * 11, 1e-12);
}

TEST(Distribution, MeansAreThoseOfWhatIsDrawn) {
  for (const Distribution& of :
       {Distribution::uniform(1, 5), Distribution::exponential(3), Distribution::normal(3, 2),
        Distribution::normal(1, 2), Distribution::quantiles({{0, 0}, {0.5, 1}, {0.99, 30}})}) {
    double sum = 0;
    constexpr int count = 100'000;
    for (int i = 0; i < count; ++i) sum += of.at((i + 0.5) / count);
    EXPECT_NEAR(sum / count, of.mean(), 0.002 * of.mean());
  }
}

TEST(Distribution, TheNormalDistributionsQuantilesAreTheInverseOfItsShares) {
  for (double value = -5; value <= 5; value += 0.37)
    EXPECT_NEAR(normal_at(normal_share(value)), value, 1e-7) << value;
}

TEST(Correlated, ValuesRememberTheOneBeforeAndKeepTheirDistribution) {
  Chance chance;
  for (const double correlation : {0.0, 0.5, 0.9}) {
    Correlated draws(Rng(7));
    const auto uniform = Distribution::uniform(0, 1);
    double sum = 0, product = 0, square = 0, last = 0.5;
    int low = 0;
    constexpr int count = 200'000;
    for (int i = 0; i < count; ++i) {
      const double value = draws.draw(uniform, correlation, chance);
      sum += value;
      low += value < 0.1;
      square += (value - 0.5) * (value - 0.5);
      product += (value - 0.5) * (last - 0.5);
      last = value;
    }
    EXPECT_NEAR(sum / count, 0.5, 0.01) << correlation;
    EXPECT_NEAR(low / double{count}, 0.1, 0.01) << correlation;
    EXPECT_NEAR(product / square, correlation, 0.025) << correlation;
  }
}

TEST(Correlated, WhatIsFixedDrawsNothing) {
  Chance chance;
  const auto before = chance.digest();
  EXPECT_EQ(Correlated(Rng(1)).draw(Distribution::fixed(4), 0.9, chance), 4);
  EXPECT_EQ(chance.digest(), before);
}

}  // namespace
}  // namespace mq::sim::link
