// Clients that come: so many at once, each greeted, and then either gone again (a storm of
// connections, a series of TLS handshakes) or staying without a word (idle connections).
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include "bench/load_loop.h"
#include "bench/outcome.h"

namespace mq::bench {

struct ArrivalsPlan {
  std::size_t clients = 0;
  std::size_t at_once = 200;
  bool stay = false;
  bool tls = false;
};

class Arrivals final : public LoadOwner {
 public:
  Arrivals(ArrivalsPlan plan, Target target, std::chrono::milliseconds patience);
  ~Arrivals() override;

  // Those that stay are asked at the end whether they are still served.
  Outcome run();

 private:
  void on_welcome(LoadClient& client) override;
  void on_pong(LoadClient& client) override;
  void on_ended(LoadClient& client, const std::string& why) override;

  void come();
  bool wait_until(std::size_t& count, std::size_t wanted);
  void ask_all();
  void settle();

  const ArrivalsPlan plan_;
  const Target target_;
  const std::chrono::milliseconds patience_;
  std::unique_ptr<transport::TlsClient> tls_;
  LoadLoop loop_;
  std::vector<std::unique_ptr<LoadClient>> clients_;
  std::vector<char> is_leaving_;
  std::vector<double> latencies_;
  std::size_t welcome_ = 0;
  std::size_t gone_ = 0;
  std::size_t pongs_ = 0;
  Outcome outcome_;
};

}  // namespace mq::bench
