// For schema_test.py: reads names of files from stdin and says for each, in one line, how many
// problems it has. `check_files --schema` prints the schema.
#include <cstring>
#include <iostream>
#include <string>

#include "scenarios/language/parse.h"
#include "scenarios/language/schema.h"

int main(int count, char** arguments) {
  if (count == 2 && std::strcmp(arguments[1], "--schema") == 0) {
    std::cout << mq::scenario::scenario_schema();
    return 0;
  }
  std::string path;
  while (std::getline(std::cin, path)) {
    const auto parsed = mq::scenario::load(path);
    const auto* problems = std::get_if<mq::scenario::Problems>(&parsed);
    std::cout << (problems == nullptr ? 0 : problems->size());
    if (problems != nullptr) std::cout << ' ' << problems->front().text;
    std::cout << '\n';
  }
}
