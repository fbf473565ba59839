#include "scenarios/speak.h"

#include <algorithm>

namespace mq::scenario {

void speak_3_1_1(Plan& plan) {
  for (GroupPlan& group : plan.groups) {
    if (group.rest) continue;
    // Clean Session is Clean Start and the end of the session in one.
    const bool speaks_5_only = std::find(group.versions.begin(), group.versions.end(),
                                         Version::v3_1_1) == group.versions.end();
    if (speaks_5_only) group.clean_start = group.session_expiry == 0;
    group.versions = {Version::v3_1_1};
    if (group.will) group.will->delay = {};
    for (SubscribePlan& subscribe : group.subscribe)
      subscribe.options = {.qos = subscribe.options.qos};
  }
}

bool speaks_5(const Plan& plan) {
  return std::any_of(plan.groups.begin(), plan.groups.end(), [](const GroupPlan& group) {
    return !group.rest && std::find(group.versions.begin(), group.versions.end(), Version::v5) !=
                              group.versions.end();
  });
}

}  // namespace mq::scenario
