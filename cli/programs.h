// The programs that mqttlab is made of. They lie in one folder; `mqttlab` becomes another one for
// the verbs that belong to it, so that nobody builds or loads what is not asked for.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mq::cli {

struct Verb {
  std::string_view name;
  std::string_view program;
  std::string_view what;  // for the help
};

// The verbs of the other programs.
std::span<const Verb> verbs_elsewhere();
// Nothing if `mqttlab` itself knows it, or nobody does.
// `list` is the verb of two programs: its first word says which.
const Verb* verb_elsewhere(std::string_view name, std::string_view first_word);

// A program beside the one that runs. It need not be there.
std::string program_beside(std::string_view name);

// Starts a program with these ends as its stdin and stdout. 0, or why not (errno).
int spawn_program(const std::string& program, const std::vector<std::string>& arguments, int input,
                  int output, pid_t& process);

// Replaces this process. Returns only if that is impossible: the exit code, when it has said why.
int become(std::string_view program, char** argv);

}  // namespace mq::cli
