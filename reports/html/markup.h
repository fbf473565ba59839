// Builds HTML. Markup can only come from string literals of this program; every other text is
// escaped on its way in, so that no text of a run can become an element or an attribute.
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <string>
#include <string_view>

#include "reports/text/escape.h"

namespace mq::report {

class Literal {
 public:
  consteval Literal(const char* text) : text_(text) {}  // NOLINT: implicit by design
  std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

class Markup {
 public:
  Markup& operator<<(Literal literal) {
    out_ += literal.text();
    return *this;
  }
  template <class Text>
  requires std::same_as<Text, std::string> || std::same_as<Text, std::string_view> Markup&
  operator<<(const Text& text) {
    out_ += markup(text);
    return *this;
  }
  Markup& operator<<(std::integral auto number) {
    fmt::format_to(std::back_inserter(out_), "{}", number);
    return *this;
  }
  Markup& operator<<(const Markup& other) {
    out_ += other.out_;
    return *this;
  }
  // An asset of ours or what json_island() gave.
  Markup& trusted(std::string_view text) {
    out_ += text;
    return *this;
  }

  const std::string& text() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

// A value with a button that copies it; nothing if there is none.
inline void put_copyable(Markup& out, Literal label, const std::string& value) {
  if (value.empty()) return;
  out << "<div class=\"copyable\"><span>" << label << "</span><code>" << value
      << "</code><button type=\"button\" class=\"quiet copy\" hidden>Copy</button></div>";
}

}  // namespace mq::report
