#include "campaign/page/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "campaign/testing/demo_campaign.h"

namespace mq::campaign {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct Made {
  testing::Demo demo;
  HeatMaps maps;
  std::string page;
};

Made made(const testing::DemoWish& wish, const std::string& x = "", const std::string& y = "") {
  Made all{testing::demo_campaign(wish), {}, {}};
  std::string why;
  all.maps = *heat_maps(*all.demo.summary, x, y, why);
  all.page = campaign_page(*all.demo.summary, all.maps, {"1.0", "mqttlab campaign show c.yaml"});
  return all;
}

// The elements of the page, in order, without what they contain.
std::vector<std::string> tags_of(const std::string& page) {
  std::vector<std::string> tags;
  const std::string body =
      page.substr(page.find("<body"), page.find("<script type=") - page.find("<body"));
  for (std::size_t at = 0; (at = body.find('<', at)) != std::string::npos; ++at)
    tags.push_back(body.substr(at, body.find_first_of(" >", at) - at));
  return tags;
}

TEST(CampaignPage, NoTextOfAStrangerIsMarkup) {
  const std::string hostile = made({.hostile = true}).page;
  EXPECT_EQ(tags_of(hostile), tags_of(made({}).page));
  EXPECT_THAT(hostile, Not(HasSubstr("<img")));
  EXPECT_THAT(hostile, HasSubstr("&lt;img src=x onerror=alert(1)&gt;"));
  EXPECT_THAT(hostile, Not(HasSubstr("</script><script>alert")));
}

TEST(CampaignPage, IsBelowAMegabyteHoweverLargeTheCampaign) {
  EXPECT_LT(made({}).page.size(), 1'000'000U);
  EXPECT_LT(made({.seeds = 3, .more = 40}).page.size(), 1'000'000U);
  EXPECT_LT(made({.latin = true}).page.size(), 1'000'000U);
}

TEST(CampaignPage, LoadsNothingAndAllowsOnlyItsOwnStyleAndScript) {
  const std::string page = made({}).page;
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  for (const char* outside : {"http://", "https://", "unsafe-inline", " src=", "@import", "url("})
    EXPECT_THAT(page, Not(HasSubstr(outside))) << outside;
}

TEST(HeatMapsOfACampaign, HaveAMapForEachValueOfTheOthers) {
  const Made all = made({});
  EXPECT_EQ(all.maps.x->name, "links.modem.delay");
  EXPECT_EQ(all.maps.y->name, "links.modem.loss");
  EXPECT_EQ(all.maps.maps.size(), 3U * 2U);
  EXPECT_THAT(all.maps.maps[3].where,
              ElementsAre("broker = mosquitto", "fleet.sensor.keep_alive = 10s"));
  EXPECT_THAT(all.maps.together, IsEmpty());
  std::uint64_t runs = 0;
  for (const HeatMap& map : all.maps.maps)
    for (const Cell& cell : map.cells) runs += cell.runs;
  EXPECT_EQ(runs, all.demo.plan->runs());
  // Low loss and latency hold, high ones break, and somewhere between them is the frontier.
  EXPECT_EQ(all.maps.maps[4].cells.front().broken, 0U);
  EXPECT_GT(all.maps.maps[4].cells.back().broken, 0U);
  EXPECT_THAT(all.page, HasSubstr(" fr"));
}

TEST(HeatMapsOfACampaign, CountTogetherWhatDoesNotFitAndSaySo) {
  const Made all = made({.seeds = 3, .more = 40});
  EXPECT_THAT(all.maps.together, ElementsAre("duration"));
  EXPECT_THAT(all.page, HasSubstr("Counted together over all values of <code>duration</code>"));
  std::uint64_t runs = 0;
  for (const HeatMap& map : all.maps.maps)
    for (const Cell& cell : map.cells) runs += cell.runs;
  EXPECT_EQ(runs, all.demo.plan->runs());
}

TEST(HeatMapsOfACampaign, OfAHypercubeAreOverRanges) {
  const Made all = made({.latin = true}, "links.modem.delay", "links.modem.loss");
  EXPECT_EQ(all.maps.columns(), 8U);
  EXPECT_TRUE(all.maps.x->labels.front().starts_with("10"));
  EXPECT_EQ(all.maps.maps.size(), 8U * 2U);  // keep alive in ranges, two brokers
}

TEST(HeatMapsOfACampaign, KnowOnlyWhatIsSwept) {
  const testing::Demo demo = testing::demo_campaign({});
  std::string why;
  EXPECT_FALSE(heat_maps(*demo.summary, "links.modem.los", "", why).has_value());
  EXPECT_THAT(why, HasSubstr("is not swept; did you mean `links.modem.loss`?"));
  EXPECT_TRUE(heat_maps(*demo.summary, "broker", "links.modem.loss", why).has_value());
}

}  // namespace
}  // namespace mq::campaign
