#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string_view>
#include <utility>

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

Argument Argument::required() {
  option_.required();
  return *this;
}

Argument Argument::one_of(std::vector<std::string> words) {
  option_.check(CLI::IsMember(std::move(words)));
  return *this;
}

Argument Argument::within(std::int64_t low, std::int64_t high) {
  option_.check(CLI::Range(low, high));
  return *this;
}

Argument Argument::between(double low, double high) {
  option_.check(CLI::Range(low, high));
  return *this;
}

Argument Argument::shown_as(const std::string& placeholder) {
  option_.option_text(placeholder);
  return *this;
}

Argument Argument::with_default_shown() {
  option_.capture_default_str();
  return *this;
}

Argument Argument::split_at(char delimiter) {
  option_.delimiter(delimiter);
  return *this;
}

Argument Argument::one_each() {
  option_.take_all()->expected(1);
  return *this;
}

Command::Command(CLI::App& parent, const std::string& name, const std::string& what)
    : verb_(*parent.add_subcommand(name, what)) {}

Command Command::below(const std::string& name, const std::string& what) {
  verb_.require_subcommand(1);
  return Command(*verb_.add_subcommand(name, what));
}

Argument Command::option(const std::string& name, std::string& into, const std::string& what) {
  return Argument(*verb_.add_option(name, into, what));
}

Argument Command::option(const std::string& name, std::vector<std::string>& into,
                         const std::string& what) {
  return Argument(*verb_.add_option(name, into, what));
}

Argument Command::option(const std::string& name, std::uint16_t& into, const std::string& what) {
  return Argument(*verb_.add_option(name, into, what));
}

Argument Command::option(const std::string& name, std::uint32_t& into, const std::string& what) {
  return Argument(*verb_.add_option(name, into, what));
}

Argument Command::option(const std::string& name, std::optional<std::uint64_t>& into,
                         const std::string& what) {
  return Argument(*verb_.add_option(name, into, what));
}

Argument Command::option(const std::string& name, int& into, const std::string& what) {
  return Argument(*verb_.add_option(name, into, what));
}

Argument Command::option(const std::string& name, double& into, const std::string& what) {
  return Argument(*verb_.add_option(name, into, what));
}

void Command::flag(const std::string& name, bool& into, const std::string& what) {
  verb_.add_flag(name, into, what);
}

void Command::footer(const std::string& text) { verb_.footer(text); }

void Command::runs(std::function<void()> work) { verb_.callback(std::move(work)); }

int run_command_line(int argc, char** argv, std::span<const AddVerb> verbs) {
  try {
    return parse_and_run(argc, argv, verbs);
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "mqttlab: a fault of mqttlab itself: %s\n", fault.what());
    return exit_code::fault;
  }
}

}  // namespace mq::cli
