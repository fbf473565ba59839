// The clients of a load and one epoll: each socket is registered once; what a turn brings is
// handled first, then every client with something to say writes once.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "bench/load_client.h"

namespace mq::transport {
class TlsClient;
}

namespace mq::bench {

class LoadLoop {
 public:
  LoadLoop();
  ~LoadLoop();
  LoadLoop(const LoadLoop&) = delete;
  LoadLoop& operator=(const LoadLoop&) = delete;

  // Begins to connect to 127.0.0.1; its owner hears how that goes. `tls` may be nullptr, and must
  // outlive the client.
  void connect(LoadClient& client, std::uint16_t port, const transport::TlsClient* tls = nullptr);
  // Something was said by the client outside of a turn, or to a client other than the one whose
  // event is handled.
  void mark(LoadClient& client);
  // Closes it without a word; nobody is told.
  void drop(LoadClient& client);

  // One turn; waits for events as long as that. Returns how many there were.
  int turn(std::chrono::milliseconds patience);
  // Until `done`, or until `patience` has passed without any event: then false.
  bool run(const std::function<bool()>& done, std::chrono::milliseconds patience);

 private:
  void flush_all();
  void watch_writing(LoadClient& client, bool on);

  const int epoll_;
  unsigned connections_ = 0;
  std::vector<LoadClient*> dirty_;
  std::vector<std::byte> buffer_;
};

}  // namespace mq::bench
