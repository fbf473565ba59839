// Walking a document along its shape: first every problem of form, then the values.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "scenarios/language/document.h"
#include "scenarios/language/shape.h"
#include "scenarios/language/value.h"

namespace mq::scenario {

// Adds every departure of `node` from `shape`. `what` names it in messages: "`every`".
void check(const Node& node, const Shape& shape, const std::string& what, Problems& problems);

// What a key is worth when it is left out; nothing if the table gives no fallback.
std::optional<Value> fallback(const Key& key);

// A mapping that check() has walked, key by key. Values that check() refused read as if they were
// left out: there is a problem already, and no plan will come of it. A key that the shape does not
// have is a fault of ours.
class Fields {
 public:
  // `node` may be nullptr: all keys are left out.
  Fields(const Node* node, const Shape& shape) : node_(node), shape_(&shape) {}

  // What the file says, nullptr if it says nothing.
  const Node* find(std::string_view key) const;
  bool has(std::string_view key) const { return find(key) != nullptr; }
  bool is_there() const { return node_ != nullptr; }
  Fields map(std::string_view key) const;

  // As written or, if left out, the fallback of the table; nothing without one.
  std::optional<Value> maybe(std::string_view key) const;
  Value value(std::string_view key) const { return maybe(key).value_or(Value{}); }

  std::optional<Duration> maybe_duration(std::string_view key) const;
  Duration duration(std::string_view key) const { return value(key).duration; }
  std::uint64_t whole(std::string_view key) const { return value(key).whole; }
  bool yes(std::string_view key) const { return value(key).whole != 0; }
  std::string text(std::string_view key) const { return value(key).text; }

 private:
  const Key& key(std::string_view name) const;

  const Node* node_;
  const Shape* shape_;
};

}  // namespace mq::scenario
