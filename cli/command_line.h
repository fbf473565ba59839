// The command line of the programs: a verb's options, and the frame around all verbs (help,
// version, usage errors, exit codes). CLI11 stays behind it: its headers cost each file that
// includes them ten seconds of compilation.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace mq::cli {

// One option, as it is being described.
class Argument {
 public:
  explicit Argument(CLI::Option& option) : option_(option) {}

  Argument required();
  Argument one_of(std::vector<std::string> words);
  Argument within(std::int64_t low, std::int64_t high);
  Argument between(double low, double high);
  Argument shown_as(const std::string& placeholder);
  Argument with_default_shown();
  // For lists: `a,b` are two; or else each use of the flag brings exactly one.
  Argument split_at(char delimiter);
  Argument one_each();

 private:
  CLI::Option& option_;
};

class Command {
 public:
  Command(CLI::App& parent, const std::string& name, const std::string& what);

  // A verb below this one, of which one must be named.
  Command below(const std::string& name, const std::string& what);

  // What is given is written to `into`, which must outlive the parsing. A name without a dash is an
  // argument by its place.
  Argument option(const std::string& name, std::string& into, const std::string& what);
  Argument option(const std::string& name, std::vector<std::string>& into, const std::string& what);
  Argument option(const std::string& name, std::uint16_t& into, const std::string& what);
  Argument option(const std::string& name, std::uint32_t& into, const std::string& what);
  Argument option(const std::string& name, std::optional<std::uint64_t>& into,
                  const std::string& what);
  Argument option(const std::string& name, int& into, const std::string& what);
  Argument option(const std::string& name, double& into, const std::string& what);
  void flag(const std::string& name, bool& into, const std::string& what);

  // Below the help.
  void footer(const std::string& text);
  void runs(std::function<void()> work);

 private:
  explicit Command(CLI::App& verb) : verb_(verb) {}

  CLI::App& verb_;
};

using AddVerb = void (*)(CLI::App& app, int& exit_code);

// Runs the verb that the arguments name. Catches whatever it throws: a fault of mqttlab itself.
int run_command_line(int argc, char** argv, std::span<const AddVerb> verbs);

}  // namespace mq::cli
