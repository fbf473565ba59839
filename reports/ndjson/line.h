// Builds one line of JSON at the end of a buffer, as fast as copying: a trace has millions.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace mq::report {

class Line {
 public:
  explicit Line(std::string& out) : out_(out), begin_(out.size()) { out_ += '{'; }

  Line& number(std::string_view key, std::integral auto value) {
    put_key(key);
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out_.append(digits, end);
    return *this;
  }
  Line& flag(std::string_view key, bool value) {
    put_key(key);
    out_ += value ? "true" : "false";
    return *this;
  }
  // A word of ours: nothing in it needs escaping.
  Line& word(std::string_view key, std::string_view value) {
    put_key(key);
    out_ += '"';
    out_ += value;
    out_ += '"';
    return *this;
  }
  Line& text(std::string_view key, std::string_view value);
  Line& base64(std::string_view key, std::span<const std::byte> value);

  // Ends the line; says how many bytes it has, line feed included.
  std::size_t finish() {
    out_ += "}\n";
    return out_.size() - begin_;
  }

 private:
  void put_key(std::string_view key) {
    if (out_.back() != '{') out_ += ',';
    out_ += '"';
    out_ += key;
    out_ += "\":";
  }

  std::string& out_;
  std::size_t begin_;
};

// False if `text` is not base64 with padding.
bool decode_base64(std::string_view text, std::string& out);

}  // namespace mq::report
