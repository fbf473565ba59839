// Reading one scalar as what its shape says.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/time.h"
#include "scenarios/language/document.h"
#include "scenarios/language/shape.h"

namespace mq::scenario {

// Which member holds it follows from the shape.
struct Value {
  std::uint64_t whole = 0;  // whole, size; yes_no: 0 or 1
  double real = 0;          // decimal, rate (bit/s), percentage (0 to 1)
  Duration duration{};
  std::string text;      // text, name, choice
  bool is_word = false;  // one of the choices of a quantity: `text` says which
};

// The value, or what is wrong with it. `shape` is a scalar's.
std::variant<Value, std::string> read_value(const Node& node, const Shape& shape);

// "a duration such as 45s", for messages: "expected ..., found ...".
std::string expected(const Shape& shape);
std::string found(const Node& node);

}  // namespace mq::scenario
