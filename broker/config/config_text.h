// The form of a configuration file as mosquitto writes it: a key, blanks, a value to the end of the
// line; lines that begin with # are comments. What the keys mean is decided in keys.h.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mq::broker {

inline constexpr std::size_t config_file_bytes_max = 1024 * 1024;
inline constexpr std::size_t config_line_bytes_max = 4096;
inline constexpr std::size_t config_entries_max = 10'000;
inline constexpr std::size_t config_files_max = 100;

struct Place {
  std::string file;
  unsigned line = 0;    // from 1; 0: the file as a whole
  unsigned column = 0;  // in bytes, from 1
};

struct Problem {
  enum class Kind { error, warning };
  Kind kind;
  Place at;
  std::string text;
};

// "mosquitto.conf:3:7: error: ...", with what a file may contain and a terminal may not made
// visible.
std::string to_string(const Problem& problem);

struct ConfigEntry {
  std::string key;
  std::string value;  // without blanks at its ends; may be empty
  Place key_at;
  Place value_at;  // behind the key if there is no value
};

// Appends to `entries`; what is wrong with a line is a Problem, and the line is left out.
void parse_config_text(std::string_view text, const std::string& file,
                       std::vector<ConfigEntry>& entries, std::vector<Problem>& problems);

}  // namespace mq::broker
