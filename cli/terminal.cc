#include "cli/terminal.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace mq::cli {
namespace {

bool dumb() {
  const char* term = std::getenv("TERM");
  return term == nullptr || std::string_view(term) == "dumb";
}

bool color_wanted(const std::string& color) {
  if (color != "auto") return color == "always";
  const char* no_color = std::getenv("NO_COLOR");
  return isatty(STDOUT_FILENO) != 0 && !dumb() && (no_color == nullptr || *no_color == '\0');
}

}  // namespace

Terminal::Terminal(const std::string& color)
    : color_(color_wanted(color)), live_(isatty(STDERR_FILENO) != 0 && !dumb()) {}

void Terminal::show(const std::string& line) const {
  if (!live_) return;
  std::fprintf(stderr, "\r\x1b[K%s", line.c_str());
  std::fflush(stderr);
}

}  // namespace mq::cli
