#include "conformance/mutants/bent_web_socket.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mq::conformance {
namespace {

using transport::Layer;
using Wire = std::vector<std::byte>;

constexpr auto opcode_bits = std::byte{0x0f};
constexpr auto text = std::byte{1};
constexpr auto binary = std::byte{2};

// Finds where frames begin in what comes in pieces, behind the HTTP of the handshake.
class FrameStarts {
 public:
  template <class Edit>
  void each(Wire& bytes, Edit edit) {
    for (std::byte& byte : bytes) {
      if (!past_header_) {
        header_ += static_cast<char>(byte);
        past_header_ = header_.ends_with("\r\n\r\n");
      } else if (payload_left_ > 0) {
        --payload_left_;
      } else {
        if (frame_.empty()) edit(byte);
        frame_.push_back(byte);
        if (frame_.size() < 2 || frame_.size() < frame_header_size()) continue;
        payload_left_ = payload_size();
        frame_.clear();
      }
    }
  }

 private:
  unsigned at(std::size_t i) const { return std::to_integer<unsigned>(frame_[i]); }
  std::size_t length_size() const {
    const unsigned length = at(1) & 0x7fU;
    return length == 127 ? 8 : length == 126 ? 2 : 0;
  }
  std::size_t frame_header_size() const { return 2 + length_size() + (at(1) >= 0x80 ? 4 : 0); }
  std::uint64_t payload_size() const {
    if (length_size() == 0) return at(1) & 0x7fU;
    std::uint64_t size = 0;
    for (std::size_t i = 2; i < 2 + length_size(); ++i) size = size << 8 | at(i);
    return size;
  }

  std::string header_;
  bool past_header_ = false;
  Wire frame_;
  std::uint64_t payload_left_ = 0;
};

// The first packet of these bytes, if it is all there.
std::span<const std::byte> first_packet(std::span<const std::byte> bytes) {
  std::size_t length = 0;
  for (std::size_t i = 1, shift = 0; i < bytes.size() && i <= 4; ++i, shift += 7) {
    length |= (std::to_integer<std::size_t>(bytes[i]) & 0x7f) << shift;
    if (std::to_integer<unsigned>(bytes[i]) >= 0x80) continue;
    return length <= bytes.size() - i - 1 ? bytes.first(i + 1 + length) : bytes.first(0);
  }
  return bytes.first(0);
}

Wire with_another_subprotocol(std::span<const std::byte> bytes) {
  constexpr std::string_view right = "Protocol: mqtt\r\n";
  std::string all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (const std::size_t at = all.find(right); at != std::string::npos)
    all.replace(at, right.size(), "Protocol: mqttv3.1\r\n");
  const auto changed = std::as_bytes(std::span(all));
  return {changed.begin(), changed.end()};
}

class Bent final : public Layer {
 public:
  Bent(std::unique_ptr<Layer> layer, WebSocketFault fault)
      : layer_(std::move(layer)), fault_(fault) {}

  void begin(Sides& sides) override {
    BentSides bent{*this, sides};
    layer_->begin(bent);
  }
  void from_peer(std::span<const std::byte> bytes, Sides& sides) override {
    BentSides bent{*this, sides};
    Wire wire(bytes.begin(), bytes.end());
    if (fault_ == WebSocketFault::takes_text)
      heard_.each(wire, [](std::byte& byte) {
        if ((byte & opcode_bits) == text) byte = (byte & ~opcode_bits) | binary;
      });
    layer_->from_peer(wire, bent);
  }
  void from_owner(std::span<const std::byte> bytes, Sides& sides) override {
    BentSides bent{*this, sides};
    layer_->from_owner(bytes, bent);
  }
  void close(Sides& sides) override {
    BentSides bent{*this, sides};
    layer_->close(bent);
  }
  void tell(transport::LinkFacts& facts) const override { layer_->tell(facts); }
  std::string waits_for() const override { return layer_->waits_for(); }

 private:
  class BentSides final : public Sides {
   public:
    BentSides(Bent& of, Sides& sides) : of_(of), sides_(sides) {}
    void to_peer(std::span<const std::byte> bytes) override {
      Wire wire(bytes.begin(), bytes.end());
      if (of_.fault_ == WebSocketFault::sends_text)
        of_.sent_.each(wire, [](std::byte& byte) {
          if ((byte & opcode_bits) == binary) byte = (byte & ~opcode_bits) | text;
        });
      if (of_.fault_ == WebSocketFault::names_another_subprotocol)
        wire = with_another_subprotocol(wire);
      sides_.to_peer(wire);
    }
    bool to_owner(std::span<const std::byte> bytes) override {
      if (of_.fault_ == WebSocketFault::reads_frame_by_frame) bytes = first_packet(bytes);
      return bytes.empty() || sides_.to_owner(bytes);
    }
    void opened() override { sides_.opened(); }
    void peer_left() override { sides_.peer_left(); }
    void failed(std::string why) override { sides_.failed(std::move(why)); }

   private:
    Bent& of_;
    Sides& sides_;
  };

  const std::unique_ptr<Layer> layer_;
  const WebSocketFault fault_;
  FrameStarts heard_;
  FrameStarts sent_;
};

}  // namespace

std::function<std::unique_ptr<Layer>(std::unique_ptr<Layer> layer)> bent(WebSocketFault fault) {
  return [fault](std::unique_ptr<Layer> layer) {
    return std::make_unique<Bent>(std::move(layer), fault);
  };
}

}  // namespace mq::conformance
