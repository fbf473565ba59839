// What may be written to a terminal: colours only where they are wanted, a live line only where
// somebody looks.
#pragma once

#include <cstddef>
#include <string>

namespace mq::cli {

// Words in lines that fit the terminal on stdout, from a column on; as one line if there is none.
std::string in_lines(const std::string& text, std::size_t column);

class Terminal {
 public:
  // `color` is auto, always or never; auto obeys NO_COLOR and asks whether stdout is a terminal.
  explicit Terminal(const std::string& color);

  bool color() const { return color_; }
  bool live() const { return live_; }
  // Replaces the live lines on stderr, each cut at the terminal's width; an empty text removes
  // them.
  void show(const std::string& lines) const;

 private:
  bool color_;
  bool live_;
  mutable int above_ = 0;  // live lines above the one where the cursor is
};

}  // namespace mq::cli
