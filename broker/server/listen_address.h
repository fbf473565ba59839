// Where a broker listens, as it stands on a command line.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "broker/server/listener_options.h"

namespace mq::broker {

// "1884", "localhost", "0.0.0.0:1883", "[::1]:1883", "::1", "*:1883" or ":1883" (all addresses of
// both families). Nothing if it is none of these.
std::optional<std::vector<ListenAddress>> parse_listen(std::string_view text,
                                                       std::uint16_t default_port);

}  // namespace mq::broker
