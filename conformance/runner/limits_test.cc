// Brokers that announce odd limits: nobody is accused of keeping to them. Ours is the broker, which
// passes every case where it has no such limits.
//
// MQ_ONE_OF: every so manieth case is played; which one it begins with is another for each setting.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "conformance/runner/hello.h"
#include "conformance/runner/library.h"
#include "conformance/runner/needs.h"
#include "conformance/runner/ours.h"
#include "conformance/runner/suite.h"

namespace mq::conformance {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> taken_apart(const std::string& settings) {
  std::vector<std::string> all;
  std::istringstream text(settings);
  for (std::string one; std::getline(text, one, ' ');) all.push_back(one);
  return all;
}

class Limits : public testing::TestWithParam<const char*> {
 protected:
  // With such a broker, what it tells of itself is all that is known.
  Limits() {
    across_.settings = taken_apart(GetParam());
    const Outcome hello = play_against_ours(greeting(Version::v5, 5s), 1, {}, across_);
    across_.abilities = contact_from(hello, Version::v5, {}).abilities;
    across_.abilities.virtual_time = across_.abilities.web_socket = true;
    across_.abilities.given = abilities_of_ours().given;
  }

  Across across_ = next_to_ours();
};

TEST_P(Limits, NobodyIsAccusedOfKeepingToThem) {
  const Library library = embedded_library();
  std::map<Verdict, int> counts;
  std::size_t number = across_.settings.front().size();
  for (const Case* one : selected(library, {.skip = {"tag:long"}})) {
    if (++number % MQ_ONE_OF != 0 || !does_not_apply(*one, across_.abilities, {}).empty()) continue;
    const Outcome outcome = play_against_ours(*one, 1, {}, across_);
    ++counts[outcome.verdict];
    EXPECT_TRUE(outcome.verdict == Verdict::pass || outcome.verdict == Verdict::not_applicable)
        << one->id << " " << name(outcome.verdict) << " " << outcome.reason
        << (outcome.failure ? outcome.failure->step + ": " + outcome.failure->got : "");
    EXPECT_TRUE(outcome.verdict == Verdict::pass || !outcome.reason.empty()) << one->id;
    EXPECT_THAT(outcome.watched.breaches, testing::IsEmpty()) << one->id;
  }
  // A target of which nothing is asked is not accused either.
  EXPECT_GT(counts[Verdict::pass], counts[Verdict::not_applicable]);
  std::cout << GetParam() << ":";
  for (const auto& [verdict, count] : counts) std::cout << " " << count << " " << name(verdict);
  std::cout << "\n";
}

INSTANTIATE_TEST_SUITE_P(
    Odd, Limits,
    testing::Values("retain_available=0", "subscription_identifier_available=0",
                    "shared_subscription_available=0", "wildcard_subscription_available=0",
                    "empty_client_ids=0", "topic_alias_maximum=0", "topic_alias_maximum=1",
                    "receive_maximum=1", "maximum_qos=0", "maximum_qos=1", "maximum_packet_size=20",
                    "maximum_packet_size=100", "keep_alive_max=1", "keep_alive_max=10",
                    "session_expiry_max=0", "session_expiry_max=10", "connect_timeout=1",
                    "response_information=1",
                    "maximum_qos=0 retain_available=0 wildcard_subscription_available=0 "
                    "subscription_identifier_available=0 shared_subscription_available=0 "
                    "empty_client_ids=0 keep_alive_max=30 session_expiry_max=0 "
                    "topic_alias_maximum=0 maximum_packet_size=64"));

}  // namespace
}  // namespace mq::conformance
