// A TCP connection of this machine, from whichever loopback address it likes.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mq::broker {

class PlainSocket {
 public:
  using Clock = std::chrono::steady_clock;

  // `from` is the last number of a 127.0.0.x; `receive_buffer` in bytes, 0: the system's choice.
  explicit PlainSocket(std::uint16_t port, int from = 1, int receive_buffer = 0);
  ~PlainSocket();
  PlainSocket(const PlainSocket&) = delete;
  PlainSocket& operator=(const PlainSocket&) = delete;

  bool connected() const { return connected_; }
  // As far as the other end takes it within the time; how much that was.
  std::size_t send(std::string_view bytes, Clock::duration patience = std::chrono::seconds(5));
  // Until each of these came; true if they did within the time.
  bool hears(const std::vector<std::string_view>& all,
             Clock::duration patience = std::chrono::seconds(5));
  // Until so many packets of MQTT came, each shorter than 128 bytes; true if they did.
  bool hears_packets(std::size_t count, Clock::duration patience = std::chrono::seconds(5));
  // What has come so far, whatever it is; it is not kept.
  std::size_t drain();
  bool is_closed(Clock::duration patience);

 private:
  bool wait(short what, Clock::time_point until);
  bool receive(Clock::time_point until);

  int fd_;
  bool connected_ = false;
  bool ended_ = false;
  std::string heard_;
};

}  // namespace mq::broker
