// A server as a service: signals, configuration that is read again, logs, $SYS, metrics, word to
// systemd. Runs until it is told to end.
#pragma once

#include "broker/server/broker_options.h"

namespace mq::broker {

// The exit status.
int run_service(const BrokerFlags& flags, Config config);

}  // namespace mq::broker
