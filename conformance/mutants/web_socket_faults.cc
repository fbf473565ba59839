// Section 6: what a broker does wrong over WebSocket.
#include "conformance/mutants/bent_web_socket.h"
#include "conformance/mutants/fault.h"

namespace mq::conformance {

Faults web_socket_faults() {
  const auto fault = [](const char* name, const char* breaks, WebSocketFault which) {
    return Fault{.name = name, .breaks = breaks, .behaviour = {}, .web_socket = bent(which)};
  };
  return {
      fault("sends text frames", "v5/MQTT-6.0.0-1 v3.1.1/MQTT-6.0.0-1", WebSocketFault::sends_text),
      fault("takes text frames", "v5/MQTT-6.0.0-1 v3.1.1/MQTT-6.0.0-1", WebSocketFault::takes_text),
      fault("takes a frame for a packet", "v5/MQTT-6.0.0-2 v3.1.1/MQTT-6.0.0-2",
            WebSocketFault::reads_frame_by_frame),
      fault("names another subprotocol", "v5/MQTT-6.0.0-4 v3.1.1/MQTT-6.0.0-4",
            WebSocketFault::names_another_subprotocol),
  };
}

}  // namespace mq::conformance
