#include "conformance/checks/access.h"

#include <gtest/gtest.h>

#include "conformance/checks/testing/ledger_fixture.h"

namespace mq::checks {
namespace {

class AccessTest : public LedgerTest {
 protected:
  Finding judge(const std::vector<std::string>& reads, const std::vector<std::string>& writes) {
    trace.run().clients[static_cast<std::size_t>(dashboard)].may_read = reads;
    trace.run().clients[static_cast<std::size_t>(sensor)].may_publish = writes;
    both_connect(q1);
    const auto stamp = trace.publishes(sensor, temp, q1);
    trace.delivers(stamp, dashboard, q1);
    return finding(judged(), "access");
  }
};

TEST_F(AccessTest, WhoMayReadAndWriteIsServed) {
  EXPECT_EQ(judge({"fleet/#"}, {"fleet/+/temp"}).verdict, held);
}

TEST_F(AccessTest, ADeliveryToWhoMayNotReadIsBroken) {
  const Finding found = judge({"other/#"}, {"fleet/#"});
  EXPECT_EQ(found.verdict, broken);
  EXPECT_NE(found.evidence.at(0).text.find("may not read"), std::string::npos);
}

TEST_F(AccessTest, ADeliveryFromWhoMayNotPublishIsBroken) {
  EXPECT_EQ(judge({"fleet/#"}, {"fleet/sensor/other"}).verdict, broken);
}

TEST_F(AccessTest, WithoutUsersThereIsNothingToSay) {
  both_connect(q1);
  trace.delivers(trace.publishes(sensor, temp, q1), dashboard, q1);
  for (const Finding& one : judged().findings) EXPECT_NE(one.id, "access");
}

}  // namespace
}  // namespace mq::checks
