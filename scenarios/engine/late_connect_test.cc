// A CONNECT that its client has given up still travels when the network comes back, and takes over
// the connection that the client has by then. It must not be the end of the client.
#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "broker/core/settings.h"
#include "conformance/checks/check_set.h"
#include "scenarios/engine/run.h"
#include "scenarios/language/parse.h"
#include "sim/linked/linked_backend.h"
#include "sim/ns3/ns3_world.h"

namespace mq::scenario {
namespace {

using namespace std::chrono_literals;

// What the client, the first one of the plan, goes through.
class Course final : public trace::Observer {
 public:
  explicit Course(const Plan& plan) : checks(run_info(plan)) {}

  void observe(const trace::Event& event) override {
    checks.observe(event);
    if (const auto* seen = std::get_if<trace::PacketSeen>(&event.what)) {
      if (seen->connection.client != trace::ClientIndex{0} || seen->end != trace::End::client)
        return;
      if (kind(*seen->packet) == Kind::conn_ack && !seen->sent) is_connected = true;
    } else if (const auto* closed = std::get_if<trace::LinkClosed>(&event.what)) {
      if (closed->connection.client != trace::ClientIndex{0}) return;
      if (closed->end == trace::End::client && is_connected) {
        is_connected = false;
        ++lost;
      }
    }
  }

  checks::CheckSet checks;
  bool is_connected = false;
  int lost = 0;  // connections that it had
};

class LateConnect : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Versions, LateConnect, testing::Values("3.1.1", "5"),
                         [](const auto& version) {
                           return version.param == std::string("5") ? "v5" : "v3_1_1";
                         });

TEST_P(LateConnect, OfItsOwnDoesNotStopAClientForGood) {
  const std::string scenario = std::string(R"(
version: 1
name: one cut of half a minute
duration: 5min
calm: 3min
links:
  air: { rate: 100 kbit/s, delay: 100ms }
fleet:
  sensor: { link: air, clean_start: false, publish: [ { topic: a, qos: 1, every: 20s } ],
            protocol: )") + GetParam() +
                               R"( }
  screen: { subscribe: [ { filter: a, qos: 1 } ] }
faults:
  - { at: 150ms, cut: sensor, for: 30s, directions: up }
)";
  auto parsed = parse(scenario, "late.yaml");
  const auto* plan = std::get_if<Plan>(&parsed);
  ASSERT_NE(plan, nullptr) << to_text("", std::get<Problems>(parsed).front());
  sim::Ns3World world(plan->seed);
  broker::Settings settings;
  settings.limits.connect_timeout = 60s;  // a patient one, as most are
  sim::LinkedBackend broker(settings, broker::Durability::power, Rng(plan->seed).child("broker"));
  Course course(*plan);
  EXPECT_TRUE(run(*plan, world, broker, course).complete);
  EXPECT_EQ(course.lost, 1);  // the late one came
  EXPECT_TRUE(course.is_connected);
  EXPECT_EQ(course.checks.finish().verdict, checks::Judgement::Verdict::held);
}

}  // namespace
}  // namespace mq::scenario
