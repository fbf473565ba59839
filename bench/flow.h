// Messages from publishers to subscribers, every delivery counted and looked at: the right one, at
// the right client, once, in order, whole. Publishers keep a window, so that no broker has to drop
// anything for being slower than they are.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/load_loop.h"
#include "bench/outcome.h"

namespace mq::bench {

struct FlowPlan {
  // One topic, published to by one client; its messages are numbered.
  struct Stream {
    std::size_t publisher = 0;
    std::string topic;
    std::vector<std::size_t> receivers;  // which subscribers must get it
  };

  std::size_t publishers = 1;
  std::vector<std::vector<std::string>> subscribers;  // the filters of each
  std::vector<Stream> streams;
  Qos qos = Qos::at_most_once;
  std::size_t payload_bytes = 64;
  bool keeps_sessions = false;  // of the subscribers
  std::uint64_t messages = 0;   // measured, of all publishers together
  std::uint64_t warm_up = 0;    // before that
  std::uint64_t window = 1;     // messages under way, per publisher
};

// Many to one, one to many, one to one. `window` and the numbers of messages are left to set.
FlowPlan fan_in_plan(std::size_t publishers);
FlowPlan fan_out_plan(std::size_t subscribers);
// `filters` filters with wildcards, shared out among ten subscribers; every topic is matched by
// exactly one of them, and there are as many topics as filters.
FlowPlan matching_plan(std::size_t filters);

class Flow final : public LoadOwner {
 public:
  Flow(FlowPlan plan, Target target, std::chrono::milliseconds patience);
  ~Flow() override;

  Outcome run();

 private:
  struct Publisher {
    std::vector<std::uint32_t> streams;
    std::size_t next = 0;    // of its streams
    std::uint64_t owed = 0;  // deliveries of its messages that have not come
    std::uint64_t unacknowledged = 0;
    std::uint64_t copies_max = 1;  // of one of its messages
    bool is_blocked = false;
  };
  struct Heard {
    std::uint32_t sequence = 0;
    bool is_receiver = false;
  };

  void on_welcome(LoadClient& client) override;
  void on_subscribed(LoadClient& client) override;
  void on_message(LoadClient& client, const Sign& sign, bool is_whole) override;
  void on_acknowledged(LoadClient& client) override;
  void on_pong(LoadClient& client) override;
  void on_ended(LoadClient& client, const std::string& why) override;

  bool open();
  void subscribe(LoadClient& client);
  void part();
  bool pump(std::uint64_t messages);
  void refill(std::size_t publisher);
  bool judge(std::size_t subscriber, const Sign& sign, bool is_whole);
  bool is_subscriber(const LoadClient& client) const;
  Heard& heard(std::size_t subscriber, std::size_t stream) {
    return heard_[subscriber * plan_.streams.size() + stream];
  }
  void count_lost();

  const FlowPlan plan_;
  const Target target_;
  const std::chrono::milliseconds patience_;
  LoadLoop loop_;
  std::vector<std::unique_ptr<LoadClient>> clients_;  // publishers, then subscribers
  std::vector<Publisher> publishers_;
  std::vector<std::uint32_t> sent_;  // of each stream
  std::vector<Heard> heard_;
  std::vector<std::size_t> filters_said_;  // of each subscriber
  std::vector<double> latencies_;
  std::vector<std::size_t> to_refill_;
  std::size_t ready_ = 0;
  std::size_t pongs_ = 0;
  std::size_t gone_ = 0;
  bool is_parting_ = false;
  std::uint64_t to_send_ = 0;
  std::uint64_t owed_ = 0;
  std::uint64_t unacknowledged_ = 0;
  Outcome outcome_;
};

}  // namespace mq::bench
