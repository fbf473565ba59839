#include "protocol/rule.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "protocol/packet.h"
#include "protocol/property_table.h"

namespace mq {
namespace {

TEST(RuleTable, HasADistinctNameAndASentencePerRule) {
  std::set<std::string_view> names;
  for (const RuleInfo& row : all_rules()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(row.sentence.ends_with('.')) << row.name;
    EXPECT_EQ(&info(row.rule), &row);
  }
}

TEST(RuleTable, GivesEveryClauseItsVersion) {
  for (const RuleInfo& row : all_rules()) {
    EXPECT_TRUE(row.v3_1_1.empty() || row.v3_1_1.starts_with("v3.1.1/")) << row.name;
    EXPECT_TRUE(row.v5.empty() || row.v5.starts_with("v5/")) << row.name;
    const bool is_ours = row.rule == Rule::none || row.rule == Rule::limit_is_kept;
    EXPECT_EQ(row.v3_1_1.empty() && row.v5.empty(), is_ours) << row.name;
  }
}

// v5 MQTT-3.14.2-1, MQTT-3.2.2-8: what a peer did wrong can be said in DISCONNECT or CONNACK.
TEST(RuleTable, AnswersWithACodeThatDisconnectOrConnackMayCarry) {
  for (const RuleInfo& row : all_rules().subspan(1)) {
    EXPECT_TRUE(failed(row.reason)) << row.name;
    EXPECT_TRUE(reason_fits(row.reason, Kind::disconnect, Version::v5, Sender::server) ||
                reason_fits(row.reason, Kind::conn_ack, Version::v5, Sender::server) ||
                row.rule == Rule::packet_id_is_free)
        << row.name;
  }
}

TEST(ReasonCodes, HaveTheNamesOfTheirPacketAndVersion) {
  EXPECT_STREQ(name(ReasonCode::session_taken_over), "Session taken over");
  EXPECT_STREQ(name(ReasonCode{0x03}), "Unknown reason code");
  EXPECT_STREQ(name(ReasonCode::success, Kind::disconnect, Version::v5), "Normal disconnection");
  EXPECT_STREQ(name(ReasonCode::success, Kind::sub_ack, Version::v5), "Granted QoS 0");
  EXPECT_STREQ(name(ReasonCode::success, Kind::pub_ack, Version::v5), "Success");
  EXPECT_STREQ(name(connect_return::identifier_rejected, Kind::conn_ack, Version::v3_1_1),
               "Identifier rejected");
  EXPECT_STREQ(name(ReasonCode{6}, Kind::conn_ack, Version::v3_1_1), "Unknown return code");
  EXPECT_STREQ(name(ReasonCode{0x80}, Kind::sub_ack, Version::v3_1_1), "Failure");
}

TEST(Names, AreThoseOfTheStandard) {
  EXPECT_STREQ(name(Kind::connect), "CONNECT");
  EXPECT_STREQ(name(Kind::unsub_ack), "UNSUBACK");
  EXPECT_STREQ(name(Kind::auth), "AUTH");
  EXPECT_STREQ(name(Kind{0}), "Reserved");
  EXPECT_STREQ(name(Version::v3_1), "3.1");
  EXPECT_STREQ(name(Version::v3_1_1), "3.1.1");
  EXPECT_STREQ(name(Version::v5), "5.0");
}

TEST(PropertyTable, KnowsTheTwentySevenPropertiesAndNoOther) {
  EXPECT_EQ(all_properties().size(), 27U);
  std::size_t known = 0;
  for (std::uint32_t id = 0; id < 300; ++id)
    if (const auto* row = property_info(id)) {
      ++known;
      EXPECT_EQ(static_cast<std::uint32_t>(row->id), id);
    }
  EXPECT_EQ(known, 27U);
}

}  // namespace
}  // namespace mq
