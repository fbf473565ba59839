// Whether a broker lets a client in: CONNECT (3.1.1) is answered by CONNACK 0. That, and nothing
// less, is what "ready" means.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "peers/adapter.h"

namespace mq::peers {

enum class Answer { welcome, refused, nobody };  // nobody: no listener, no answer, no MQTT

// One attempt at 127.0.0.1, which takes no longer than `time`.
Answer ask_to_come_in(std::uint16_t port, const std::optional<Login>& login,
                      std::chrono::milliseconds time);

// Whether somebody listens.
bool is_listening(std::uint16_t port);

// Ports of 127.0.0.1 that were free a moment ago, below those that the system gives to whoever asks
// for any: nobody takes them by chance before they are used.
std::uint16_t free_port();

}  // namespace mq::peers
