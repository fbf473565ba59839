// The last retained message of each topic (both standards, 3.3.1.3), found by name or by filter.
// Children are ordered, because the order of delivery to a new subscriber is visible outside.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "broker/core/letter.h"
#include "protocol/topic.h"

namespace mq::broker {

class Retained {
 public:
  const LetterRef* find(std::string_view topic) const;
  void set(const LetterRef& letter);  // replaces what the topic has
  bool erase(std::string_view topic);

  // In the order of the levels. `filter` is an ordinary one, or the inside of a shared one.
  void for_each(std::string_view filter, const std::function<void(const LetterRef&)>& visit) const;

  // The first topic whose message is past its expiry at `now`.
  std::optional<std::string> first_expired(Instant now) const;
  std::optional<Instant> deadline() const {
    return expiries_.empty() ? std::nullopt : std::optional(expiries_.begin()->first);
  }

  std::size_t size() const { return size_; }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Node {
    LetterRef letter;
    std::map<std::string, std::unique_ptr<Node>, std::less<>> children;
  };

  static void visit_all(const Node& node, bool skip_dollar,
                        const std::function<void(const LetterRef&)>& visit);
  static void visit_matching(const Node& node, Levels rest, bool at_root,
                             const std::function<void(const LetterRef&)>& visit);
  static bool erase_below(Node& node, Levels rest, LetterRef& erased);
  void uncount(const LetterRef& letter);

  Node root_;
  std::set<std::pair<Instant, std::string>> expiries_;
  std::size_t size_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace mq::broker
