// A verb as its --help describes it: what completion and the manual are made of, so that there is
// one description of a flag. Every verb of every program is asked for its help; nobody keeps a
// list.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mq::cli {

struct HelpEntry {
  std::vector<std::string> names;  // "-o", "--output"; an argument by its place has one: "FILE"
  std::string value;               // "DIR", "ns3|memory"; empty: it takes none
  std::string what;
};

struct HelpText {
  std::string what;
  std::string usage;                 // the line behind "Usage: "
  std::vector<HelpEntry> arguments;  // by their place
  std::vector<HelpEntry> options;
  std::vector<HelpEntry> below;  // verbs below this one
  std::string footer;
};

HelpText parse_help(std::string_view text);

// "ns3|memory" as words; empty if a value can be anything.
std::vector<std::string> words_of(const HelpEntry& entry);

// What `PROGRAM VERB... --help` says; nothing if that program is not there.
std::optional<std::string> help_of(const std::vector<std::string>& verb);

}  // namespace mq::cli
