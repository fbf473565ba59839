#include "cli/conform_world.h"

#include <cstdio>
#include <vector>

#include "base/nearest_word.h"
#include "scenarios/language/profiles.h"

namespace mq::cli {

MakeWorld& ns3_world() {
  static MakeWorld world;
  return world;
}

bool lay_across(const std::string& world, const std::string& link, conformance::Across& across) {
  across = conformance::next_to_ours();
  if (world == "ns3") across.world = ns3_world();
  if (link.empty() && world != "ns3") return true;
  const std::string name = link.empty() ? "wired" : link;
  if (const scenario::Profile* profile = scenario::find_profile(name)) {
    across.link = profile->link.model;
    return true;
  }
  std::vector<std::string> names;
  for (const scenario::Profile& profile : scenario::profiles()) names.push_back(profile.name);
  std::fprintf(stderr,
               "mqttlab: --link: there is no profile `%s`%s; `mqttlab list profiles` lists them\n",
               name.c_str(), did_you_mean(name, names).c_str());
  return false;
}

}  // namespace mq::cli
