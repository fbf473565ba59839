// What may be written to a terminal: colours only where they are wanted, a live line only where
// somebody looks.
#pragma once

#include <string>
#include <string_view>

namespace mq::cli {

class Terminal {
 public:
  // `color` is auto, always or never; auto obeys NO_COLOR and asks whether stdout is a terminal.
  explicit Terminal(const std::string& color);

  std::string good(std::string_view text) const { return paint("32", text); }
  std::string bad(std::string_view text) const { return paint("1;31", text); }
  std::string pale(std::string_view text) const { return paint("2", text); }

  bool live() const { return live_; }
  // Replaces the live line on stderr; an empty one removes it.
  void show(const std::string& line) const;

 private:
  std::string paint(std::string_view code, std::string_view text) const;

  bool color_;
  bool live_;
};

}  // namespace mq::cli
