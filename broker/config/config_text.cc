#include "broker/config/config_text.h"

#include <algorithm>

namespace mq::broker {
namespace {

constexpr std::string_view blanks = " \t";

// The column of the first byte that a line of text does not have; 0: there is none.
unsigned unfit_column(std::string_view line) {
  const auto at = std::find_if(line.begin(), line.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
  });
  return at == line.end() ? 0 : static_cast<unsigned>(at - line.begin()) + 1;
}

}  // namespace

std::string to_string(const Problem& problem) {
  std::string text = problem.at.file;
  if (problem.at.line != 0) text += ":" + std::to_string(problem.at.line);
  if (problem.at.column != 0) text += ":" + std::to_string(problem.at.column);
  text += problem.kind == Problem::Kind::error ? ": error: " : ": warning: ";
  text += problem.text;
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  return text;
}

void parse_config_text(std::string_view text, const std::string& file,
                       std::vector<ConfigEntry>& entries, std::vector<Problem>& problems) {
  const auto wrong = [&](unsigned line, unsigned column, std::string what) {
    problems.push_back({Problem::Kind::error, {file, line, column}, std::move(what)});
  };
  if (text.size() > config_file_bytes_max)
    return wrong(0, 0,
                 "the file has more than " + std::to_string(config_file_bytes_max) + " bytes");
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  for (unsigned number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto key_from = line.find_first_not_of(blanks);
    if (key_from == std::string_view::npos || line[key_from] == '#') continue;
    if (line.size() > config_line_bytes_max) {
      wrong(number, 0,
            "the line has more than " + std::to_string(config_line_bytes_max) + " bytes");
      continue;
    }
    if (const unsigned column = unfit_column(line)) {
      wrong(number, column, "a control character");
      continue;
    }
    if (entries.size() == config_entries_max)
      return wrong(number, 0, "more than " + std::to_string(config_entries_max) + " settings");
    const auto key_end = std::min(line.find_first_of(blanks, key_from), line.size());
    const auto value_from = std::min(line.find_first_not_of(blanks, key_end), line.size());
    std::string_view value = line.substr(value_from);
    while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
    const auto place = [&](std::size_t at) {
      return Place{file, number, static_cast<unsigned>(at) + 1};
    };
    entries.push_back({std::string(line.substr(key_from, key_end - key_from)), std::string(value),
                       place(key_from), place(value.empty() ? key_end : value_from)});
  }
}

}  // namespace mq::broker
