// A client program as what is tested: one process per case, many of them at a time on one thread.
// Time that passes here is real, so patience is short.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "conformance/runner/suite.h"
#include "peers/client_adapter.h"

namespace mq::conformance {

struct ClientOptions {
  std::size_t at_once = 24;                     // cases, each with a process
  Duration longest = std::chrono::seconds(16);  // of a case
  Duration hello_within = std::chrono::seconds(10);
  std::string word;  // of this run alone
  Onlooker onlooker = {};
};

struct ClientRun {
  std::vector<CaseResult> results;  // in the order of the cases
  std::string lost;                 // why no case could be played; empty: they were
};

// Why such a case is not for such a client; empty if it is.
std::string cannot_take_part(const Case& one, const peers::ClientAdapter& adapter);

// A command of words with {url}, {host}, {port} or {version} in them as an adapter; what it speaks
// is found out when it runs. Throws peers::AdapterError.
peers::ClientAdapter adapter_for(const std::string& command);

// The process ignores SIGPIPE from then on; its programs do not.
ClientRun run_client(const std::vector<const Case*>& cases, const Library& library,
                     peers::ClientAdapter adapter, const ClientOptions& options);

}  // namespace mq::conformance
