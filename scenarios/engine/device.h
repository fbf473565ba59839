// One member of the fleet: a real client core, its application and its connection in a world.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "client/core/client.h"
#include "client/core/client_store.h"
#include "scenarios/engine/device_connection.h"
#include "scenarios/engine/fleet_context.h"
#include "scenarios/engine/packet_tap.h"
#include "scenarios/engine/workload.h"
#include "scenarios/plan.h"
#include "sim/world.h"

namespace mq::scenario {

class Device final : private DeviceConnection::Owner {
 public:
  Device(FleetContext& fleet, const GroupPlan& group, Version version, std::string id,
         trace::ClientIndex index, sim::DeviceId place, Rng rng);
  ~Device() { fleet_.world.cancel(timer_); }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  void begin();  // arms its first timer; before the world runs

  sim::DeviceId place() const { return place_; }

  // Faults; within run_until().
  void switch_off(bool keeps_store);
  void switch_on();
  void lose_connection();  // which the broker does not learn
  void set_clock(Duration by);
  void reconnect();
  void publish_now(const Push& push);
  // It may be switched off, and what its client asks to keep is to be there afterwards.
  void keep_store() { store_.emplace(); }

 private:
  enum class Wish : std::uint8_t { open, asked, granted, refused };
  struct Subscription {
    const SubscribePlan* plan;
    std::string filter;
    Wish wish = Wish::open;
    client::Handle asked_by{};
  };

  void wake();
  void work();
  void publish(Workload::Due due);
  void forget_connection(trace::CloseCause cause);
  void connect_again();
  Instant clock() const { return fleet_.world.now() + clock_ahead_; }
  std::optional<Instant> core_deadline() const;
  void subscribe_what_is_due();
  void arm();
  std::optional<Instant> next_due() const;
  void tell(const client::Input& input);

  void perform(client::Output& output);
  void open_link();
  void link_is_down(trace::CloseCause cause, bool by_us);
  void close_link(Rule because);
  void opened() override;
  void received(std::span<const std::byte> bytes) override;
  void drained(std::size_t bytes) override { tell(client::Drained{bytes}); }
  void leaving() override;
  void ended(trace::CloseCause cause) override { link_is_down(cause, close_ordered_); }
  void on_connected(const client::Connected& connected);
  void on_completed(const client::Completed& completed);
  void on_subscribed(const client::Subscribed& subscribed);

  FleetContext& fleet_;
  const GroupPlan& group_;
  const Version version_;
  const std::string id_;
  trace::ClientIndex index_;
  sim::DeviceId place_;
  Instant start_;
  Workload workload_;
  Rng lives_;  // each life of the client has a child of it, but for the first
  client::Client core_;
  std::optional<client::ClientStore> store_;  // none: nobody would read it
  int times_off_ = 0;
  bool is_in_a_hurry_ = false;  // to connect again, when it knows that its connection is gone
  bool has_left_ = false;       // as its group's `stop` says
  bool lost_its_half_ = false;  // of a session, and has not begun a new one since
  std::uint32_t lives_lost_ = 0;
  Duration clock_ahead_{};
  std::optional<Instant> stop_;
  bool started_ = false;
  bool performing_ = false;
  std::vector<Subscription> subscriptions_;
  std::uint64_t next_subscribe_handle_ = 1ULL << 62;  // above every message number

  std::uint32_t connection_number_ = 0;
  DeviceConnection connection_;
  std::optional<PacketTap> tap_;
  std::optional<Instant> linger_until_;
  bool close_ordered_ = false;

  sim::TimerId timer_ = sim::TimerId::none;
  Instant timer_at_{};
};

}  // namespace mq::scenario
