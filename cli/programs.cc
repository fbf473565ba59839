#include "cli/programs.h"

#include <spawn.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/nearest_word.h"
#include "cli/exit_code.h"

extern char** environ;

namespace mq::cli {
namespace {

constexpr std::array verbs{
    Verb{"run", "mqttlab", "simulate scenarios, judge them, write their reports", Group::start,
         "FILE..."},
    Verb{"init", "mqttlab", "write a commented scenario that runs", Group::start, "[PATH]"},
    Verb{"watch", "mqttlab", "run scenarios again whenever one is saved", Group::start, "FILE..."},
    Verb{"serve", "mqttlab-serve", "a run in the browser, where it can be paused", Group::start,
         "FILE"},
    Verb{"check", "mqttlab", "say whether scenario files are valid", Group::start, "FILE..."},
    Verb{"list", "mqttlab", "scenarios, link profiles, statements, cases", Group::start, "WHAT"},
    Verb{"doctor", "mqttlab-broker", "check this machine and this installation", Group::start, ""},

    Verb{"conform", "mqttlab-conform", "test a broker for every statement of the standard",
         Group::judge, "URL|NAME"},
    Verb{"explain", "mqttlab-conform", "what a statement of the standard demands", Group::judge,
         "STATEMENT"},
    Verb{"explore", "mqttlab-explore", "find the seed that breaks it, and make it small",
         Group::judge, "[FILE]"},
    Verb{"campaign", "mqttlab-campaign", "a sweep over the parameters of a scenario", Group::judge,
         "VERB"},
    Verb{"compare", "mqttlab-compare", "several brokers under the same scenario: what differs",
         Group::judge, "FILE"},
    Verb{"gate", "mqttlab-gate", "is NEW worse than BASE?", Group::judge, "BASE NEW"},
    Verb{"report", "mqttlab", "render stored results again, without running", Group::judge,
         "FOLDER..."},

    Verb{"fit", "mqttlab-links", "turn a recorded trace into the keys of a link", Group::network,
         "TRACE"},
    Verb{"export-netem", "mqttlab-links", "print the nearest tc netem commands of a profile",
         Group::network, "PROFILE"},

    Verb{"broker", "mqttlab-broker", "a real MQTT broker on real sockets", Group::sockets, ""},
    Verb{"passwd", "mqttlab-broker", "users and passwords of a broker, in mosquitto's files",
         Group::sockets, "FILE USER"},
    Verb{"pub", "mqttlab-client", "a real client that publishes", Group::sockets, ""},
    Verb{"sub", "mqttlab-client", "a real client that subscribes", Group::sockets, ""},
    Verb{"rr", "mqttlab-client", "a real client that sends a request and prints the response",
         Group::sockets, ""},
    Verb{"client", "mqttlab-client", "a real client that does what its standard input says",
         Group::sockets, "URL"},
    Verb{"bench", "mqttlab-bench", "measure brokers under load, side by side", Group::sockets,
         "broker"},

    Verb{"completion", "mqttlab", "make bash, zsh or fish complete this command line", Group::tool,
         "SHELL"},
    Verb{"man", "mqttlab", "print the manual page", Group::tool, ""},
    Verb{"schema", "mqttlab", "print the JSON Schema of a file format, for editors", Group::tool,
         "FORMAT"},
};

constexpr std::pair<Group, const char*> headings[] = {
    {Group::start, "Start here"},     {Group::judge, "Judge"},
    {Group::network, "Networks"},     {Group::sockets, "On real sockets"},
    {Group::tool, "The tool itself"},
};

}  // namespace

std::span<const Verb> all_verbs() { return verbs; }

const Verb* verb_elsewhere(std::string_view name, std::string_view first_word) {
  static constexpr Verb list_conform{"list", "mqttlab-conform", "", Group::judge, ""};
  if (name == "list" && (first_word == "statements" || first_word == "cases")) return &list_conform;
  for (const Verb& verb : verbs)
    if (verb.name == name && verb.program != "mqttlab") return &verb;
  return nullptr;
}

std::string overview() {
  std::string text =
      "Does this MQTT broker, client or fleet keep its promises on the network it will really\n"
      "live on?\n";
  for (const auto& [group, heading] : headings) {
    text += std::string("\n") + heading + "\n";
    for (const Verb& verb : verbs) {
      if (verb.group != group) continue;
      std::string left = "  " + std::string(verb.name) + " " + std::string(verb.arguments);
      left.resize(std::max<std::size_t>(left.size() + 1, 24), ' ');
      text += left + std::string(verb.what) + "\n";
    }
  }
  return text +
         "\nFor example\n"
         "  mqttlab run cold-counter            eight hours of a sensor behind a GPRS link\n"
         "  mqttlab run cold-counter --broker mosquitto     the same with another broker\n"
         "  mqttlab conform mqtt://localhost    a broker that runs, statement by statement\n"
         "\n`mqttlab COMMAND --help` tells what a command takes. The exit code is 0 when every\n"
         "promise held, 1 when one was broken, 2 for wrong usage or an invalid file, 3 when the\n"
         "target could not be reached, 4 when nothing was measured, 5 for a fault of mqttlab.\n";
}

std::string verb_meant(std::string_view written) {
  std::vector<std::string> names{"help"};
  for (const Verb& verb : verbs) names.emplace_back(verb.name);
  return did_you_mean(written, names);
}

int become(std::string_view program, char** argv) {
  const std::string path = program_beside(program);
  execv(path.c_str(), argv);
  const int error = errno;
  std::fprintf(stderr, "mqttlab: %s cannot be started: %s%s\n", path.c_str(), std::strerror(error),
               error == ENOENT ? " (it has not been built or installed)" : "");
  return exit_code::fault;
}

int spawn_program(const std::string& program, const std::vector<std::string>& arguments, int input,
                  int output, pid_t& process, int errors) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  if (errors >= 0) posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
  std::vector<char*> argv;
  std::string name = program;
  argv.push_back(name.data());
  std::vector<std::string> copies = arguments;
  for (std::string& argument : copies) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const int error = posix_spawn(&process, program.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

}  // namespace mq::cli
