// What is wrong with a file and where, for the one who wrote it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mq::scenario {

struct Problem {
  std::size_t line = 1;    // from 1
  std::size_t column = 1;  // from 1, in characters
  std::string text;
  bool operator==(const Problem&) const = default;
};
using Problems = std::vector<Problem>;

// "FILE:LINE:COLUMN: TEXT"
std::string to_text(std::string_view file_name, const Problem& problem);

// Text from a file between backquotes: shortened, and without anything that could move a
// terminal's cursor.
std::string in_quotes(std::string_view text);

// "; did you mean `x`?" for the candidate that is few typing errors away; else empty.
std::string suggestion(std::string_view written, const std::vector<std::string_view>& candidates);

}  // namespace mq::scenario
