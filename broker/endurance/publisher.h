// Publishes numbered messages to a topic of its own, as many at once as its window is wide, and
// remembers which of them were acknowledged. Says what is open again on a new connection.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "broker/endurance/wire_client.h"

namespace mq::broker {

class Publisher final : public WireClient {
 public:
  struct Options {
    std::string name;  // client id; publishes to load/NAME
    Qos qos = Qos::at_least_once;
    std::size_t window = 20;
    std::size_t payload_bytes = 64;
    // Every so many messages also a retained one with the number, to state/NAME; 0: never.
    std::uint64_t retains_every = 0;
  };
  explicit Publisher(Options options);

  // Stops beginning new messages.
  void pause() { is_paused_ = true; }
  void go_on();
  bool has_open() const { return !open_.empty(); }

  std::uint64_t published() const { return last_; }
  // The broker has taken responsibility for it. A number beyond what was published: no.
  bool acknowledged(std::uint64_t number) const {
    return number < acknowledged_.size() && acknowledged_[number];
  }
  std::uint64_t acknowledged_count() const { return acknowledged_count_; }
  std::uint64_t refused() const { return refused_; }
  std::uint64_t retained_at_least() const { return retained_acknowledged_; }
  const Options& options() const { return options_; }

 private:
  struct Open {
    std::uint64_t number;
    bool retained = false;  // the one to state/NAME
    bool received = false;  // QoS 2: PUBREC has come
  };

  void welcomed(bool session_present) override;
  void heard(Packet& packet) override;
  void fill();
  void send(const Open& open, PacketId id, bool dup);
  void settle(PacketId id);
  void took(const Open& open, ReasonCode reason);
  // Packet ids go up one by one and wrap; the first of open_ has this one.
  PacketId id_of(std::size_t index) const;
  std::optional<std::size_t> index_of(PacketId id) const;

  const Options options_;
  std::deque<std::optional<Open>> open_;  // nothing: settled out of turn
  std::uint64_t first_open_ = 0;          // counts all that were ever opened
  std::uint64_t last_ = 0;
  std::vector<bool> acknowledged_;
  std::uint64_t acknowledged_count_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t retained_acknowledged_ = 0;
  bool is_paused_ = false;
};

}  // namespace mq::broker
