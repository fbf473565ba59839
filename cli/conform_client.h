// mqttlab conform --client: who is tested is a client, and the runner is its broker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "conformance/runner/library.h"
#include "conformance/runner/suite.h"

namespace mq::cli {

struct ClientFlags {
  std::string client;  // ours, an adapter's name or file, or a command
  std::uint64_t seed = 1;
  std::size_t jobs = 24;
  conformance::Onlooker onlooker = {};
};

struct ClientCourse {
  std::vector<conformance::CaseResult> results;
  std::string lost;     // why no case could be played; empty: they were
  std::string release;  // which client it is, if that is known
};

// Or the exit code, once it was told what is wrong.
std::variant<ClientCourse, int> play_client(const ClientFlags& flags,
                                            const std::vector<const conformance::Case*>& cases,
                                            const conformance::Library& library);

// The name under which expectations of this client are kept; empty: none are.
std::string expectations_name(const std::string& client);

}  // namespace mq::cli
