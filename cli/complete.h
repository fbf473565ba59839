// What a shell offers behind `mqttlab ...`: the words that may come next.
#pragma once

#include <string>
#include <vector>

namespace mq::cli {

struct Offer {
  std::string word;  // ":files" and ":folders" leave it to the shell
  std::string what;
};

// `words`: those behind the program's name; the last one is being written and may be empty.
std::vector<Offer> offers(const std::vector<std::string>& words);

}  // namespace mq::cli
