#include "reports/github/github.h"

#include <fmt/format.h>

#include "reports/text/escape.h"

namespace mq::report::github {
namespace {

constexpr std::string_view cut =
    "\n\nThe rest does not fit into a summary: see the results folder.\n";

// A value of a command; `property` values end at a colon or comma too. Line breaks and control
// characters have been spelled out by visible() before.
std::string value(std::string_view text, bool property) {
  std::string out;
  for (const char c : visible(text)) {
    if (c == '%')
      out += "%25";
    else if (property && c == ':')
      out += "%3A";
    else if (property && c == ',')
      out += "%2C";
    else
      out += c;
  }
  return out;
}

std::string command(const Annotation& annotation) {
  std::string properties = "title=" + value(annotation.title, true);
  if (!annotation.file.empty()) properties += ",file=" + value(annotation.file, true);
  return fmt::format("::error {}::{}\n", properties, value(annotation.message, false));
}

}  // namespace

std::string commands(const std::vector<Annotation>& annotations) {
  const bool all = annotations.size() <= annotations_max;
  const std::size_t shown = all ? annotations.size() : annotations_max - 1;
  std::string out;
  for (std::size_t i = 0; i < shown; ++i) out += command(annotations[i]);
  if (!all)
    out += command({.title = "mqttlab",
                    .message = fmt::format("{} more; the summary and the results folder have all",
                                           annotations.size() - shown)});
  return out;
}

std::string fitting(std::string_view markdown, std::size_t already) {
  if (already + markdown.size() <= summary_bytes_max) return std::string(markdown);
  if (already + cut.size() >= summary_bytes_max) return {};
  const std::size_t room = summary_bytes_max - already - cut.size();
  const std::size_t line = markdown.substr(0, room).rfind('\n');
  if (line == std::string_view::npos) return std::string(cut);
  return std::string(markdown.substr(0, line + 1)) + std::string(cut);
}

}  // namespace mq::report::github
