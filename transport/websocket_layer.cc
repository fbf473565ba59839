#include <algorithm>
#include <utility>

#include "transport/websocket.h"
#include "transport/websocket_frame.h"
#include "transport/websocket_handshake.h"

namespace mq::transport {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// What both ends do once the handshake is done.
class Frames {
 public:
  Frames(FrameSender peer, std::uint64_t payload_bytes_max, Rng* mask)
      : reader_(peer, payload_bytes_max), mask_(mask) {}

  void from_peer(std::span<const std::byte> bytes, Layer::Sides& sides) {
    std::vector<std::byte> copy(bytes.begin(), bytes.end());  // unmasked in place
    std::span<std::byte> rest(copy);
    while (!over_) {
      const auto event = reader_.next(rest);
      using What = FrameReader::Event::What;
      if (event.what == What::none) return;
      if (event.what == What::data && !sides.to_owner(event.data)) return;
      if (event.what == What::control) hear(event.opcode, event.data, sides);
      if (event.what == What::fault) {
        say_goodbye(event.fault.code, sides);
        return sides.failed("WebSocket: " + event.fault.why);
      }
    }
  }

  void from_owner(std::span<const std::byte> bytes, Layer::Sides& sides) {
    if (!over_) say(Opcode::binary, bytes, sides);
  }

  void close(Layer::Sides& sides) {
    if (!over_) say_goodbye(close_code::normal, sides);
  }

 private:
  void hear(Opcode opcode, std::span<const std::byte> payload, Layer::Sides& sides) {
    if (opcode == Opcode::ping) return say(Opcode::pong, payload, sides);
    if (opcode != Opcode::close) return;
    const bool is_sound = payload.size() != 1 && (payload.size() < 2 || is_sayable(payload));
    over_ = true;
    // Its own code comes back to it, as the standard has it.
    if (is_sound) {
      say(Opcode::close, payload.first(std::min<std::size_t>(payload.size(), 2)), sides);
      return sides.peer_left();
    }
    say_goodbye(close_code::protocol_error, sides);
    sides.failed("WebSocket: a close frame without a valid code");
  }

  static bool is_sayable(std::span<const std::byte> payload) {
    const unsigned code =
        std::to_integer<unsigned>(payload[0]) << 8 | std::to_integer<unsigned>(payload[1]);
    return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
           (code >= 3000 && code <= 4999);
  }

  void say_goodbye(std::uint16_t code, Layer::Sides& sides) {
    over_ = true;
    const std::byte payload[] = {static_cast<std::byte>(code >> 8), static_cast<std::byte>(code)};
    say(Opcode::close, payload, sides);
  }

  void say(Opcode opcode, std::span<const std::byte> payload, Layer::Sides& sides) {
    std::vector<std::byte> frame;
    append_frame(frame, opcode, payload, mask_);
    sides.to_peer(frame);
  }

  FrameReader reader_;
  Rng* const mask_;
  bool over_ = false;
};

class WebSocketServer final : public Layer {
 public:
  explicit WebSocketServer(WebSocketServerOptions options)
      : options_(std::move(options)),
        frames_(FrameSender::client, options_.frame_bytes_max, nullptr) {}

  void begin(Sides&) override {}

  void from_peer(std::span<const std::byte> bytes, Sides& sides) override {
    if (open_) return frames_.from_peer(bytes, sides);
    if (over_) return;
    const std::size_t had = request_.size();
    const std::size_t taken = std::min(bytes.size(), http_header_bytes_max - had);
    request_.append(reinterpret_cast<const char*>(bytes.data()), taken);
    if (!may_be_http_request(request_))
      return refuse(400, "the peer does not speak HTTP, so no WebSocket either", sides);
    const std::size_t end = http_header_end(request_);
    if (end == std::string::npos) {
      if (request_.size() == http_header_bytes_max)
        refuse(431, "the HTTP header is longer than 8 KiB", sides);
      return;
    }
    auto answer = answer_handshake(std::string_view(request_).substr(0, end), options_);
    sides.to_peer(bytes_of(answer.response));
    if (answer.fault) {
      over_ = true;
      return sides.failed("WebSocket handshake: " + *answer.fault);
    }
    open_ = true;
    request_ = {};
    sides.opened();
    frames_.from_peer(bytes.subspan(end - had), sides);
  }

  void from_owner(std::span<const std::byte> bytes, Sides& sides) override {
    frames_.from_owner(bytes, sides);
  }
  void close(Sides& sides) override {
    if (open_) frames_.close(sides);
  }
  void tell(LinkFacts& facts) const override { facts.websocket = true; }
  std::string waits_for() const override { return "WebSocket handshake"; }

 private:
  void refuse(unsigned status, const std::string& why, Sides& sides) {
    over_ = true;
    sides.to_peer(bytes_of(http_refusal(status, why)));
    sides.failed("WebSocket handshake: " + why);
  }

  const WebSocketServerOptions options_;
  Frames frames_;
  std::string request_;
  bool open_ = false;
  bool over_ = false;
};

class WebSocketClient final : public Layer {
 public:
  WebSocketClient(WebSocketClientOptions options, Rng random)
      : options_(std::move(options)),
        random_(random),
        frames_(FrameSender::server, options_.frame_bytes_max, &random_) {}

  void begin(Sides& sides) override {
    std::string nonce(16, '\0');
    for (char& c : nonce) c = static_cast<char>(random_.next());
    key_ = base64(nonce);
    sides.to_peer(bytes_of(handshake_request(options_, key_)));
  }

  void from_peer(std::span<const std::byte> bytes, Sides& sides) override {
    if (open_) return frames_.from_peer(bytes, sides);
    if (over_) return;
    const std::size_t had = response_.size();
    const std::size_t taken = std::min(bytes.size(), http_header_bytes_max - had);
    response_.append(reinterpret_cast<const char*>(bytes.data()), taken);
    const std::string_view begin = std::string_view(response_).substr(0, 5);
    if (begin != std::string_view("HTTP/").substr(0, begin.size()))
      return fail("the server does not speak HTTP", sides);
    const std::size_t end = http_header_end(response_);
    if (end == std::string::npos) {
      if (response_.size() == http_header_bytes_max) fail("the answer is longer than 8 KiB", sides);
      return;
    }
    if (auto broken = response_breaks(std::string_view(response_).substr(0, end), key_, options_))
      return fail(*broken, sides);
    open_ = true;
    response_ = {};
    sides.opened();
    frames_.from_peer(bytes.subspan(end - had), sides);
  }

  void from_owner(std::span<const std::byte> bytes, Sides& sides) override {
    frames_.from_owner(bytes, sides);
  }
  void close(Sides& sides) override {
    if (open_) frames_.close(sides);
  }
  void tell(LinkFacts& facts) const override { facts.websocket = true; }
  std::string waits_for() const override { return "WebSocket handshake"; }

 private:
  void fail(const std::string& why, Sides& sides) {
    over_ = true;
    sides.failed("WebSocket handshake: " + why);
  }

  const WebSocketClientOptions options_;
  Rng random_;
  Frames frames_;
  std::string key_;
  std::string response_;
  bool open_ = false;
  bool over_ = false;
};

}  // namespace

std::unique_ptr<Layer> websocket_server_layer(WebSocketServerOptions options) {
  return std::make_unique<WebSocketServer>(std::move(options));
}

std::unique_ptr<Layer> websocket_client_layer(WebSocketClientOptions options, Rng random) {
  return std::make_unique<WebSocketClient>(std::move(options), random);
}

}  // namespace mq::transport
