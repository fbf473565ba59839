#include "conformance/runner/web_socket.h"

#include <algorithm>
#include <utility>

#include "transport/websocket_frame.h"
#include "transport/websocket_handshake.h"

namespace mq::conformance {
namespace {

using transport::Opcode;

constexpr std::uint64_t frame_bytes_max = std::uint64_t{512} * 1024 * 1024;

// The value of a header line, whatever the case of its name; the first, if there are several.
std::string header(std::string_view response, std::string_view name) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  while (!response.empty()) {
    const std::size_t end = std::min(response.find("\r\n"), response.size());
    const std::string_view line = response.substr(0, end);
    const std::size_t colon = std::min(line.find(':'), line.size());
    if (std::equal(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(colon), name.begin(),
                   name.end(), [&](char a, char b) { return lower(a) == lower(b); })) {
      const std::size_t from = line.find_first_not_of(" \t", colon + 1);
      if (from == std::string_view::npos) return {};
      return std::string(line.substr(from, line.find_last_not_of(" \t") + 1 - from));
    }
    response.remove_prefix(std::min(end + 2, response.size()));
  }
  return {};
}

}  // namespace

struct WebSocket::State {
  explicit State(transport::FrameSender peer) : reader(peer, frame_bytes_max), peer_(peer) {}

  transport::WebSocketClientOptions options;
  std::string key;
  Rng masks{6455};  // hide nothing here, and are the same in each run
  transport::FrameReader reader;
  std::string head_seen;  // of HTTP, as far as it has come
  std::string subprotocol;
  bool is_open = false;
  bool is_over = false;

  void append(std::vector<std::byte>& to, Opcode opcode, std::span<const std::byte> payload) {
    const bool is_client = peer_ == transport::FrameSender::server;
    transport::append_frame(to, opcode, payload, is_client ? &masks : nullptr);
  }

  // What is behind the peer's part of the handshake.
  std::vector<std::byte> shake_hands(std::span<const std::byte> bytes, Heard& heard) {
    head_seen.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (peer_ == transport::FrameSender::client && !transport::may_be_http_request(head_seen)) {
      heard.fault = "no request for a WebSocket came, but other bytes";
      return {};
    }
    const std::size_t end = transport::http_header_end(head_seen);
    if (end == std::string::npos) {
      if (head_seen.size() > transport::http_header_bytes_max) heard.fault = "a header too long";
      return {};
    }
    const std::string head = head_seen.substr(0, end);
    if (peer_ == transport::FrameSender::client)
      answer(head, heard);
    else
      judge(head, heard);
    is_open = heard.opened = heard.fault.empty();
    const auto rest = std::as_bytes(std::span(head_seen)).subspan(end);
    return {rest.begin(), rest.end()};
  }

  void judge(const std::string& head, Heard& heard) {
    subprotocol = header(head, "Sec-WebSocket-Protocol");
    auto judged = options;
    judged.subprotocol = subprotocol;
    heard.fault = transport::response_breaks(head, key, judged).value_or("");
  }

  void answer(const std::string& head, Heard& heard) {
    const transport::HandshakeAnswer answer = transport::answer_handshake(head, {});
    const auto bytes = std::as_bytes(std::span(answer.response));
    heard.reply.assign(bytes.begin(), bytes.end());
    heard.fault = answer.fault.value_or("");
    subprotocol = header(answer.response, "Sec-WebSocket-Protocol");
  }

  void read(std::span<std::byte> bytes, Heard& heard) {
    using What = transport::FrameReader::Event::What;
    for (;;) {
      const auto event = reader.next(bytes);
      if (event.what == What::none) return;
      if (event.what == What::data)
        heard.payload.insert(heard.payload.end(), event.data.begin(), event.data.end());
      if (event.what == What::fault) heard.fault = event.fault.why;
      if (event.what == What::control && event.opcode == Opcode::ping)
        append(heard.reply, Opcode::pong, event.data);
      if (event.what == What::control && event.opcode == Opcode::close && !is_over) {
        append(heard.reply, Opcode::close, event.data);
        is_over = heard.closed = true;
      }
      if (event.what == What::fault || is_over) return;
    }
  }

 private:
  const transport::FrameSender peer_;
};

WebSocket::WebSocket(std::unique_ptr<State> state) : state_(std::move(state)) {}

WebSocket WebSocket::server() {
  return WebSocket(std::make_unique<State>(transport::FrameSender::client));
}

WebSocket::WebSocket(WebSocketPlace place, std::string offers)
    : state_(new State(transport::FrameSender::server)) {
  state_->options = {.host = std::move(place.host),
                     .path = std::move(place.path),
                     .subprotocol = std::move(offers)};
  state_->key = transport::base64("a case of MQTT!!");
}
WebSocket::~WebSocket() = default;
WebSocket::WebSocket(WebSocket&&) noexcept = default;

std::vector<std::byte> WebSocket::request() const {
  const std::string text = transport::handshake_request(state_->options, state_->key);
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

WebSocket::Heard WebSocket::hear(std::span<const std::byte> bytes) {
  Heard heard;
  if (state_->is_over) return heard;
  std::vector<std::byte> frames(bytes.begin(), bytes.end());
  if (!state_->is_open) frames = state_->shake_hands(bytes, heard);
  if (state_->is_open) state_->read(frames, heard);
  state_->is_over |= !heard.fault.empty();
  return heard;
}

std::vector<std::byte> WebSocket::frame(std::span<const std::byte> payload, bool is_text) {
  std::vector<std::byte> bytes;
  state_->append(bytes, is_text ? Opcode::text : Opcode::binary, payload);
  return bytes;
}

std::vector<std::byte> WebSocket::goodbye() {
  static constexpr std::byte normal[] = {std::byte{1000 >> 8}, std::byte{1000 & 0xff}};
  std::vector<std::byte> bytes;
  if (!std::exchange(state_->is_over, true)) state_->append(bytes, Opcode::close, normal);
  return bytes;
}

const std::string& WebSocket::subprotocol() const { return state_->subprotocol; }

}  // namespace mq::conformance
