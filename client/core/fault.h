// Asks for a protocol bug that a test has switched on. In the released library the answer is a
// constant, so that nothing of a fault is compiled into it.
#pragma once

#include "client/core/client.h"

namespace mq::client {

#ifdef MQ_TEST_FAULTS
inline bool has(const Settings& settings, Fault fault) { return settings.fault == fault; }
#else
constexpr bool has(const Settings&, Fault) { return false; }
#endif

}  // namespace mq::client
