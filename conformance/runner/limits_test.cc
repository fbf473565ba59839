// Brokers that announce odd limits: nobody is accused of keeping to them. Ours is the broker, which
// passes every case where it has no such limits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <string>

#include "conformance/runner/hello.h"
#include "conformance/runner/library.h"
#include "conformance/runner/needs.h"
#include "conformance/runner/ours.h"
#include "conformance/runner/suite.h"

namespace mq::conformance {
namespace {

using namespace std::chrono_literals;

// With such a broker, what it tells of itself is all that is known.
Abilities asked(const std::string& setting) {
  Case hello = greeting(Version::v5, 5s);
  hello.config = {setting};
  Abilities abilities = contact_from(play_against_ours(hello, 1), Version::v5, {}).abilities;
  abilities.virtual_time = abilities.web_socket = true;
  abilities.given = abilities_of_ours().given;
  return abilities;
}

class Limits : public testing::TestWithParam<const char*> {};

TEST_P(Limits, NobodyIsAccusedOfKeepingToThem) {
  const Library library = embedded_library();
  const std::string setting = GetParam();
  const Abilities abilities = asked(setting);
  Across across = next_to_ours();
  across.abilities = abilities;
  std::map<Verdict, int> counts;
  std::size_t number = 0;
  for (const Case* one : selected(library, {.skip = {"tag:long"}})) {
    if (++number % MQ_ONE_OF != 0 || !does_not_apply(*one, abilities, {}).empty()) continue;
    Case limited = *one;
    limited.config.push_back(setting);
    const Outcome outcome = play_against_ours(limited, 1, {}, across);
    ++counts[outcome.verdict];
    EXPECT_TRUE(outcome.verdict == Verdict::pass || outcome.verdict == Verdict::not_applicable)
        << setting << " " << one->id << " " << name(outcome.verdict) << " " << outcome.reason
        << (outcome.failure ? outcome.failure->step + ": " + outcome.failure->got : "");
    EXPECT_TRUE(outcome.verdict == Verdict::pass || !outcome.reason.empty()) << one->id;
  }
  std::cout << setting << ":";
  for (const auto& [verdict, count] : counts) std::cout << " " << count << " " << name(verdict);
  std::cout << "\n";
}

// Others are known to accuse still: small packets and keep alives, QoS 0 and 1, one message at a
// time, no wildcards, short sessions.
INSTANTIATE_TEST_SUITE_P(Odd, Limits,
                         testing::Values("retain_available=0",
                                         "subscription_identifier_available=0",
                                         "shared_subscription_available=0", "empty_client_ids=0",
                                         "topic_alias_maximum=0", "topic_alias_maximum=1"));

}  // namespace
}  // namespace mq::conformance
