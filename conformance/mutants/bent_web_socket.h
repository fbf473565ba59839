// A half of WebSocket that errs: what a peer of MQTT over WebSocket can do wrong, of a broker or of
// a client alike.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "transport/layer.h"

namespace mq::conformance {

enum class WebSocketFault : std::uint8_t {
  sends_text,            // its frames are text frames
  takes_text,            // those of the peer are as good as binary ones
  reads_frame_by_frame,  // a frame is one packet, or nothing
  names_another_subprotocol,
};

std::function<std::unique_ptr<transport::Layer>(std::unique_ptr<transport::Layer> layer)> bent(
    WebSocketFault fault);

}  // namespace mq::conformance
