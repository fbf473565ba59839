// Two layers, each the other's peer: what one gives to the network, the other one gets, in pieces
// of a chosen size.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "transport/layer.h"

namespace mq::transport {

inline std::span<const std::byte> as_wire(const std::string& text) {
  return std::as_bytes(std::span(text));
}

class LayerEnd final : public Layer::Sides {
 public:
  explicit LayerEnd(std::unique_ptr<Layer> made) : layer(std::move(made)) {}

  void to_peer(std::span<const std::byte> bytes) override {
    out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  bool to_owner(std::span<const std::byte> bytes) override {
    received.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return wants_more;
  }
  void opened() override { ++times_opened; }
  void peer_left() override { left = true; }
  void failed(std::string why) override { failure = std::move(why); }

  void begin() { layer->begin(*this); }
  void hear(const std::string& bytes) { layer->from_peer(as_wire(bytes), *this); }
  void say(const std::string& bytes) { layer->from_owner(as_wire(bytes), *this); }
  void close() { layer->close(*this); }
  std::string take() { return std::exchange(out, {}); }
  LinkFacts facts() const {
    LinkFacts facts;
    layer->tell(facts);
    return facts;
  }

  std::unique_ptr<Layer> layer;
  std::string out, received, failure;
  int times_opened = 0;
  bool left = false;
  bool wants_more = true;
};

// Until nobody has anything more to say. The bytes that went over the wire, both ways.
inline std::size_t converse(LayerEnd& a, LayerEnd& b, std::size_t piece = 1 << 20) {
  std::size_t total = 0;
  while (!a.out.empty() || !b.out.empty())
    for (auto [from, to] : {std::pair(&a, &b), std::pair(&b, &a)}) {
      const std::string bytes = from->take();
      total += bytes.size();
      for (std::size_t at = 0; at < bytes.size(); at += piece) to->hear(bytes.substr(at, piece));
    }
  return total;
}

}  // namespace mq::transport
