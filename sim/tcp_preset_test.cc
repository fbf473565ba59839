#include "sim/tcp_preset.h"

#include <gtest/gtest.h>

#include <set>

namespace mq::sim {
namespace {

constexpr TcpPreset presets[] = {TcpPreset::linux_, TcpPreset::lwip, TcpPreset::ns3_default};

TEST(TcpPreset, EveryValueOfEveryPresetHasANameAndASource) {
  std::set<std::string_view> names;
  for (const TcpPreset preset : presets) {
    EXPECT_TRUE(names.insert(tcp_settings(preset).name).second);
    std::set<std::string> rows;
    for (const TcpSettingRow& row : describe(preset)) {
      EXPECT_TRUE(rows.insert(row.name).second) << row.name;
      EXPECT_FALSE(row.value.empty()) << row.name;
      EXPECT_FALSE(row.source.empty()) << row.name;
    }
    EXPECT_EQ(rows.size(), 19u);
  }
}

TEST(TcpPreset, ValuesAreWrittenForPeople) {
  const std::vector<TcpSettingRow> rows = describe(TcpPreset::linux_);
  EXPECT_EQ(rows[0].value, "cubic");
  EXPECT_EQ(rows[1].value, "1448");
  EXPECT_EQ(rows[3].value, "on");
  EXPECT_EQ(rows[7].value, "200 ms");
  EXPECT_EQ(rows[9].value, "1 s");
}

}  // namespace
}  // namespace mq::sim
