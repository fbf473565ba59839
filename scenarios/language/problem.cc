#include "scenarios/language/problem.h"

#include "base/nearest_word.h"

namespace mq::scenario {
namespace {

constexpr std::size_t quoted_bytes_max = 60;

bool continues_a_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

}  // namespace

std::string to_text(std::string_view file_name, const Problem& problem) {
  return std::string(file_name) + ":" + std::to_string(problem.line) + ":" +
         std::to_string(problem.column) + ": " + problem.text;
}

std::string in_quotes(std::string_view text) {
  std::string result = "`";
  const bool is_long = text.size() > quoted_bytes_max;
  std::size_t end = is_long ? quoted_bytes_max : text.size();
  while (is_long && end > 0 && continues_a_character(text[end])) --end;
  for (std::size_t at = 0; at < end; ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const bool is_c1 =
        byte == 0xc2 && at + 1 < end && static_cast<unsigned char>(text[at + 1]) < 0xa0;
    if (is_c1) ++at;
    result += is_c1 || byte < 0x20 || byte == 0x7f ? '?' : text[at];
  }
  return result + (is_long ? "...`" : "`");
}

std::string suggestion(std::string_view written, const std::vector<std::string_view>& candidates) {
  const std::string_view best = nearest_word(written, candidates);
  return best.empty() ? std::string() : "; did you mean " + in_quotes(best) + "?";
}

}  // namespace mq::scenario
