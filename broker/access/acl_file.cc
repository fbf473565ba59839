#include "broker/access/acl_file.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/nearest_word.h"
#include "protocol/topic.h"
#include "protocol/utf8.h"

namespace mq::broker {
namespace {

using Grant = AccessRules::Grant;

constexpr std::string_view blanks = " \t";

std::optional<Grant> grant_of(std::string_view word) {
  if (word == "read") return Grant::read;
  if (word == "write") return Grant::write;
  if (word == "readwrite") return Grant::read_and_write;
  if (word == "deny") return Grant::deny;
  return std::nullopt;
}

class Parser {
 public:
  explicit Parser(const std::string& file) : file_(file) {}

  void line(std::string_view text) {
    ++number_;
    line_ = text;
    if (text.ends_with('\r')) text.remove_suffix(1);
    rest_ = text;
    skip_blanks();
    if (rest_.empty() || rest_.front() == '#') return;
    if (const auto fault = utf8_breaks(text)) fail(fault->offset, "expected UTF-8 text");
    const std::size_t at = column();
    const std::string_view keyword = word();
    if (keyword == "user") return user();
    if (keyword == "topic") return rule(false);
    if (keyword == "pattern") return rule(true);
    fail(at, "expected user, topic or pattern, got " + shown(keyword) +
                 did_you_mean(keyword, {"user", "topic", "pattern"}));
  }

  AccessRules rules;

 private:
  std::size_t column() const { return line_.size() - rest_.size() - trailing(); }
  std::size_t trailing() const { return line_.ends_with('\r') ? 1 : 0; }
  void skip_blanks() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(blanks), rest_.size()));
  }
  std::string_view word() {
    const std::string_view found = rest_.substr(0, rest_.find_first_of(blanks));
    rest_.remove_prefix(found.size());
    skip_blanks();
    return found;
  }
  [[noreturn]] void fail(std::size_t at, const std::string& what) const {
    throw FileFault(file_, number_, at + 1, what);
  }
  // To the end of the line: names and topics may hold blanks, but not begin or end with one.
  std::string_view to_the_end() {
    std::string_view text = rest_;
    text.remove_suffix(text.size() - std::min(text.find_last_not_of(blanks) + 1, text.size()));
    return text;
  }

  void user() {
    user_ = to_the_end();
    if (user_.empty()) fail(column(), "expected the name of a user behind user");
  }

  void rule(bool is_pattern) {
    Grant grant = Grant::read_and_write;
    const std::size_t at = column();
    const std::string_view all = rest_;
    const std::string_view first = word();
    if (const auto named = grant_of(first); named && !rest_.empty()) {
      grant = *named;
    } else if (!rest_.empty() && is_misspelt(first)) {
      fail(at, "expected read, write, readwrite or deny, got " + shown(first) +
                   did_you_mean(first, {"read", "write", "readwrite", "deny"}));
    } else {
      rest_ = all;  // a topic
    }
    const std::size_t topic_at = column();
    std::string filter(to_the_end());
    if (filter.empty()) fail(topic_at, "expected a topic");
    if (filter.starts_with("$share/"))
      fail(topic_at, "expected the topics themselves: rules count for shared subscriptions too");
    if (const auto broken = plain_topic_filter_breaks(filter))
      fail(topic_at, shown(filter) + " is no topic filter: " + std::string(info(*broken).sentence));
    if (is_pattern)
      rules.add_pattern(grant, std::move(filter));
    else
      rules.add(user_, grant, std::move(filter));
  }

  // "topic raed a/b" would be a right to a topic of that name.
  static bool is_misspelt(std::string_view word) {
    return word.find('/') == word.npos &&
           !nearest_word(word, {"read", "write", "readwrite", "deny"}).empty();
  }

  const std::string& file_;
  std::size_t number_ = 0;
  std::string_view line_;
  std::string_view rest_;
  std::string user_;
};

}  // namespace

AccessRules parse_acl(std::string_view text, const std::string& file) {
  Parser parser(file);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    parser.line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::move(parser.rules);
}

AccessRules read_acl_file(const std::string& path) {
  return parse_acl(read_access_file(path), path);
}

}  // namespace mq::broker
