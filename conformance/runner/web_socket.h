// One half of WebSocket as a case wants it (RFC 6455; MQTT: section 6 of both standards): the
// client's against a broker, the server's against a client. Each write is a frame of its own, text
// frames can be sent, and whatever subprotocol was agreed on is told and not judged. Without I/O.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/rng.h"

namespace mq::conformance {

struct WebSocketPlace {
  std::string host = "lab";  // "example.org:8080"
  std::string path = "/mqtt";
};

class WebSocket {
 public:
  // The client's half. `offers`: the subprotocols that it proposes, "mqtt" or "other, mqtt".
  WebSocket(WebSocketPlace place, std::string offers);
  static WebSocket server();
  ~WebSocket();
  WebSocket(WebSocket&&) noexcept;
  WebSocket& operator=(WebSocket&&) = delete;

  std::vector<std::byte> request() const;  // of the client's half

  struct Heard {
    bool opened = false;  // by this
    bool closed = false;  // the peer has said goodbye
    std::vector<std::byte> payload;
    std::vector<std::byte> reply;  // to be sent at once
    std::string fault;             // what the peer did wrong: nothing more is read
  };
  Heard hear(std::span<const std::byte> bytes);

  std::vector<std::byte> frame(std::span<const std::byte> payload, bool is_text);
  std::vector<std::byte> goodbye();

  const std::string& subprotocol() const;  // that the server chose; empty: none

 private:
  struct State;
  explicit WebSocket(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mq::conformance
