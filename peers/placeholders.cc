#include "peers/placeholders.h"

#include "base/ensure.h"

namespace mq::peers {
namespace {

bool is_condition(std::string_view name) { return name.starts_with('?') || name.starts_with('!'); }

// Where the next `${` is, and the name within; moves `at` behind its end.
std::optional<std::string_view> next_name(std::string_view text, std::size_t& at,
                                          std::size_t& begin) {
  begin = text.find("${", at);
  if (begin == std::string_view::npos) return std::nullopt;
  const std::size_t end = text.find('}', begin);
  if (end == std::string_view::npos) {
    at = text.size();
    return "${";
  }
  at = end + 1;
  return text.substr(begin + 2, end - begin - 2);
}

// Nothing if a condition of the line does not hold.
std::optional<std::string> filled_line(std::string_view line, const Placeholders& placeholders) {
  std::string text;
  std::size_t at = 0, begin = 0;
  for (std::size_t from = 0;; from = at) {
    const auto name = next_name(line, at, begin);
    if (!name) return text.append(line.substr(from));
    text.append(line.substr(from, begin - from));
    if (is_condition(*name)) {
      if (placeholders.is_wanted(name->substr(1)) != name->starts_with('?')) return std::nullopt;
      continue;
    }
    const auto value = placeholders.value(*name);
    ensure(value.has_value(), "a checked adapter has no unknown placeholder");
    text.append(*value);
  }
}

}  // namespace

std::vector<std::string> placeholders_in(std::string_view text) {
  std::vector<std::string> names;
  std::size_t at = 0, begin = 0;
  while (const auto name = next_name(text, at, begin)) names.emplace_back(*name);
  return names;
}

std::string filled(std::string_view text, const Placeholders& placeholders) {
  std::string result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (const auto line = filled_line(text.substr(0, end), placeholders))
      result.append(*line).append("\n");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

std::vector<std::string> filled(const std::vector<std::string>& words,
                                const Placeholders& placeholders) {
  std::vector<std::string> result;
  for (const std::string& word : words)
    if (auto text = filled_line(word, placeholders)) result.push_back(std::move(*text));
  return result;
}

}  // namespace mq::peers
