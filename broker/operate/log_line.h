// One line of the broker's log. Much of what is in it was chosen by strangers: nothing of it can
// end the line, move a terminal's cursor or turn the direction of writing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "broker/config/config.h"

namespace mq::broker {

enum class Level : std::uint8_t {
  error,
  warning,
  notice,
  information,
  debug,
  subscribe,
  unsubscribe,
};
const char* name(Level level);
bool wants(const LogConfig::Types& types, Level level);
// Where lines go with `log_dest topic`, as in mosquitto: "$SYS/broker/log/N".
std::string log_topic(Level level);

struct Field {
  std::string_view name;  // a word of ours
  std::string value;      // anybody's
};

// Without its end. `time` is empty, or stands first.
//   2026-11-22T20:30:00.123Z notice connected client=sensor-1 address=10.0.0.9:40008
//   {"time":"...","level":"notice","event":"connected","client":"sensor-1",...}
std::string log_line(LogConfig::Form form, std::string_view time, Level level,
                     std::string_view event, const std::vector<Field>& fields);

}  // namespace mq::broker
