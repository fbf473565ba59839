// One MQTT 5.0 connection of a load, on a socket that never blocks.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "protocol/codec.h"

namespace mq::broker {

class WireClient {
 public:
  virtual ~WireClient();
  WireClient(const WireClient&) = delete;
  WireClient& operator=(const WireClient&) = delete;

  // To 127.0.0.1; says CONNECT. False if nobody listens.
  bool connect(int port);
  void disconnect();  // orderly, at once
  void drop();        // without a word

  bool is_open() const { return socket_ >= 0; }
  int socket() const { return socket_; }
  bool wants_to_write() const { return written_ < out_.size(); }
  void readable();
  void writable();

  // CONNACK has come on this connection, and said so.
  bool is_welcome() const { return is_welcome_; }
  std::uint64_t lost_sessions() const { return lost_sessions_; }
  const std::string& client_id() const { return client_id_; }

 protected:
  // `stays`: the session outlives its connections.
  WireClient(std::string client_id, bool stays) : client_id_(std::move(client_id)), stays_(stays) {}

  void say(const Packet& packet) { encode(packet, Version::v5, out_); }
  virtual void welcomed(bool session_present) = 0;
  virtual void heard(Packet& packet) = 0;

 private:
  void hear_all();

  const std::string client_id_;
  const bool stays_;
  int socket_ = -1;
  PacketReader reader_{Sender::server, Version::v5};
  std::vector<std::byte> out_;
  std::size_t written_ = 0;
  bool is_welcome_ = false;
  bool had_session_ = false;
  std::uint64_t lost_sessions_ = 0;
};

// Lets all of them work until `done` or the time is over; false if it is. A client whose connection
// ends is no longer served.
bool serve(const std::vector<WireClient*>& clients, std::chrono::milliseconds time,
           const std::function<bool()>& done);

}  // namespace mq::broker
