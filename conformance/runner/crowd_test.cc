// Many cases at a time against one broker: each comes to what it comes to by itself.
#include "conformance/runner/crowd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "conformance/runner/library.h"
#include "conformance/runner/ours.h"
#include "conformance/runner/parse.h"
#include "sim/linked/linked_backend.h"

namespace mq::conformance {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Crowd next_to_it() {
  Crowd crowd;
  crowd.link = next_to_ours().link;
  return crowd;
}

sim::LinkedBackend our_broker() {
  return {broker::Settings{}, broker::Durability::process, Rng(1)};
}

std::vector<Case> crowd_of(const std::string& text) {
  std::vector<Case> cases;
  EXPECT_THAT(read_cases({"crowd", text}, cases), IsEmpty());
  return cases;
}

std::vector<const Case*> all_of(const std::vector<Case>& cases) {
  std::vector<const Case*> all;
  for (const Case& one : cases) all.push_back(&one);
  return all;
}

std::vector<Verdict> verdicts_of(const std::vector<std::optional<Outcome>>& outcomes) {
  std::vector<Verdict> verdicts;
  for (const auto& one : outcomes) verdicts.push_back(one ? one->verdict : Verdict::skipped);
  return verdicts;
}

TEST(ACrowd, FindsOurBrokerAsGoodAsEachCaseByItself) {
  const Library library = embedded_library();
  Abilities same = abilities_of_ours();
  same.can_be_configured = same.web_socket = false;
  same.given.clear();
  constexpr std::size_t one_of = 7;
  std::vector<const Case*> cases;
  std::size_t number = 0;
  for (const Case* one : selected(library, {.skip = {"tag:long"}}))
    if (++number % one_of == 0 && !one->runs_alone && does_not_apply(*one, same, {}).empty())
      cases.push_back(one);
  auto broker = our_broker();
  const auto outcomes = play_at_once(cases, broker, next_to_it());
  ASSERT_EQ(outcomes.size(), cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    ASSERT_TRUE(outcomes[i]) << cases[i]->id;
    EXPECT_EQ(outcomes[i]->verdict, Verdict::pass)
        << cases[i]->id << " " << outcomes[i]->reason
        << (outcomes[i]->failure ? outcomes[i]->failure->step + ": " + outcomes[i]->failure->got
                                 : "");
  }
}

TEST(ACrowd, LeavesNothingToOneAnother) {
  const std::vector<Case> cases = crowd_of(R"(
case leaves-a-retained-message: One
  asserts: v5/MQTT-3.1.0-1
  A connect
  A publish topic=everybody/a qos=1 retain=1 payload=x

case leaves-a-session: Two
  asserts: v5/MQTT-3.1.0-1
  A connect client_id=shared clean_start=0 session_expiry_interval=3600
  A subscribe filter=everybody/#
  wait 10s

case has-the-same-name-and-finds-neither: Three
  asserts: v5/MQTT-3.1.0-1
  A open
  A send CONNECT client_id=shared clean_start=0
  A expect CONNACK session_present=0
  A subscribe filter=everybody/#
  A expect nothing
)");
  auto broker = our_broker();
  EXPECT_THAT(verdicts_of(play_at_once(all_of(cases), broker, next_to_it())),
              ElementsAre(Verdict::pass, Verdict::pass, Verdict::pass));
}

TEST(ACrowd, DecidesNothingOnceTheBrokerIsGone) {
  const std::vector<Case> cases = crowd_of(R"(
case is-over-before: One
  asserts: v5/MQTT-3.1.0-1
  A connect

case is-on-its-way: Two
  asserts: v5/MQTT-3.1.0-1
  A connect
  wait 10s
  A ping
)");
  auto broker = our_broker();
  Crowd crowd = next_to_it();
  int decided = 0;
  crowd.onlooker.progress = [&](std::size_t) { ++decided; };
  crowd.is_gone = [&] { return decided > 0; };
  EXPECT_THAT(verdicts_of(play_at_once(all_of(cases), broker, crowd)),
              ElementsAre(Verdict::pass, Verdict::skipped));
}

}  // namespace
}  // namespace mq::conformance
