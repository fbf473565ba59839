// mqttlab: one program, a verb for each thing that it does. Each verb parses, wires up, and maps
// what it got to an exit code; nothing is decided here.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include "broker/access/passwd_main.h"
#include "broker/server/broker_main.h"
#include "cli/exit_code.h"
#include "cli/run.h"
#include "cli/simulate.h"
#include "cli/verbs.h"
#include "client/pubsub/commands.h"
#include "sim/memory/memory_world.h"

namespace mq::cli {
namespace {

// The command line of these is mosquitto's, flag for flag (-h is the host), and is parsed by them.
int (*program_of(std::string_view verb))(int, char**) {
  if (verb == "broker") return broker::broker_main;
  if (verb == "passwd") return broker::passwd_main;
  if (verb == "pub") return client::pub_main;
  if (verb == "sub") return client::sub_main;
  if (verb == "rr") return client::rr_main;
  return nullptr;
}

int memory_worker(int argc, char** argv) {
  SimulationParts parts;
  parts.world = [](std::uint64_t seed) { return std::make_unique<sim::MemoryWorld>(seed); };
  return worker_main(argc, argv, parts);
}

int dispatch(int argc, char** argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "worker") return memory_worker(argc, argv);  // started by `run`
  if (auto program = program_of(verb)) return program(argc - 1, argv + 1);

  CLI::App app(
      "Does this MQTT broker, client or fleet keep its promises on the network it will "
      "really live on?",
      "mqttlab");
  app.set_help_flag("--help", "print this help");
  app.set_help_all_flag("--help-all", "print the help of every verb");
  app.set_version_flag("--version", std::string("mqttlab ") + MQTTLAB_VERSION);
  app.require_subcommand(1);
  int code = exit_code::held;
  add_run(app, code);
  add_conform(app, code);
  add_explain(app, code);
  add_bench(app, code);
  add_check(app, code);
  add_list(app, code);
  add_schema(app, code);
  add_doctor(app, code);
  add_report(app, code);
  add_gate(app, code);
  app.add_subcommand("broker", "a real MQTT broker on real sockets");
  app.add_subcommand("pub", "a real client that publishes");
  app.add_subcommand("sub", "a real client that subscribes");
  app.add_subcommand("rr", "a real client that sends a request and prints the response");
  app.add_subcommand("passwd", "users and passwords of a broker, in mosquitto's files");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_code::held : exit_code::usage;
  }
  return code;
}

}  // namespace
}  // namespace mq::cli

int main(int argc, char** argv) {
  try {
    return mq::cli::dispatch(argc, argv);
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "mqttlab: a fault of mqttlab itself: %s\n", fault.what());
    return mq::cli::exit_code::fault;
  }
}
