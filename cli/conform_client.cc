#include "cli/conform_client.h"

#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "cli/exit_code.h"
#include "conformance/runner/client_remote.h"
#include "conformance/runner/ours_client.h"
#include "conformance/runner/remote.h"
#include "peers/client_adapter.h"
#include "peers/peer.h"

namespace mq::cli {
namespace {

bool is_command(const std::string& client) {
  return client.find_first_of(" {") != std::string::npos;
}

ClientCourse play_ours(const ClientFlags& flags, const std::vector<const conformance::Case*>& cases,
                       const conformance::Library& library) {
  ClientCourse course;
  for (const conformance::Case* one : cases) {
    conformance::CaseResult result{one, conformance::level_of(*one, library.statements), {}, ""};
    if (flags.onlooker.wants_to_stop()) {
      conformance::leave_out(result, conformance::interrupted_reason);
    } else {
      result.outcome = conformance::play_against_our_client(*one, flags.seed);
      conformance::soften(result);
    }
    course.results.push_back(std::move(result));
  }
  return course;
}

}  // namespace

std::variant<ClientCourse, int> play_client(const ClientFlags& flags,
                                            const std::vector<const conformance::Case*>& cases,
                                            const conformance::Library& library) {
  if (flags.client == "ours") return play_ours(flags, cases, library);
  peers::ClientAdapter adapter;
  ClientCourse course;
  try {
    if (is_command(flags.client)) {
      adapter = conformance::adapter_for(flags.client);
    } else {
      adapter = peers::find_client_adapter(flags.client);
      adapter.programs = {peers::installed_client(adapter)};
      course.release = peers::installed_client_release(adapter);
    }
  } catch (const peers::AdapterError& error) {
    fmt::print(stderr, "mqttlab: {}\n", error.what());
    return exit_code::usage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "mqttlab: {}\n", error.what());
    return exit_code::unreachable;
  }
  auto run = conformance::run_client(
      cases, library, adapter,
      {.at_once = flags.jobs, .word = conformance::word_of_a_run(), .onlooker = flags.onlooker});
  course.results = std::move(run.results);
  course.lost = std::move(run.lost);
  return course;
}

std::string expectations_name(const std::string& client) {
  if (client == "ours" || is_command(client) || client.find('/') != std::string::npos) return {};
  return "client-" + client;
}

}  // namespace mq::cli
