// How fresh the values are that somebody reads: subscribers of MQTT, and members that poll a store
// by HTTP. Of each reader and each topic (or path) it follows the newest value that the reader has,
// from when that was taken: its age grows until a newer one is there. So both ways to come by a
// value are measured alike, and a value that was skipped over costs age, not a loss.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "conformance/checks/attempts.h"
#include "conformance/checks/latency_histogram.h"
#include "sim/trace/run_info.h"

namespace mq::checks {

// Of one reader, over all that it reads; ages until the storm ends, for then nothing is taken any
// more.
struct Age {
  Duration mean{};
  Duration most{};
};

// Of a group of readers.
struct Freshness {
  std::uint64_t values = 0;  // that were new to a reader
  LatencyHistogram latency;  // from being taken to being there
  Age age;                   // mean of them all; most of the one that had the oldest
};

class FreshnessFold {
 public:
  struct Limits {
    std::size_t followed_max = 1'000'000;  // a reader and a topic; of further ones nothing is told
    std::size_t attempts_max = 4'000'000;
  };

  // `run` outlives it. Where nobody speaks HTTP and no age is expected, nothing is measured.
  explicit FreshnessFold(const trace::RunInfo& run);
  FreshnessFold(const trace::RunInfo& run, const Limits& limits);

  void observe(const trace::Event& event);
  void finish(Instant end);

  // After finish().
  std::optional<Age> of(trace::ClientIndex reader) const;
  std::optional<Freshness> of(std::string_view group) const;
  std::uint64_t values() const { return values_; }

 private:
  struct Held {  // by one reader, of one topic
    std::size_t reader;
    Instant taken;
    Instant since;  // its age has been counted until then
  };
  struct Reader {
    std::size_t group = 0;
    double seconds = 0;         // that it held something, summed up over its topics
    double seconds_of_age = 0;  // the same, times the age
    Duration most{};
  };
  struct Group {
    std::string name;
    std::uint64_t values = 0;
    LatencyHistogram latency = LatencyHistogram();
  };

  void read(trace::ClientIndex reader, std::string_view topic, const trace::Stamp& stamp,
            Instant at);
  void grow_old(Held& held, Instant at);
  void stop(Instant at);

  bool is_wanted_;
  bool is_stopped_ = false;
  const Limits limits_;
  Attempts attempts_;
  std::vector<Reader> readers_;  // by client
  std::vector<Group> groups_;
  std::unordered_map<std::string, std::uint32_t> topics_;
  std::unordered_map<std::uint64_t, std::size_t> followed_;  // reader and topic: position in held_
  std::vector<Held> held_;
  std::uint64_t values_ = 0;
};

}  // namespace mq::checks
