#include "conformance/runner/line.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace mq::conformance {
namespace {

using Is = Alternative::Is;

void append_utf8(std::string& out, unsigned code) {
  const auto put = [&out](unsigned byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) return put(0xc0 | code >> 6), put(0x80 | (code & 0x3f));
  if (code < 0x10000)
    return put(0xe0 | code >> 12), put(0x80 | (code >> 6 & 0x3f)), put(0x80 | (code & 0x3f));
  put(0xf0 | code >> 18), put(0x80 | (code >> 12 & 0x3f));
  put(0x80 | (code >> 6 & 0x3f)), put(0x80 | (code & 0x3f));
}

class LineReader {
 public:
  LineReader(std::string_view text, Place begin) : text_(text), begin_(begin) {}

  std::optional<LineFault> all(std::vector<Word>& words) {
    for (;;) {
      while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
      if (at_ == text_.size()) return std::nullopt;
      words.push_back(word());
      if (fault_) return fault_;
    }
  }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t'; }
  bool more() const { return at_ < text_.size() && !is_blank(text_[at_]) && !fault_; }
  Place place() const { return {begin_.line, begin_.column + at_}; }
  void fail(std::string why) {
    if (!fault_) fault_ = LineFault{place(), std::move(why)};
  }

  Word word() {
    Word made{.place = place()};
    if (text_[at_] == '"') {
      made.value = value();
      return made;
    }
    const std::string_view token = text_.substr(at_, text_.find(' ', at_) - at_);
    for (const std::string_view sign : {"=", "!=", "<", "<=", ">", ">="})
      if (token == sign) {
        made.name = sign;
        at_ += sign.size();
        return made;
      }
    made.is_twist = text_[at_] == '!';
    if (made.is_twist) ++at_;
    while (more() && text_[at_] != '=') {
      // user."a key"=value
      if (text_[at_] == '"')
        made.name += quoted();
      else
        made.name += text_[at_++];
    }
    if (more() && !made.name.empty()) {
      ++at_;
      made.value = value();
    } else if (made.name.empty()) {
      fail("expected a word");
    }
    return made;
  }

  Value value() {
    Value made{.place = place()};
    if (at_ < text_.size() && text_[at_] == '?') {
      ++at_;
      while (more() && text_[at_] != ':') made.capture += text_[at_++];
      if (made.capture.empty()) fail("expected the name of a capture after `?`");
      if (!more()) return made;
      ++at_;
    }
    do made.alternatives.push_back(alternative());
    while (more() && text_[at_] == '|' && ++at_);
    if (more()) fail("expected a blank or `|` after the value");
    return made;
  }

  Alternative alternative() {
    Alternative made;
    if (take(">="))
      made.is = Is::at_least;
    else if (take("<="))
      made.is = Is::at_most;
    else if (take(">"))
      made.is = Is::more;
    else if (take("<"))
      made.is = Is::less;
    else if (take("!"))
      made.is = Is::unequal;
    if (at_ < text_.size() && text_[at_] == '"') {
      made.is_quoted = true;
      made.text = quoted();
      return made;
    }
    std::string& text = made.text;
    while (more() && text_[at_] != '|') text += text_[at_++];
    if (made.is != Is::equal) return made;
    if (text == "any" || text == "absent") made.is = text == "any" ? Is::any : Is::absent;
    const std::size_t dots = text.find("..");
    const bool is_range = dots != std::string::npos && dots > 0 && dots + 2 < text.size() &&
                          text.find_first_not_of("0123456789x.abcdefABCDEF") == std::string::npos;
    if (is_range) {
      made.is = Is::between;
      made.upper = text.substr(dots + 2);
      text.resize(dots);
    }
    return made;
  }

  bool take(std::string_view start) {
    if (!text_.substr(at_).starts_with(start)) return false;
    at_ += start.size();
    return true;
  }

  std::string quoted() {
    std::string made;
    ++at_;
    while (at_ < text_.size() && text_[at_] != '"' && !fault_)
      if (text_[at_] == '\\')
        escaped(made);
      else
        made += text_[at_++];
    if (at_ >= text_.size())
      fail("expected a closing quote");
    else
      ++at_;
    return made;
  }

  void escaped(std::string& out) {
    const char what = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    at_ += 2;
    if (what == 'n') return void(out += '\n');
    if (what == 't') return void(out += '\t');
    if (what == '"' || what == '\\') return void(out += what);
    if (what == 'x') return out += static_cast<char>(hex(2, 2)), void();
    if (what == 'u' && at_ < text_.size() && text_[at_] == '{') {
      ++at_;
      append_utf8(out, hex(1, 6));
      if (!take("}")) fail("expected `}` after the code point");
      return;
    }
    fail("expected one of \\n \\t \\\" \\\\ \\xHH \\u{HHHH}");
  }

  unsigned hex(std::size_t least, std::size_t most) {
    unsigned code = 0;
    const char* const from = text_.data() + at_;
    const char* const end = from + std::min(most, text_.size() - at_);
    const auto [stop, error] = std::from_chars(from, end, code, 16);
    if (error != std::errc{} || stop < from + least) fail("expected hexadecimal digits");
    at_ += static_cast<std::size_t>(stop - from);
    return code;
  }

  std::string_view text_;
  Place begin_;
  std::size_t at_ = 0;
  std::optional<LineFault> fault_;
};

}  // namespace

std::optional<LineFault> read_words(std::string_view text, Place begin, std::vector<Word>& words) {
  return LineReader(text, begin).all(words);
}

Value value_of(const Word& word) {
  if (word.value) return *word.value;
  Value made{.place = word.place};
  made.alternatives.push_back({.text = word.name});
  return made;
}

}  // namespace mq::conformance
