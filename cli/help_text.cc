#include "cli/help_text.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <sstream>

#include "cli/programs.h"

namespace mq::cli {
namespace {

std::string trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(' ');
  if (begin == text.npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \r") - begin + 1));
}

// "  -o,--output TEXT          the results folder": the names end where two spaces are.
HelpEntry entry_in(std::string_view line) {
  line.remove_prefix(2);
  const auto gap = line.find("  ");
  HelpEntry entry;
  if (gap != line.npos) entry.what = trimmed(line.substr(gap));
  const std::string left = trimmed(line.substr(0, gap));
  const auto space = left.find(' ');
  if (space != left.npos) entry.value = trimmed(std::string_view(left).substr(space));
  std::istringstream names(left.substr(0, space));
  for (std::string name; std::getline(names, name, ',');) {
    if (name.ends_with("...")) name.resize(name.size() - 3);  // FILE...: one or more
    name = name.substr(0, name.find('{'));                    // --no-anonymous{false}
    entry.names.push_back(name);
  }
  return entry;
}

}  // namespace

HelpText parse_help(std::string_view text) {
  HelpText help;
  std::vector<HelpEntry>* section = nullptr;
  bool is_ending = false;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("Usage: ")) {
      help.usage = line.substr(7);
    } else if (line == "Positionals:") {
      section = &help.arguments;
    } else if (line == "Options:") {
      section = &help.options;
    } else if (line == "Subcommands:") {
      section = &help.below;
    } else if (section != nullptr && !is_ending && line.starts_with("   ")) {
      HelpEntry& last = section->back();
      last.what += (last.what.empty() ? "" : " ") + trimmed(line);
    } else if (section != nullptr && !is_ending && line.starts_with("  ")) {
      section->push_back(entry_in(line));
    } else if (help.usage.empty()) {
      if (!line.empty()) help.what += (help.what.empty() ? "" : " ") + line;
    } else if (!line.empty()) {
      is_ending = true;
      help.footer += line + "\n";
    }
  }
  return help;
}

std::vector<std::string> words_of(const HelpEntry& entry) {
  std::string list = entry.value;
  // CLI11's own: "TEXT:{text,json}".
  const auto open = list.find('{');
  const char between = open == list.npos ? '|' : ',';
  if (open != list.npos) list = list.substr(open + 1, list.find('}') - open - 1);
  if (list.find(between) == list.npos) return {};
  std::vector<std::string> words;
  std::istringstream in(list);
  for (std::string word; std::getline(in, word, between);) words.push_back(word);
  return words;
}

std::optional<std::string> help_of(const std::vector<std::string>& verb) {
  const std::string second = verb.size() > 1 ? verb[1] : "";
  const Verb* other = verb_elsewhere(verb.at(0), second);
  const std::string program = program_beside(other == nullptr ? "mqttlab" : other->program);
  std::array<int, 2> ends{-1, -1};
  if (access(program.c_str(), X_OK) != 0 || pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  std::vector<std::string> arguments = verb;
  arguments.emplace_back("--help");
  pid_t process = -1;
  const int failed = spawn_program(program, arguments, STDIN_FILENO, ends[1], process);
  close(ends[1]);
  std::string text;
  std::array<char, 4096> bytes;
  for (ssize_t n = 0; failed == 0 && (n = read(ends[0], bytes.data(), bytes.size())) > 0;)
    text.append(bytes.data(), static_cast<std::size_t>(n));
  close(ends[0]);
  int status = 0;
  if (failed != 0 || waitpid(process, &status, 0) < 0 || status != 0) return std::nullopt;
  return text;
}

}  // namespace mq::cli
