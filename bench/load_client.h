// One MQTT 3.1.1 connection of a load: lean, so that a benchmark measures the broker and not this.
// It looks only at what a count needs, writes once per turn, and acknowledges by itself. Not a
// client for anything else: what it does not expect ends the connection.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/packet.h"
#include "transport/layer.h"

namespace mq::bench {

using Clock = std::chrono::steady_clock;

// The head of every payload: which message this is. The rest is filled with a byte that follows
// from it, so that an altered payload is seen.
struct Sign {
  std::uint32_t stream = 0;
  std::uint32_t sequence = 0;  // from 1, within the stream
  std::int64_t sent_at = 0;    // nanoseconds of Clock
};
inline constexpr std::size_t sign_bytes = 16;

class LoadClient;

// Who is told what happens to clients; during a turn of the loop.
class LoadOwner {
 public:
  virtual ~LoadOwner() = default;
  virtual void on_welcome(LoadClient& client) = 0;  // CONNACK 0
  virtual void on_subscribed(LoadClient&) {}
  // `is_whole`: as long as it should be, and filled as it should be.
  virtual void on_message(LoadClient&, const Sign&, bool /*is_whole*/) {}
  virtual void on_acknowledged(LoadClient&) {}  // one PUBACK or PUBCOMP
  virtual void on_pong(LoadClient&) {}
  virtual void on_ended(LoadClient& client, const std::string& why) = 0;
};

class LoadClient final : private transport::Layer::Sides {
 public:
  struct Options {
    std::string client_id;
    std::string user, password;
    bool clean_session = true;
    std::size_t payload_bytes = 64;  // what its messages are expected to have
  };

  // `number` is what its owner knows it by.
  LoadClient(LoadOwner& owner, int number, Options options);
  ~LoadClient();
  LoadClient(const LoadClient&) = delete;
  LoadClient& operator=(const LoadClient&) = delete;

  int number() const { return number_; }
  Clock::time_point began() const { return began_; }  // connecting

  void say_connect();
  void subscribe(std::span<const std::string> filters, Qos qos);
  void publish(std::string_view topic, Qos qos, bool retain, const Sign& sign,
               std::size_t payload_bytes);
  void ping();
  void say_disconnect();

 private:
  friend class LoadLoop;

  // ---- for the loop
  bool connect(std::uint16_t port, unsigned source, std::unique_ptr<transport::Layer> layer);
  int socket() const { return socket_; }
  void on_connected();
  void on_readable(std::span<std::byte> buffer);
  bool flush();  // false: the socket takes no more at present
  void close(const std::string& why);

  // ---- transport::Layer::Sides
  void to_peer(std::span<const std::byte> bytes) override;
  bool to_owner(std::span<const std::byte> bytes) override;
  void opened() override;
  void peer_left() override { close("the broker said goodbye"); }
  void failed(std::string why) override { close(why); }

  void hear(std::span<const std::byte> bytes);
  std::size_t hear_packets(std::span<const std::byte> bytes);
  void hear_packet(std::uint8_t first, std::span<const std::byte> body);
  void hear_publish(std::uint8_t first, std::span<const std::byte> body);
  void answer(std::uint8_t first, std::uint16_t packet_id);
  void say(const Packet& packet);
  std::uint16_t next_id();

  LoadOwner& owner_;
  const int number_;
  const Options options_;
  std::unique_ptr<transport::Layer> layer_;
  Clock::time_point began_;
  int socket_ = -1;
  std::vector<std::byte> out_;   // of MQTT
  std::vector<std::byte> wire_;  // as it travels, with a layer
  std::size_t written_ = 0;
  std::vector<std::byte> in_;  // the beginning of a packet
  std::uint16_t last_id_ = 0;
  bool is_connected_ = false;
  bool is_open_ = false;
  bool is_dirty_ = false;
  bool waits_to_write_ = false;
};

}  // namespace mq::bench
