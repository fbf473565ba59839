#include "scenarios/netem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/language/profiles.h"

namespace mq::scenario {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string script(std::string_view profile) {
  return netem_script(find_profile(profile)->link, "wwan0");
}

TEST(Netem, APlainLinkIsTwoCommandsThatSayAllOfIt) {
  const std::string text = script("geo-sat");
  EXPECT_THAT(text, HasSubstr("tc qdisc add dev wwan0 root netem limit 581 delay 330ms 5ms rate "
                              "10000000bit\n"));
  EXPECT_THAT(text, HasSubstr("dev ifb-mqttlab root netem limit 3093 delay 330ms 5ms rate "
                              "100000000bit\n"));
  EXPECT_THAT(script("wired"), Not(HasSubstr("netem cannot")));
}

TEST(Netem, WhatItCannotDoIsSaid) {
  const std::string leo = script("leo");
  EXPECT_THAT(leo, HasSubstr("loss gemodel 0.2% 5.9% 100% 0%"));
  EXPECT_THAT(leo, HasSubstr("#   at 14s 300ms for 700ms\n#   again every 15s\n"));
  EXPECT_THAT(leo, HasSubstr("netem cannot: a rate that varies"));
  EXPECT_THAT(leo, HasSubstr("netem cannot: the delay's distribution"));
  EXPECT_THAT(script("nbiot-ecl0"), HasSubstr("netem cannot: the radio's states"));
  EXPECT_THAT(script("lte-drive-rough"), HasSubstr("netem cannot: handovers: 40ms every 16s"));
  EXPECT_THAT(script("nat-3min"), HasSubstr("a conntrack time-out of 3min"));
  EXPECT_THAT(script("nepal-path"), HasSubstr("loss random 4.77%"));
}

}  // namespace
}  // namespace mq::scenario
