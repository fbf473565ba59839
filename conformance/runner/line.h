// One line of a case file in words: bare words, fields `name=value`, quoted texts. Knows quoting
// and alternatives, nothing of what the words mean.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/runner/case.h"

namespace mq::conformance {

struct Word {
  std::string name;            // the bare word, or the field's name; empty for a quoted text
  std::optional<Value> value;  // of a field, or the quoted text
  bool is_twist = false;
  Place place;

  bool is(std::string_view word) const { return !value && name == word; }
};

struct LineFault {
  Place place;
  std::string text;
};

// `column` is where `text` begins in its line.
std::optional<LineFault> read_words(std::string_view text, Place begin, std::vector<Word>& words);

// A value that stands alone, as in `within 5s`: what `name=` is followed by.
Value value_of(const Word& word);

}  // namespace mq::conformance
