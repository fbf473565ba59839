// Which file is meant by what somebody writes as a scenario: a path, or a name of the library.
#pragma once

#include <string>
#include <variant>
#include <vector>

namespace mq::cli {

// What was looked for and not found, in a sentence.
struct NoScenario {
  std::string why;
};

// A path that is there as it is; else `cold-counter` is the file of the library by that name.
std::variant<std::string, NoScenario> scenario_file(const std::string& written);

// The names of the library, sorted.
std::vector<std::string> scenario_names();

// What `init` can begin with: a template by its name, or else a scenario of the library.
std::variant<std::string, NoScenario> template_file(const std::string& name);
std::vector<std::string> template_names();

}  // namespace mq::cli
