#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string_view>

namespace mq::cli {
namespace {

bool dumb() {
  const char* term = std::getenv("TERM");
  return term == nullptr || std::string_view(term) == "dumb";
}

std::size_t columns(int terminal) {
  winsize size{};
  if (ioctl(terminal, TIOCGWINSZ, &size) != 0 || size.ws_col < 20) return 80;
  return size.ws_col;
}

// In UTF-8.
bool begins_a_character(char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_a_character));
}

// To so many characters.
std::string cut(const std::string& line, std::size_t characters) {
  std::size_t at = 0;
  for (; at < line.size(); ++at)
    if (begins_a_character(line[at]) && characters-- == 0) break;
  return line.substr(0, at);
}

bool color_wanted(const std::string& color) {
  if (color != "auto") return color == "always";
  const char* no_color = std::getenv("NO_COLOR");
  return isatty(STDOUT_FILENO) != 0 && !dumb() && (no_color == nullptr || *no_color == '\0');
}

}  // namespace

std::string in_lines(const std::string& text, std::size_t column) {
  if (isatty(STDOUT_FILENO) == 0) return text;
  const std::size_t width = std::max<std::size_t>(columns(STDOUT_FILENO), column + 20);
  std::istringstream words(text);
  std::string all, word;
  std::size_t at = column;
  while (words >> word) {
    const bool is_first = at == column;
    if (!is_first && at + 1 + characters(word) > width) {
      all += "\n" + std::string(column, ' ');
      at = column;
    } else if (!is_first) {
      all += ' ';
      ++at;
    }
    all += word;
    at += characters(word);
  }
  return all;
}

Terminal::Terminal(const std::string& color)
    : color_(color_wanted(color)), live_(isatty(STDERR_FILENO) != 0 && !dumb()) {}

void Terminal::show(const std::string& lines) const {
  if (!live_) return;
  std::string text = "\r";
  if (above_ > 0) text += "\x1b[" + std::to_string(above_) + "A";
  text += "\x1b[J";
  above_ = -1;
  const std::size_t width = columns(STDERR_FILENO);
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line); ++above_)
    text += (above_ < 0 ? "" : "\n") + cut(line, width - 1);
  above_ = std::max(above_, 0);
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
}

}  // namespace mq::cli
