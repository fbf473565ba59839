// The core's notes as log lines.
#pragma once

#include "broker/config/config.h"
#include "broker/core/broker.h"
#include "broker/operate/log.h"

namespace mq::broker {

void write_note(Log& log, const LogConfig& config, const Note& note);

}  // namespace mq::broker
