#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include "cli/exit_code.h"
#include "cli/programs.h"

namespace mq::cli {
namespace {

bool has(const CLI::App& app, std::string_view verb) {
  const auto all = app.get_subcommands([](const CLI::App*) { return true; });
  return std::any_of(all.begin(), all.end(),
                     [&](const CLI::App* each) { return each->check_name(std::string(verb)); });
}

int parse_and_run(int argc, char** argv, std::span<const AddVerb> verbs) {
  CLI::App app(
      "Does this MQTT broker, client or fleet keep its promises on the network it will "
      "really live on?",
      "mqttlab");
  app.set_help_flag("--help", "print this help");
  app.set_help_all_flag("--help-all", "print the help of every verb of this program");
  app.set_version_flag("--version", std::string("mqttlab ") + MQTTLAB_VERSION);
  app.require_subcommand(1);
  int code = exit_code::held;
  for (const AddVerb add : verbs) add(app, code);
  for (const Verb& verb : verbs_elsewhere())
    if (!has(app, verb.name)) app.add_subcommand(std::string(verb.name), std::string(verb.what));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_code::held : exit_code::usage;
  }
  return code;
}

}  // namespace

int run_command_line(int argc, char** argv, std::span<const AddVerb> verbs) {
  try {
    return parse_and_run(argc, argv, verbs);
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "mqttlab: a fault of mqttlab itself: %s\n", fault.what());
    return exit_code::fault;
  }
}

}  // namespace mq::cli
