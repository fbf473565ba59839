// Many retained messages: set by one client, then given to clients that subscribe to all of them.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/load_loop.h"
#include "bench/outcome.h"

namespace mq::bench {

struct RetainedPlan {
  enum class Measured { setting, giving };
  Measured measured = Measured::giving;
  std::size_t topics = 10'000;
  std::size_t subscribers = 10;  // one after another
  std::size_t payload_bytes = 64;
};

class RetainedStorm final : public LoadOwner {
 public:
  RetainedStorm(RetainedPlan plan, Target target, std::chrono::milliseconds patience);
  ~RetainedStorm() override;

  Outcome run();

 private:
  void on_welcome(LoadClient& client) override;
  void on_message(LoadClient& client, const Sign& sign, bool is_whole) override;
  void on_pong(LoadClient& client) override;
  void on_ended(LoadClient& client, const std::string& why) override;

  LoadClient& come();
  void set_all();
  void set_some(LoadClient& client);
  void give_all();
  bool wait(const std::function<bool()>& done, const char* what);

  const RetainedPlan plan_;
  const Target target_;
  const std::chrono::milliseconds patience_;
  LoadLoop loop_;
  std::vector<std::unique_ptr<LoadClient>> clients_;
  std::vector<std::vector<char>> heard_;  // topics, of each client
  std::size_t welcome_ = 0;
  std::size_t set_ = 0;
  std::size_t pongs_ = 0;
  std::size_t given_ = 0;
  Outcome outcome_;
};

}  // namespace mq::bench
