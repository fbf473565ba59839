// What the broker knows of a client, with or without a link (both standards, 4.1; 3.1.1:
// 3.1.2.4).
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/core/outgoing.h"
#include "broker/core/record.h"
#include "broker/core/subscriptions.h"

namespace mq::broker {

struct Link;
enum class LinkId : std::uint64_t;

inline constexpr std::chrono::seconds never_expires{0xFFFFFFFF};

// Packet ids of QoS 2 messages from the client that were passed on and not yet released
// (v5 MQTT-4.3.3-10).
class Incoming {
 public:
  bool contains(PacketId id) const { return find(id) != nullptr; }
  std::size_t size() const { return ids_.size(); }
  const auto& all() const { return ids_; }

  struct Open {
    PacketId id;
    bool on_this_link;  // counts for this link's receive maximum
  };

  const Open* find(PacketId id) const {
    auto at = place(id);
    return at != ids_.end() && at->id == id ? &*at : nullptr;
  }
  // True if it was new to this link.
  bool open(PacketId id) {
    auto at = ids_.begin() + (place(id) - ids_.begin());
    if (at == ids_.end() || at->id != id) at = ids_.insert(at, Open{id, false});
    return !std::exchange(at->on_this_link, true);
  }
  void restore(PacketId id) {
    ids_.insert(ids_.begin() + (place(id) - ids_.begin()), Open{id, false});
  }
  void close(PacketId id) { ids_.erase(ids_.begin() + (place(id) - ids_.begin())); }
  void new_link() {
    for (Open& open : ids_) open.on_this_link = false;
  }

 private:
  std::vector<Open>::const_iterator place(PacketId id) const {
    return std::lower_bound(ids_.begin(), ids_.end(), id,
                            [](const Open& open, PacketId wanted) { return open.id < wanted; });
  }

  std::vector<Open> ids_;  // sorted
};

struct StoredWill {
  Will will;
  std::optional<Instant> due;  // set when the link is lost
};

struct Session {
  explicit Session(QueueTotals& totals) : outgoing(totals) {}

  std::string client_id;
  std::string user;                // to whom it belongs; empty: to nobody that was authenticated
  const Origin* origin = nullptr;  // where it was connected last; the core's, never null
  std::uint64_t number = 0;        // in the order of creation; no two sessions ever share one
  Version version = Version::v5;
  std::chrono::seconds expiry{0};
  bool recorded = false;       // outlives its link, so the store knows it
  bool reads_in_part = false;  // a subscription matches topics that it may not read
  Link* link = nullptr;
  std::optional<Instant> disconnected_at;
  std::optional<Instant> armed;                              // in Timers
  std::vector<std::unique_ptr<Subscription>> subscriptions;  // sorted by filter
  Incoming incoming;
  Outgoing outgoing;
  std::unique_ptr<StoredWill> will;
  std::vector<LinkId> holds;  // publishers that wait for room here, in the order of their coming
  bool stalled = false;       // it had its time: nobody waits for it

  Subscription* find_subscription(std::string_view filter) const {
    auto at = place(filter);
    return at != subscriptions.end() && (*at)->entry.filter == filter ? at->get() : nullptr;
  }
  std::vector<std::unique_ptr<Subscription>>::const_iterator place(std::string_view filter) const {
    return std::lower_bound(
        subscriptions.begin(), subscriptions.end(), filter,
        [](const auto& has, std::string_view wanted) { return has->entry.filter < wanted; });
  }

  // When it ends if nobody comes back; nothing: never, or not yet.
  std::optional<Instant> expires_at() const {
    if (link != nullptr || !disconnected_at || expiry == never_expires) return std::nullopt;
    return *disconnected_at + expiry;
  }
};

inline Author author_of(const Session& session) {
  return {stored_user(session.user, *session.origin), session.client_id};
}

}  // namespace mq::broker
