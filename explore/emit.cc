#include "explore/emit.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace mq::explore {
namespace {

using scenario::Entry;
using scenario::Node;

constexpr std::size_t line_columns = 96;
// The file, then `fleet` and `links`, then a group: people look for these at the left margin.
constexpr std::size_t block_depth = 2;

// Text that means the same inside braces and outside, and nothing else than itself.
bool plain(std::string_view text) {
  if (text.empty() || text.front() == '-' || text.front() == ' ' || text.back() == ' ')
    return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view(" ._/+%-").find(c) != std::string_view::npos;
  });
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out += {'\\', c};
    else if (c == '\n')
      out += "\\n";
    else if (byte < 0x20 || byte == 0x7f)
      out += fmt::format("\\x{:02X}", byte);
    else
      out += c;
  }
  return out + "\"";
}

std::string scalar(const Node& node) {
  if (node.kind == Node::Kind::nothing) return "null";
  // A plain scalar with a brace or a colon in it was text; in quotes it still is.
  return node.is_quoted || !plain(node.text) ? quoted(node.text) : node.text;
}

// On one line, in braces and brackets.
std::string flow(const Node& node) {
  std::string inner;
  if (node.kind == Node::Kind::list) {
    for (const Node& item : node.items) inner += (inner.empty() ? "" : ", ") + flow(item);
    return "[" + inner + "]";
  }
  if (node.kind == Node::Kind::map) {
    for (const Entry& entry : node.entries)
      inner += (inner.empty() ? " " : ", ") + scalar(entry.key) + ": " + flow(entry.value);
    return inner.empty() ? "{}" : "{" + inner + " }";
  }
  return scalar(node);
}

bool nests(const Node& node) {
  return (node.kind == Node::Kind::map && !node.entries.empty()) ||
         (node.kind == Node::Kind::list && !node.items.empty());
}

void put(std::string& out, const Node& node, std::size_t depth);

// What comes after "key:" or "-" in column `at`.
void put_value(std::string& out, const Node& value, std::size_t depth, std::size_t at) {
  const std::string line = flow(value);
  const bool as_block = value.kind == Node::Kind::map
                            ? depth <= block_depth
                            : value.kind == Node::Kind::list && depth <= 1;
  if (nests(value) && (as_block || at + line.size() > line_columns)) {
    out += "\n";
    put(out, value, depth);
  } else {
    out += " " + line + "\n";
  }
}

void put(std::string& out, const Node& node, std::size_t depth) {
  const std::string margin(2 * depth, ' ');
  if (node.kind == Node::Kind::map) {
    for (const Entry& entry : node.entries) {
      const std::string key = margin + scalar(entry.key) + ":";
      out += key;
      put_value(out, entry.value, depth + 1, key.size());
    }
  } else if (node.kind == Node::Kind::list) {
    for (const Node& item : node.items) out += margin + "- " + flow(item) + "\n";
  } else {
    out += margin + scalar(node) + "\n";
  }
}

}  // namespace

std::string emit(const Node& root) {
  std::string out;
  put(out, root, 0);
  return out;
}

}  // namespace mq::explore
