// The catalogue of faults: what a broker can do wrong, one statement of the standard (or a few that
// say the same) at a time. A test demands that the cases see each of them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "conformance/mutants/passing.h"
#include "transport/layer.h"

namespace mq::conformance {

struct Fault {
  std::string name;    // what the broker does, as the rest of a sentence
  std::string breaks;  // with blanks: "v5/MQTT-2.2.1-5 v3.1.1/MQTT-2.3.1-6"
  Behaviour behaviour;
  // Instead of the broker's half of WebSocket, if it is that which errs.
  std::function<std::unique_ptr<transport::Layer>(std::unique_ptr<transport::Layer>)> web_socket =
      {};
};
using Faults = std::vector<Fault>;

Faults all_faults();

Faults format_faults();          // text, flags, identifiers: chapters 1, 2 and 4.7
Faults reason_faults();          // reason codes, reason strings, user properties
Faults connect_faults();         // 3.1
Faults connack_faults();         // 3.2
Faults will_faults();            // 3.1.2.5
Faults publish_faults();         // 3.3
Faults retained_faults();        // 3.3.1.3
Faults delivery_faults();        // 4.3 to 4.6
Faults flow_faults();            // 4.9, sizes
Faults subscription_faults();    // 3.8 to 3.11, 4.7
Faults shared_faults();          // 4.8
Faults session_faults();         // 3.1.2.11.2, 4.1
Faults ending_faults();          // 3.12, 3.14, 4.13
Faults authentication_faults();  // 3.15, 4.12
Faults web_socket_faults();      // 6

}  // namespace mq::conformance
