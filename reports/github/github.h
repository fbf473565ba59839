// What GitHub Actions reads: annotations on stdout, and the summary of a step. By itself in
// Actions, elsewhere on request.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mq::report::github {

// "Workflow commands for GitHub Actions", docs.github.com: ten errors per step are shown, and a
// step's summary is dropped whole when it is larger than 1 MiB.
inline constexpr std::size_t annotations_max = 10;
inline constexpr std::size_t summary_bytes_max = 1024 * 1024;

// Shown as an error.
struct Annotation {
  std::string title;
  std::string message;
  std::string file;  // in the repository; may be empty
};

// Lines to print, `annotations_max` at most: when there are more, the last one says how many.
// No text of a run can end a line or begin a command of its own.
std::string commands(const std::vector<Annotation>& annotations);

// Of a Markdown text what fits into a summary that has `already` bytes; cut at a line, and says so.
std::string fitting(std::string_view markdown, std::size_t already);

}  // namespace mq::report::github
