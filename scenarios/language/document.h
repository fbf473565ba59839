// A YAML file as a tree with places, in the small and strict part of YAML that scenarios use: no
// anchors, aliases, merge keys, tags, duplicate keys or second documents, and every limit held
// while reading. The only place that knows yaml-cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/language/problem.h"

namespace mq::scenario {

struct Entry;

struct Node {
  enum class Kind : std::uint8_t {
    nothing,  // `key:` with no value, or null
    scalar,
    list,
    map,
    refused,  // a problem has been reported; say no more about it
  };
  Kind kind = Kind::nothing;
  bool is_quoted = false;  // a scalar in quotes or a block: certainly text
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  std::string text;            // scalar
  std::vector<Node> items;     // list
  std::vector<Entry> entries;  // map, in the order of the file, each key once
};

struct Entry {
  Node key;  // a scalar
  Node value;
};

// The value of a key; nullptr if the map has no such key.
const Node* find(const Node& map, std::string_view key);

// Adds to `problems` what is wrong with the file as YAML. With a fault of syntax the tree is what
// came before it and `is_whole` is false: judging what is missing from it makes no sense.
struct Document {
  Node root;
  bool is_whole = false;
};
Document read_document(std::string_view text, Problems& problems);

}  // namespace mq::scenario
