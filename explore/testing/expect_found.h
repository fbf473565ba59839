// What the tests of both tiers ask of a bug, and of our broker and client without one.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "base/ensure.h"
#include "explore/draw.h"
#include "explore/testing/catalogue.h"

namespace mq::explore {

inline Bug bug_called(const std::string& name) {
  const auto bugs = all_bugs();
  const auto found =
      std::find_if(bugs.begin(), bugs.end(), [&](const Bug& bug) { return bug.name == name; });
  ensure(found != bugs.end(), "a bug of the catalogue");
  return *found;
}

inline void expect_found(const Bug& bug) {
  SCOPED_TRACE((bug.of_client ? "a client that " : "a broker that ") + bug.name);
  const Found found = hunt(bug);
  ASSERT_GT(found.runs, 0U) << "not found in " << runs_most << " runs";
  EXPECT_LE(found.faults, faults_most) << found.smallest;
  EXPECT_TRUE(tells_of(bug, found.promise)) << found.promise << ": " << found.evidence << "\n"
                                            << found.smallest;
  EXPECT_FALSE(found.without_it_too) << found.smallest;
}

inline void expect_sound(std::uint64_t first_seed, std::uint64_t runs) {
  std::size_t broken = 0;
  for (std::uint64_t seed = first_seed; seed < first_seed + runs && broken < 3; ++seed) {
    const std::string text = draw(seed, Wanted{});
    const cli::Played played = play_with(Bug{}, text);
    ASSERT_EQ(played.end, cli::Played::End::judged) << "seed " << seed << ": " << played.why;
    for (const auto& [id, evidence] : played.broken)
      ADD_FAILURE() << "mqttlab explore --seed " << seed << " --runs 1: " << id << ": " << evidence;
    broken += !played.broken.empty();
  }
}

}  // namespace mq::explore
