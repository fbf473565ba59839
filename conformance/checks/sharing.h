// A shared subscription: each message goes to one member of the group, and none is lost while there
// are members to take it. Serves 4.8.2 of 5.0.
//
// With QoS 1 a message may go to a second member when the first one's connection ended before it
// was acknowledged. What is lost is only sure if all members are connected at the end, and if no
// session that may have held it ended meanwhile.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "conformance/checks/check.h"
#include "conformance/checks/fleet.h"
#include "conformance/checks/tally.h"

namespace mq::checks {

class SharingCheck final : public Check {
 public:
  // `fleet` outlives it and has observed every event before it.
  explicit SharingCheck(Fleet& fleet) : fleet_(fleet) {}

  void observe(const trace::Event& event) override;
  std::vector<Finding> finish(Instant end) override;

  // Settled messages that are remembered, to know a second member when it gets one.
  static constexpr std::size_t settled_max = 16'384;

 private:
  struct Key {
    trace::Stamp stamp;
    FilterId group;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const {
      std::uint64_t mixed = key.stamp.number * 0x9e3779b97f4a7c15ULL;
      mixed ^= static_cast<std::uint64_t>(key.stamp.publisher) * 0xc2b2ae3d27d4eb4fULL;
      mixed += static_cast<std::uint64_t>(key.group) * 0xd6e8feb86659fd93ULL;
      return static_cast<std::size_t>(mixed ^ (mixed >> 29));
    }
  };
  struct Message {
    Qos qos{};
    std::uint32_t epoch = 0;               // of the group: nothing that held it has ended since
    bool owed = false;                     // acknowledged
    std::optional<std::uint32_t> sent_in;  // session of its publisher
    bool is_copied = false;                // its publisher sent it again, as new
    Instant owed_since;
    std::optional<ClientIndex> member;  // that got it
    std::uint32_t connection = 0;       // of that member then
  };

  void on(const trace::Attempted& attempted);
  void on(const trace::Acknowledged& acknowledged, Instant at);
  void on(const trace::Delivered& delivered, Instant at);
  std::optional<FilterId> group_that_brought(ClientIndex member, TopicId topic,
                                             const trace::Stamp& stamp);
  void on_sent(const trace::PacketSeen& seen);
  void on_changes();
  void is_over(ClientIndex member);
  void settle(const Key& key);
  bool is_whole(FilterId group) const;
  std::uint32_t& epoch(FilterId group);

  Fleet& fleet_;
  std::vector<FilterId> groups_;       // shared filters that were asked for
  std::vector<std::uint32_t> epochs_;  // by FilterId
  boost::unordered_flat_map<Key, Message, Hash> messages_;
  std::deque<Key> settled_;
  Tally tally_;
};

}  // namespace mq::checks
