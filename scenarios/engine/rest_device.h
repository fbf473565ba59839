// One member of the fleet that speaks HTTP with the store of values instead of MQTT: it puts its
// values there, and reads those of others again and again. One request at a time, over a connection
// that is kept or over one of its own each. What comes to nothing is asked again, with a growing
// wait; of values that could not be given only the newest is.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "scenarios/engine/device_connection.h"
#include "scenarios/engine/fleet_context.h"
#include "scenarios/engine/workload.h"
#include "scenarios/plan.h"
#include "sim/world.h"
#include "transport/http_message.h"

namespace mq::scenario {

class RestDevice final : private DeviceConnection::Owner {
 public:
  RestDevice(FleetContext& fleet, const GroupPlan& group, std::string id, trace::ClientIndex index,
             sim::DeviceId place, Rng rng);
  ~RestDevice() { fleet_.world.cancel(timer_); }
  RestDevice(const RestDevice&) = delete;
  RestDevice& operator=(const RestDevice&) = delete;

  void begin();  // arms its first timer; before the world runs

  // The power of its device, off and on again; it may be switched off several times over.
  void switch_off();
  void switch_on();

 private:
  // A path and what is to be done with it: given its newest value, or read.
  struct Errand {
    std::string path;
    const GetPlan* get = nullptr;
    std::optional<Instant> next{};  // when it is read again
    bool is_open = false;           // in to_run_
    // Put: what is to be given.
    std::optional<trace::Stamp> newest{};
    Bytes value{};
    // Read: what is known.
    std::optional<trace::Stamp> known{};
    std::string tag{};
  };

  enum class Again : std::uint8_t { at_once, later };

  void work();
  void take_values();
  void want(std::size_t errand);
  void leave();
  std::optional<Instant> next_due() const;
  void arm();

  void run_errand();
  void ask(const Errand& errand);
  void answered(const transport::HttpMessage& answer);
  void take(Errand& errand, const transport::HttpMessage& answer);
  void refused(unsigned status);
  void came_to_nothing(std::string_view reason, Again again);
  void close();
  void forget_connection();

  void opened() override;
  void received(std::span<const std::byte> bytes) override;
  void drained(std::size_t) override {}
  void leaving() override;
  void ended(trace::CloseCause cause) override;

  FleetContext& fleet_;
  const GroupPlan& group_;
  const RestPlan& plan_;
  const std::string id_;
  const trace::ClientIndex index_;
  const sim::DeviceId place_;
  const Instant start_;
  Workload workload_;
  DeviceConnection connection_;
  std::uint32_t connection_number_ = 0;
  transport::HttpReader reader_{transport::HttpReader::Of::answers};
  bool is_open_ = false;     // bytes may flow
  bool is_asking_ = false;   // an answer is awaited
  bool has_served_ = false;  // an answer has come over this connection
  std::vector<Errand> errands_;
  std::deque<std::size_t> to_run_;      // positions in errands_; of the first one is asked
  std::optional<Instant> gives_up_at_;  // connecting, or waiting for an answer
  std::optional<trace::Stamp> given_;   // with the last request to put
  Duration wait_;                       // after the next failure
  std::optional<Instant> again_at_;
  std::optional<Instant> linger_until_;  // it is being closed
  bool has_left_ = false;
  int times_off_ = 0;
  sim::TimerId timer_ = sim::TimerId::none;
  Instant timer_at_{};
};

}  // namespace mq::scenario
