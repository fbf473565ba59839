#include "broker/core/limit_table.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>

namespace mq::broker {
namespace {

std::string file(const std::string& path) {
  std::ifstream in(std::string(MQ_SOURCE_DIR) + "/" + path);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(LimitTable, TheDocumentationSaysWhatTheCodeDoes) {
  const std::string page = file("docs/broker.md");
  const std::string begin = "<!-- limits -->\n";
  const auto from = page.find(begin);
  const auto to = page.find("<!-- /limits -->");
  ASSERT_NE(from, std::string::npos);
  ASSERT_NE(to, std::string::npos);
  EXPECT_EQ(page.substr(from + begin.size(), to - from - begin.size()), limits_as_markdown());
}

// Every member of Limits has its row: the names are read out of the header itself.
TEST(LimitTable, NoLimitIsLeftOut) {
  const std::string header = file("broker/core/settings.h");
  const auto from = header.find("struct Limits {");
  const std::string body = header.substr(from, header.find("\n};", from) - from);
  std::set<std::string> members;
  const std::regex member(R"(\n  [a-z_0-9:]+ ([a-z_0-9]+)( = |\{))");
  for (auto at = std::sregex_iterator(body.begin(), body.end(), member);
       at != std::sregex_iterator(); ++at)
    members.insert((*at)[1]);
  std::set<std::string> rows;
  for (const LimitRow& row : limit_table()) rows.emplace(row.name);
  EXPECT_EQ(members, rows);
}

}  // namespace
}  // namespace mq::broker
