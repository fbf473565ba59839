#include "broker/core/retained.h"

namespace mq::broker {

const LetterRef* Retained::find(std::string_view topic) const {
  const Node* node = &root_;
  Levels levels(topic);
  while (auto level = levels.next()) {
    auto at = node->children.find(*level);
    if (at == node->children.end()) return nullptr;
    node = at->second.get();
  }
  return node->letter ? &node->letter : nullptr;
}

void Retained::uncount(const LetterRef& letter) {
  --size_;
  bytes_ -= letter->bytes();
  if (letter->message.expires_at)
    expiries_.erase({*letter->message.expires_at, letter->message.topic});
}

void Retained::set(const LetterRef& letter) {
  Node* node = &root_;
  Levels levels(letter->message.topic);
  while (auto level = levels.next()) {
    auto at = node->children.find(*level);
    if (at == node->children.end())
      at = node->children.emplace(std::string(*level), std::make_unique<Node>()).first;
    node = at->second.get();
  }
  if (node->letter) uncount(node->letter);
  node->letter = letter;
  ++size_;
  bytes_ += letter->bytes();
  if (letter->message.expires_at)
    expiries_.emplace(*letter->message.expires_at, letter->message.topic);
}

// True if the node has nothing left and may go.
bool Retained::erase_below(Node& node, Levels rest, LetterRef& erased) {
  if (auto level = rest.next()) {
    auto at = node.children.find(*level);
    if (at != node.children.end() && erase_below(*at->second, rest, erased))
      node.children.erase(at);
  } else {
    erased = std::move(node.letter);
    node.letter = nullptr;
  }
  return !node.letter && node.children.empty();
}

bool Retained::erase(std::string_view topic) {
  LetterRef erased;
  erase_below(root_, Levels(topic), erased);
  if (erased) uncount(erased);
  return erased != nullptr;
}

void Retained::visit_all(const Node& node, bool skip_dollar,
                         const std::function<void(const LetterRef&)>& visit) {
  if (node.letter) visit(node.letter);
  for (const auto& [level, below] : node.children)
    if (!(skip_dollar && level.starts_with('$'))) visit_all(*below, false, visit);
}

void Retained::visit_matching(const Node& node, Levels rest, bool at_root,
                              const std::function<void(const LetterRef&)>& visit) {
  const auto level = rest.next();
  if (!level) {
    if (node.letter) visit(node.letter);
  } else if (*level == "#") {
    visit_all(node, at_root, visit);
  } else if (*level == "+") {
    for (const auto& [name, below] : node.children)
      if (!(at_root && name.starts_with('$'))) visit_matching(*below, rest, false, visit);
  } else if (auto at = node.children.find(*level); at != node.children.end()) {
    visit_matching(*at->second, rest, false, visit);
  }
}

void Retained::for_each(std::string_view filter,
                        const std::function<void(const LetterRef&)>& visit) const {
  visit_matching(root_, Levels(filter), true, visit);
}

std::optional<std::string> Retained::first_expired(Instant now) const {
  if (expiries_.empty() || expiries_.begin()->first > now) return std::nullopt;
  return expiries_.begin()->second;
}

}  // namespace mq::broker
