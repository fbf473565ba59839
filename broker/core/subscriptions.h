// Who gets a message: a tree of topic levels (both standards, 4.7; shared subscriptions: 5.0,
// 4.8.2), and a memory of what it answered for a topic, kept until a subscription changes.
//
// Levels are interned: a level is hashed once per topic, and walking the tree compares numbers.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "protocol/packet.h"

namespace mq::broker {

struct Session;
struct ShareGroup;

// One filter of one session. Owned by the session; the tree keeps where it hangs.
struct Subscription {
  Session* session = nullptr;
  std::uint64_t session_number = 0;  // the order of receivers
  Subscribe::Entry entry;
  std::optional<std::uint32_t> identifier;

  bool is_shared() const { return group != nullptr; }

  // Kept by Subscriptions.
  std::uint32_t node = 0;
  std::uint32_t index = 0;
  ShareGroup* group = nullptr;
};

// The members of `$share/NAME/...` under one filter; each message goes to one of them.
struct ShareGroup {
  std::string name;
  std::string filter;        // with `$share/NAME/`
  std::uint32_t number = 0;  // never given twice
  std::vector<Subscription*> members;
  std::size_t turn = 0;  // who is asked first next time
};

// One session that gets a copy, whatever the number of its filters that match: the highest QoS of
// them and all their identifiers (v5 MQTT-3.3.4-2 to -4).
struct Receiver {
  Session* session = nullptr;
  Qos qos = Qos::at_most_once;
  bool retain_as_published = false;
  bool no_local = false;  // of one of its subscriptions at least: ask again for its own messages
  std::vector<std::uint32_t> identifiers;
  std::uint32_t share = 0;  // ShareGroup::number of the group that chose it
};

struct Matches {
  std::vector<Receiver> receivers;  // by session number
  std::vector<ShareGroup*> groups;
};

class Subscriptions {
 public:
  Subscriptions();

  // `subscription.entry.filter` is legal. Its address must not change while it is here.
  void add(Subscription& subscription);
  void remove(Subscription& subscription);
  // Options or identifier of a subscription that is here have changed.
  void changed(const Subscription& subscription) { forget(subscription); }

  // Valid until the next call of anything that is not const.
  const Matches& find(std::string_view topic);
  // What `session` gets of `topic` from its own publisher; nothing if only No Local filters match.
  static std::optional<Receiver> without_no_local(const Session& session, std::string_view topic);

  // Nothing if its last member has left.
  ShareGroup* group(std::uint32_t number) const {
    auto at = groups_.find(number);
    return at == groups_.end() ? nullptr : at->second;
  }
  // By number.
  const std::unordered_map<std::uint32_t, ShareGroup*>& groups() const { return groups_; }

  std::size_t size() const { return size_; }
  std::size_t shared_size() const { return shared_; }  // of those
  std::size_t nodes() const { return nodes_.size() - free_nodes_.size(); }

 private:
  static constexpr std::uint32_t none = 0xFFFFFFFF;
  struct Node {
    std::uint32_t parent = none;
    std::uint32_t level = none;
    std::uint32_t children = 0;  // in edges_, and plus and hash
    std::uint32_t plus = none;
    std::uint32_t hash = none;
    std::vector<Subscription*> subscribers;
    std::vector<std::unique_ptr<ShareGroup>> groups;
  };
  struct TextHash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  struct EdgeHash {
    std::size_t operator()(std::uint64_t edge) const {
      edge *= 0x9e3779b97f4a7c15ULL;
      return static_cast<std::size_t>(edge ^ (edge >> 32));
    }
  };
  struct Level {
    std::uint32_t id;
    std::uint32_t users;
  };
  struct Remembered {
    Matches matches;
    std::uint64_t generation = 0;
  };
  struct Walk;

  static std::uint64_t edge(std::uint32_t node, std::uint32_t level) {
    return std::uint64_t{node} << 32 | level;
  }
  std::uint32_t child(std::uint32_t node, std::string_view level);
  std::uint32_t make_node(std::uint32_t parent, std::uint32_t level);
  void prune(std::uint32_t node);
  std::uint32_t intern(std::string_view level);
  void release(std::uint32_t level);
  ShareGroup& group_at(Node& node, std::string_view name, std::string_view filter);
  void forget(const Subscription& subscription);
  void collect(std::string_view topic, Matches& matches);

  std::vector<Node> nodes_;
  std::vector<std::uint32_t> free_nodes_;
  std::unordered_map<std::uint64_t, std::uint32_t, EdgeHash> edges_;
  std::unordered_map<std::string, Level, TextHash, std::equal_to<>> levels_;
  std::vector<const std::string*> level_names_;  // by id, into the keys of levels_
  std::vector<std::uint32_t> free_levels_;
  boost::unordered_flat_map<std::string, Remembered, TextHash, std::equal_to<>> remembered_;
  std::size_t remembered_receivers_ = 0;
  std::uint64_t generation_ = 1;
  std::unordered_map<std::uint32_t, ShareGroup*> groups_;
  std::uint32_t last_group_ = 0;
  std::size_t size_ = 0;
  std::size_t shared_ = 0;
};

}  // namespace mq::broker
