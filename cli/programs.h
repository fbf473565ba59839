// The programs that mqttlab is made of. They lie in one folder; `mqttlab` becomes another one for
// the verbs that belong to it, so that nobody builds or loads what is not asked for.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "installation/installation.h"

namespace mq::cli {

// Under which heading the list of all verbs shows one.
enum class Group { start, judge, network, sockets, tool };

struct Verb {
  std::string_view name;
  std::string_view program;
  std::string_view what;  // one line
  Group group;
  std::string_view arguments;  // as the list shows them behind the name
};

// Every verb, in the order in which the list shows them.
std::span<const Verb> all_verbs();
// Nothing if `mqttlab` itself knows it, or nobody does.
// `list` is the verb of two programs: its first word says which.
const Verb* verb_elsewhere(std::string_view name, std::string_view first_word);

// What `mqttlab` prints by itself: every verb with its line, by group, and examples.
std::string overview();

// ", did you mean run?", or nothing.
std::string verb_meant(std::string_view written);

// Starts a program with these ends as its stdin and stdout, and stderr where it is not ours. 0, or
// why not (errno).
int spawn_program(const std::string& program, const std::vector<std::string>& arguments, int input,
                  int output, pid_t& process, int errors = -1);

// Replaces this process. Returns only if that is impossible: the exit code, when it has said why.
int become(std::string_view program, char** argv);

}  // namespace mq::cli
