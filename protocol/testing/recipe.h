// Recipes of hostile bytes, as data: see broker/hostile/recipes.txt for the language.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mq::hostile {

struct Recipe {
  std::string name;
  bool closes = false;  // the other end is to close the connection
  std::string bytes;
};

// Words in capitals stand for `words`: "C4" for the first, "C5" for the second. A line that cannot
// be read ends the program: the file is ours.
struct Words {
  std::string c4;
  std::string c5;
};
std::vector<Recipe> read_recipes(const std::string& path, const Words& words);

}  // namespace mq::hostile
