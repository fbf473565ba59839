#include "sim/link/border.h"

#include <gtest/gtest.h>

namespace mq::sim::link {
namespace {

using namespace std::chrono_literals;
using Verdict = Border::Verdict;

Instant at(Duration since_start) { return Instant(since_start); }

TEST(Border, RemembersAConnectionForItsTimeAndNotAMomentLonger) {
  const NatModel model{.idle_timeout = 3min};
  Border border(&model);
  border.open(5000, at(0s));
  EXPECT_EQ(border.comes_down(5000, at(3min - 1ns)), Verdict::passes);
  EXPECT_EQ(border.goes_up(5000, at(6min - 2ns)), Verdict::passes);
  EXPECT_EQ(border.goes_up(5000, at(9min - 2ns)), Verdict::vanishes);
  EXPECT_EQ(border.comes_down(5000, at(9min)), Verdict::vanishes);
  border.open(5000, at(10min));
  EXPECT_EQ(border.comes_down(5000, at(10min)), Verdict::passes);
}

TEST(Border, LetsNothingInThatTheDeviceHasNotAskedFor) {
  const NatModel model{.idle_timeout = 3min};
  Border border(&model);
  EXPECT_EQ(border.comes_down(5000, at(1s)), Verdict::vanishes);
}

TEST(Border, AnswersALatePacketAsItsKindDoes) {
  struct Row {
    Expiry then;
    Verdict up, down;
  };
  for (const Row& row : {Row{Expiry::silent, Verdict::vanishes, Verdict::vanishes},
                         Row{Expiry::reset, Verdict::is_reset, Verdict::is_reset},
                         Row{Expiry::rebind, Verdict::is_reset, Verdict::vanishes}}) {
    const NatModel model{.idle_timeout = 1min, .then = row.then};
    Border border(&model);
    border.open(1, at(0s));
    EXPECT_EQ(border.goes_up(1, at(2min)), row.up);
    EXPECT_EQ(border.comes_down(1, at(2min)), row.down);
  }
}

TEST(Border, AnAddressThatChangesCutsOffWhatIsOpenAndNothingElse) {
  Border border(nullptr);
  border.open(1, at(0s));
  EXPECT_EQ(border.goes_up(1, at(10h)), Verdict::passes) << "without a translator";
  border.change_address();
  EXPECT_EQ(border.goes_up(1, at(11h)), Verdict::vanishes);
  EXPECT_EQ(border.comes_down(1, at(11h)), Verdict::vanishes);
  border.open(2, at(11h));
  EXPECT_EQ(border.goes_up(2, at(11h)), Verdict::passes);
  EXPECT_EQ(border.address_of(1), 0u);
  EXPECT_EQ(border.address_of(2), 1u);
}

TEST(Border, ForgetsTheLongestSilentConnectionWhenItHasTooMany) {
  const NatModel model{.idle_timeout = 24h};
  Border border(&model);
  for (std::uint16_t port = 0; port < Border::mappings_max; ++port)
    border.open(port, at(1s * (port + 1)));
  EXPECT_EQ(border.goes_up(0, at(1h)), Verdict::passes);
  border.open(60'000, at(1h));
  EXPECT_EQ(border.goes_up(0, at(1h)), Verdict::passes);
  EXPECT_EQ(border.goes_up(1, at(1h)), Verdict::vanishes);
}

}  // namespace
}  // namespace mq::sim::link
