// campaign_demo FOLDER: made-up reports of campaigns, for the test in a browser and for looking at
// them.
#include <cstdio>
#include <string>

#include "campaign/page/page.h"
#include "campaign/testing/demo_campaign.h"
#include "reports/file/output_file.h"

int main(int argc, char** argv) {
  using namespace mq::campaign;
  if (argc != 2) return 2;
  const std::string folder = argv[1];
  bool good = true;
  const auto write = [&](const char* name, const testing::DemoWish& wish) {
    const testing::Demo demo = testing::demo_campaign(wish);
    std::string why;
    const auto maps = heat_maps(*demo.summary, "", "", why);
    const std::string page =
        campaign_page(*demo.summary, *maps, {"0.0", "mqttlab campaign show demo-sweep.yaml"});
    const auto error = mq::report::write_file(folder + "/" + name + ".html", page);
    good &= !error;
  };
  write("broken", {});
  write("held", {.broken = false});
  write("hostile", {.hostile = true});
  write("latin", {.latin = true});
  write("large", {.seeds = 3, .more = 40});
  write("partial", {.left = 2000});
  write("nothing", {.left = 1'000'000});
  return good ? 0 : 5;
}
