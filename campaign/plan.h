// All runs of a campaign: every combination of levels, times brokers, times seeds. A pure function
// of the campaign: who computes it twice, on two machines, has the same runs, keys and shards.
//
// A run's key says what is run, not where it stands: a digest of the scenario, what is set in it,
// the broker and the seed. So results stay valid when a value, a broker or a seed is added.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "campaign/campaign.h"

namespace mq::campaign {

enum class Key : std::uint64_t {};

struct Run {
  std::uint32_t index = 0;   // position in the plan
  std::uint32_t point = 0;   // which combination of levels
  std::uint32_t broker = 0;  // position in brokers(); 0 if there are none
  std::uint64_t seed = 1;
};

class Plan {
 public:
  explicit Plan(Campaign campaign);

  const Campaign& campaign() const { return campaign_; }
  std::uint32_t runs() const { return points_ * brokers_ * seeds_; }
  std::uint32_t points() const { return points_; }
  std::uint32_t seeds() const { return seeds_; }
  // How many brokers, of which one may be the scenario's own.
  std::uint32_t brokers() const { return brokers_; }

  Run at(std::uint32_t index) const;
  std::uint32_t index_of(std::uint32_t point, std::uint32_t broker, std::uint32_t seed) const {
    return (point * brokers_ + broker) * seeds_ + seed;
  }
  Key key(const Run& run) const;
  // Of each axis the level of a point, in the order of the axes.
  std::vector<std::uint32_t> levels(std::uint32_t point) const;
  std::uint32_t point_of(const std::vector<std::uint32_t>& levels) const;
  // What is set in the scenario, in the order of the axes.
  std::vector<const Setting*> settings(std::uint32_t point) const;
  // "links.train.loss=1%, fleet.sensors.keep_alive=60s"; empty for a campaign without a sweep.
  std::string label(std::uint32_t point) const;
  std::string broker(const Run& run) const;  // empty: the scenario's own

  // The scenario of a run as a file: what `mqttlab run` takes.
  std::string text(const Run& run) const;

 private:
  Campaign campaign_;
  std::uint32_t points_ = 1;
  std::uint32_t brokers_ = 1;
  std::uint32_t seeds_ = 1;
  std::uint64_t base_digest_ = 0;
  std::vector<std::vector<std::uint64_t>> level_digests_;  // by axis and level
  std::vector<std::uint64_t> broker_digests_;
};

// Every run with its key, in the order of the keys, which is the order in which they are run: over
// the whole plan in no particular order, so that what is there early is a sample of all.
struct KeyedRun {
  Key key{};
  std::uint32_t index = 0;
  friend bool operator==(const KeyedRun&, const KeyedRun&) = default;
};
std::vector<KeyedRun> keyed_runs(const Plan& plan);

// The scenarios that some points make of the file may be none, though each value by itself is one:
// what is wrong with the first of those that are. Of very many points only some are looked at.
inline constexpr std::uint32_t points_checked_max = 2000;
struct Refused {
  std::uint32_t point = 0;
  std::string why;
};
std::optional<Refused> refused_point(const Plan& plan);

// Two runs with one key, if there are any: then nothing may be run.
std::optional<std::pair<std::uint32_t, std::uint32_t>> collision(const std::vector<KeyedRun>& runs);

// Shard `number` (from 0) of `count`: each run belongs to exactly one, and their sizes differ by
// one at most.
inline constexpr std::uint32_t shards_max = 1'000'000;
struct Shard {
  std::uint32_t number = 0;
  std::uint32_t count = 1;
};
std::vector<KeyedRun> part(const std::vector<KeyedRun>& runs, const Shard& shard);

}  // namespace mq::campaign
