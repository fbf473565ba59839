#include "cli/programs.h"

#include <spawn.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "cli/exit_code.h"

extern char** environ;

namespace mq::cli {
namespace {

constexpr std::array elsewhere{
    Verb{"conform", "mqttlab-conform", "test a broker for every statement of the standard"},
    Verb{"explain", "mqttlab-conform", "what a statement of the standard demands"},
    Verb{"bench", "mqttlab-bench", "measure brokers under load, side by side"},
    Verb{"fit", "mqttlab-links", "turn a recorded trace into the keys of a link"},
    Verb{"export-netem", "mqttlab-links", "print the nearest tc netem commands of a profile"},
    Verb{"explore", "mqttlab-explore", "find the seed that breaks it, and make it small"},
    Verb{"campaign", "mqttlab-campaign", "a sweep over the parameters of a scenario"},
    Verb{"gate", "mqttlab-gate", "is NEW worse than BASE?"},
    Verb{"broker", "mqttlab-broker", "a real MQTT broker on real sockets"},
    Verb{"passwd", "mqttlab-broker", "users and passwords of a broker, in mosquitto's files"},
    Verb{"doctor", "mqttlab-broker", "check this machine and this installation"},
    Verb{"pub", "mqttlab-client", "a real client that publishes"},
    Verb{"sub", "mqttlab-client", "a real client that subscribes"},
    Verb{"rr", "mqttlab-client", "a real client that sends a request and prints the response"},
    Verb{"client", "mqttlab-client", "a real client that does what its standard input says"},
};

}  // namespace

std::span<const Verb> verbs_elsewhere() { return elsewhere; }

const Verb* verb_elsewhere(std::string_view name, std::string_view first_word) {
  static constexpr Verb list_conform{"list", "mqttlab-conform", ""};
  if (name == "list" && (first_word == "statements" || first_word == "cases")) return &list_conform;
  for (const Verb& verb : elsewhere)
    if (verb.name == name) return &verb;
  return nullptr;
}

std::string program_beside(std::string_view name) {
  std::error_code ignored;  // without /proc, the search is the caller's
  return (std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / name).string();
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
                  int output, pid_t& process) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
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
