// What may be written to a terminal: colours only where they are wanted, a live line only where
// somebody looks.
#pragma once

#include <string>

namespace mq::cli {

class Terminal {
 public:
  // `color` is auto, always or never; auto obeys NO_COLOR and asks whether stdout is a terminal.
  explicit Terminal(const std::string& color);

  bool color() const { return color_; }
  bool live() const { return live_; }
  // Replaces the live line on stderr; an empty one removes it.
  void show(const std::string& line) const;

 private:
  bool color_;
  bool live_;
};

}  // namespace mq::cli
