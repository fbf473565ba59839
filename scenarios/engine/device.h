// One member of the fleet: a real client core, its application and its connection in a world.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "client/core/client.h"
#include "scenarios/engine/fleet_transports.h"
#include "scenarios/engine/packet_tap.h"
#include "scenarios/engine/tracer.h"
#include "scenarios/engine/workload.h"
#include "scenarios/plan.h"
#include "sim/stream.h"
#include "sim/world.h"
#include "transport/connection.h"

namespace mq::scenario {

// What all devices of a run share.
struct FleetContext {
  sim::World& world;
  sim::StreamLoop& loop;
  Tracer& tracer;
  Instant storm_ends;
  client::Fault fault;
  FleetTransports& transports;
};

class Device {
 public:
  Device(FleetContext& fleet, const GroupPlan& group, Version version, std::string id,
         trace::ClientIndex index, sim::DeviceId place, Rng rng);
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  void begin();  // arms its first timer; before the world runs

  sim::DeviceId place() const { return place_; }

 private:
  using Connection = transport::Connection<sim::Stream>;
  enum class Wish : std::uint8_t { open, asked, granted, refused };
  struct Subscription {
    const SubscribePlan* plan;
    std::string filter;
    Wish wish = Wish::open;
    client::Handle asked_by{};
  };

  void wake();
  void work();
  void subscribe_what_is_due();
  void arm();
  std::optional<Instant> next_due() const;
  void tell(const client::Input& input);

  void perform(client::Output& output);
  void open_link();
  void tcp_is_up();
  void link_is_up();
  void link_is_down(trace::CloseCause cause, bool by_us);
  void close_link(Rule because);
  void on_connected(const client::Connected& connected);
  void on_completed(const client::Completed& completed);
  void on_subscribed(const client::Subscribed& subscribed);

  FleetContext& fleet_;
  const GroupPlan& group_;
  trace::ClientIndex index_;
  sim::DeviceId place_;
  Instant start_;
  Rng connections_;  // each has a child of it
  Workload workload_;
  client::Client core_;
  std::optional<Instant> stop_;
  bool started_ = false;
  bool performing_ = false;
  std::vector<Subscription> subscriptions_;
  std::uint64_t next_subscribe_handle_ = 1ULL << 62;  // above every message number

  std::uint32_t connection_number_ = 0;
  std::optional<sim::Stream> connecting_;
  std::shared_ptr<transport::Link> connection_;
  std::optional<PacketTap> tap_;
  std::optional<Instant> linger_until_;
  bool close_ordered_ = false;

  sim::TimerId timer_ = sim::TimerId::none;
  Instant timer_at_{};
};

}  // namespace mq::scenario
