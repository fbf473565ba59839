#include "protocol/testing/recipe.h"

#include <charconv>
#include <fstream>

#include "base/ensure.h"

namespace mq::hostile {
namespace {

class Text {
 public:
  Text(std::string_view text, const Words& words) : rest_(text), words_(words) {}

  std::string all() {
    std::string bytes;
    while (skip(), !rest_.empty() && rest_.front() != ')') bytes += piece();
    return bytes;
  }

 private:
  void skip() {
    while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
  }
  std::string_view take(std::size_t count) {
    ensure(count <= rest_.size(), "a recipe ends where its bytes end");
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  std::string piece() {
    if (rest_.front() == '\'') {
      take(1);
      const std::string text(take(rest_.find('\'')));
      take(1);
      return text;
    }
    if (rest_.starts_with("C4")) return take(2), words_.c4;
    if (rest_.starts_with("C5")) return take(2), words_.c5;
    const std::size_t digits = rest_.find_first_not_of("0123456789");
    if (digits != std::string_view::npos && rest_.substr(digits, 2) == "*(")
      return repeated(digits);
    unsigned value = 0;
    const std::string_view hex = take(2);
    const auto end = std::from_chars(hex.data(), hex.data() + 2, value, 16);
    ensure(end.ptr == hex.data() + 2, "a recipe is written in hex");
    return std::string(1, static_cast<char>(value));
  }
  std::string repeated(std::size_t digits) {
    std::size_t count = 0;
    const std::string_view number = take(digits);
    std::from_chars(number.data(), number.data() + number.size(), count);
    take(2);
    const std::string once = all();
    take(1);
    std::string bytes;
    for (std::size_t i = 0; i < count; ++i) bytes += once;
    return bytes;
  }

  std::string_view rest_;
  const Words& words_;
};

}  // namespace

std::vector<Recipe> read_recipes(const std::string& path, const Words& words) {
  std::ifstream in(path);
  ensure(in.good(), "the recipes are there");
  std::vector<Recipe> recipes;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') continue;
    const std::size_t blank = line.find(' ');
    const std::size_t colon = line.find(": ");
    ensure(colon != std::string::npos && blank < colon, "a recipe has an end, a name and bytes");
    const std::string end = line.substr(0, blank);
    ensure(end == "closed" || end == "open", "a connection ends closed or open");
    recipes.push_back({.name = line.substr(blank + 1, colon - blank - 1),
                       .closes = end == "closed",
                       .bytes = Text(std::string_view(line).substr(colon + 2), words).all()});
  }
  return recipes;
}

}  // namespace mq::hostile
