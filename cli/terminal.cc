#include "cli/terminal.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

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

std::string Terminal::paint(std::string_view code, std::string_view text) const {
  if (!color_) return std::string(text);
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

}  // namespace mq::cli
