#include "conformance/mutants/fault.h"

#include <iterator>

namespace mq::conformance {

Faults all_faults() {
  Faults all;
  for (const auto of :
       {format_faults, reason_faults, connect_faults, connack_faults, will_faults, publish_faults,
        retained_faults, delivery_faults, flow_faults, subscription_faults, shared_faults,
        session_faults, ending_faults, authentication_faults, web_socket_faults}) {
    Faults more = of();
    all.insert(all.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
  }
  return all;
}

}  // namespace mq::conformance
