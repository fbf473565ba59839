#include <algorithm>
#include <optional>
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

// What both ends have in common: the peer's HTTP header, which comes in pieces, then frames.
class WebSocketEnd : public Layer {
 public:
  WebSocketEnd(FrameSender peer, std::uint64_t frame_bytes_max, Rng* mask)
      : frames_(peer, frame_bytes_max, mask) {}

  void from_peer(std::span<const std::byte> bytes, Sides& sides) final {
    if (open_) return frames_.from_peer(bytes, sides);
    if (over_) return;
    const std::size_t had = header_.size();
    const std::size_t taken = std::min(bytes.size(), http_header_bytes_max - had);
    header_.append(reinterpret_cast<const char*>(bytes.data()), taken);
    if (!may_be_http(header_)) return is_not_http(sides);
    const std::size_t end = http_header_end(header_);
    if (end == std::string::npos) {
      if (header_.size() == http_header_bytes_max) is_too_long(sides);
      return;
    }
    if (auto broken = handshake_breaks(std::string_view(header_).substr(0, end), sides))
      return fail(*broken, sides);
    open_ = true;
    header_ = {};
    sides.opened();
    frames_.from_peer(bytes.subspan(end - had), sides);
  }

  void from_owner(std::span<const std::byte> bytes, Sides& sides) final {
    frames_.from_owner(bytes, sides);
  }
  void close(Sides& sides) final {
    if (open_) frames_.close(sides);
  }
  void tell(LinkFacts& facts) const final { facts.websocket = true; }
  std::string waits_for() const final { return "WebSocket handshake"; }

 protected:
  void fail(const std::string& why, Sides& sides) {
    over_ = true;
    sides.failed("WebSocket handshake: " + why);
  }

 private:
  virtual bool may_be_http(std::string_view beginning) const = 0;
  virtual void is_not_http(Sides& sides) = 0;
  virtual void is_too_long(Sides& sides) = 0;
  // What is wrong with the peer's header; answers it, if that is this end's to do.
  virtual std::optional<std::string> handshake_breaks(std::string_view header, Sides& sides) = 0;

  Frames frames_;
  std::string header_;
  bool open_ = false;
  bool over_ = false;
};

class WebSocketServer final : public WebSocketEnd {
 public:
  explicit WebSocketServer(WebSocketServerOptions options)
      : WebSocketEnd(FrameSender::client, options.frame_bytes_max, nullptr),
        options_(std::move(options)) {}

  void begin(Sides&) override {}

 private:
  bool may_be_http(std::string_view beginning) const override {
    return may_be_http_request(beginning);
  }
  void is_not_http(Sides& sides) override {
    refuse(400, "the peer does not speak HTTP, so no WebSocket either", sides);
  }
  void is_too_long(Sides& sides) override {
    refuse(431, "the HTTP header is longer than 8 KiB", sides);
  }
  std::optional<std::string> handshake_breaks(std::string_view header, Sides& sides) override {
    auto answer = answer_handshake(header, options_);
    sides.to_peer(bytes_of(answer.response));
    return std::move(answer.fault);
  }

  void refuse(unsigned status, const std::string& why, Sides& sides) {
    sides.to_peer(bytes_of(http_refusal(status, why)));
    fail(why, sides);
  }

  const WebSocketServerOptions options_;
};

class WebSocketClient final : public WebSocketEnd {
 public:
  WebSocketClient(WebSocketClientOptions options, Rng random)
      : WebSocketEnd(FrameSender::server, options.frame_bytes_max, &random_),
        options_(std::move(options)),
        random_(random) {}

  void begin(Sides& sides) override {
    std::string nonce(16, '\0');
    for (char& c : nonce) c = static_cast<char>(random_.next());
    key_ = base64(nonce);
    sides.to_peer(bytes_of(handshake_request(options_, key_)));
  }

 private:
  bool may_be_http(std::string_view beginning) const override {
    beginning = beginning.substr(0, 5);
    return beginning == std::string_view("HTTP/").substr(0, beginning.size());
  }
  void is_not_http(Sides& sides) override { fail("the server does not speak HTTP", sides); }
  void is_too_long(Sides& sides) override { fail("the answer is longer than 8 KiB", sides); }
  std::optional<std::string> handshake_breaks(std::string_view header, Sides&) override {
    return response_breaks(header, key_, options_);
  }

  const WebSocketClientOptions options_;
  Rng random_;
  std::string key_;
};

}  // namespace

std::unique_ptr<Layer> websocket_server_layer(WebSocketServerOptions options) {
  return std::make_unique<WebSocketServer>(std::move(options));
}

std::unique_ptr<Layer> websocket_client_layer(WebSocketClientOptions options, Rng random) {
  return std::make_unique<WebSocketClient>(std::move(options), random);
}

}  // namespace mq::transport
