#include "scenarios/language/document.h"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <unordered_set>
#include <utility>

#include "scenarios/language/limits.h"

namespace mq::scenario {
namespace {

struct Stop {
  Problem problem;
};

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

std::string nested_too_deeply() {
  return "nested more than " + std::to_string(depth_max) + " levels deep";
}

// Of the first character: 1 to 4 bytes, 0 if it is not well-formed (surrogates, overlong forms and
// what lies beyond U+10FFFF are not).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u;
  };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead < 0xc2   ? 0
                             : lead < 0xe0 ? 2
                             : lead < 0xf0 ? 3
                             : lead < 0xf5 ? 4
                                           : 0;
  for (std::size_t at = 1; at < length; ++at)
    if ((byte(at) & 0xc0) != 0x80) return 0;
  const bool is_overlong = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
  const bool is_outside = (lead == 0xed && byte(1) > 0x9f) || (lead == 0xf4 && byte(1) > 0x8f);
  return is_overlong || is_outside ? 0 : length;
}

// yaml-cpp counts bytes, editors count characters.
class Places {
 public:
  explicit Places(std::string_view text) : text_(text) {
    starts_.push_back(0);
    for (std::size_t at = 0; at < text.size(); ++at)
      if (text[at] == '\n') starts_.push_back(at + 1);
  }

  Problem problem(const YAML::Mark& mark, std::string text) const {
    if (mark.is_null()) return {1, 1, std::move(text)};
    const auto line = static_cast<std::size_t>(mark.line);
    return {line + 1, column(line, static_cast<std::size_t>(mark.column)), std::move(text)};
  }

  void set(Node& node, const YAML::Mark& mark) const {
    const Problem place = problem(mark, {});
    node.line = static_cast<std::uint32_t>(place.line);
    node.column = static_cast<std::uint32_t>(place.column);
  }

 private:
  // Places come in the order of the file, mostly: counting goes on from the last one, so that a
  // long line costs no more than short ones.
  std::size_t column(std::size_t line, std::size_t bytes) const {
    if (line >= starts_.size()) return bytes + 1;
    if (line != last_.line || bytes < last_.bytes) last_ = {line, 0, 1};
    const std::string_view between =
        text_.substr(std::min(starts_[line] + last_.bytes, text_.size()), bytes - last_.bytes);
    const auto is_start = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
    last_.bytes = bytes;
    last_.column +=
        static_cast<std::size_t>(std::count_if(between.begin(), between.end(), is_start));
    return last_.column;
  }

  struct Last {
    std::size_t line = 0, bytes = 0, column = 1;
  };
  std::string_view text_;
  std::vector<std::size_t> starts_;
  mutable Last last_;
};

bool is_null_word(std::string_view text) {
  return text == "~" || text == "null" || text == "Null" || text == "NULL";
}

// Builds the tree from yaml-cpp's events. What can be passed over is reported and marked as
// refused, so that one reading shows all problems; what could exhaust us stops the reading.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const Places& places, Problems& problems) : places_(places), problems_(problems) {}

  Node take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1)
      throw Stop{places_.problem(mark, "a second document begins here: a file holds one")};
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    add(mark, Node::Kind::nothing);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    problems_.push_back(places_.problem(mark, "aliases (`*name`) are refused: write it out"));
    add(mark, Node::Kind::refused);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_anchor(mark, anchor);
    const bool is_plain = tag == "?";
    if (!is_plain && tag != "!" && !tag.empty()) return refuse_tag(mark);
    if (is_plain && is_null_word(value)) return void(add(mark, Node::Kind::nothing));
    if (value.find('\0') != std::string::npos) {
      problems_.push_back(places_.problem(mark, "text must not contain the character U+0000"));
      return void(add(mark, Node::Kind::refused));
    }
    add(mark, Node::Kind::scalar, value, !is_plain);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::Kind::list);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::Kind::map);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Node* node;
    std::optional<Node> key;  // of a map: read, and waiting for its value
    std::unordered_set<std::string> keys;
  };

  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor)
      problems_.push_back(places_.problem(mark, "anchors (`&name`) are refused: write it out"));
  }

  void refuse_tag(const YAML::Mark& mark) {
    problems_.push_back(places_.problem(mark, "tags (`!name`) are refused"));
    add(mark, Node::Kind::refused);
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            Node::Kind kind) {
    refuse_anchor(mark, anchor);
    if (tag != "?" && tag != "!" && !tag.empty())
      problems_.push_back(places_.problem(mark, "tags (`!name`) are refused"));
    if (open_.size() >= depth_max) throw Stop{places_.problem(mark, nested_too_deeply())};
    Node* node = add(mark, kind);
    open_.push_back({node, std::nullopt, {}});
  }

  void close() {
    std::erase_if(open_.back().node->entries,
                  [](const Entry& entry) { return entry.key.kind == Node::Kind::refused; });
    open_.pop_back();
  }

  // Puts a node where the reading stands and says where it lies. The address stays valid while the
  // node is open: nothing is added beside it before it is closed.
  Node* add(const YAML::Mark& mark, Node::Kind kind, std::string text = {},
            bool is_quoted = false) {
    if (++nodes_ > nodes_max)
      throw Stop{places_.problem(mark, "more than " + std::to_string(nodes_max) + " values")};
    Node node{.kind = kind, .is_quoted = is_quoted, .text = std::move(text)};
    places_.set(node, mark);
    if (open_.empty()) {
      root_ = std::move(node);
      return &root_;
    }
    Open& parent = open_.back();
    if (parent.node->kind == Node::Kind::list) {
      parent.node->items.push_back(std::move(node));
      return &parent.node->items.back();
    }
    if (parent.key) return add_value(parent, std::move(node));
    parent.key = checked_key(parent, std::move(node));
    return &*parent.key;
  }

  // A key that is refused goes, with its value, when the map is closed.
  Node checked_key(Open& map, Node key) {
    const auto refuse = [&](std::string text) {
      problems_.push_back({key.line, key.column, std::move(text)});
      key.kind = Node::Kind::refused;
    };
    switch (key.kind) {
      case Node::Kind::list:
      case Node::Kind::map:
        throw Stop{{key.line, key.column, "a key must be a plain word"}};
      case Node::Kind::nothing:
        refuse("a key is missing before the colon");
        break;
      case Node::Kind::scalar:
        if (key.text == "<<" && !key.is_quoted)
          refuse("merge keys (`<<`) are refused: write the keys out");
        else if (!map.keys.insert(key.text).second)
          refuse("the key " + in_quotes(key.text) + " comes a second time");
        break;
      case Node::Kind::refused:
        break;
    }
    return key;
  }

  Node* add_value(Open& map, Node value) {
    Node key = std::move(*map.key);
    map.key.reset();
    if (value.kind == Node::Kind::nothing) {  // it has no place of its own in the file
      value.line = key.line;
      value.column = key.column;
    }
    map.node->entries.push_back({std::move(key), std::move(value)});
    return &map.node->entries.back().value;
  }

  const Places& places_;
  Problems& problems_;
  Node root_{.kind = Node::Kind::nothing};
  std::vector<Open> open_;
  std::size_t nodes_ = 0;
  std::size_t documents_ = 0;
};

// Where the bytes stop being a text that yaml-cpp can be given, and why. It keeps every token of a
// line and of an open bracket until it knows what begins there, some hundred bytes for each.
std::optional<Problem> unreadable(std::string_view text) {
  std::size_t line = 1, column = 1, line_begin = 0, brackets = 0;
  for (std::size_t at = 0; at < text.size(); ++column) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte == '\n') {
      ++line;
      column = 0;
      line_begin = at + 1;
    } else if ((byte < 0x20 && byte != '\t' && byte != '\r') || byte == 0x7f) {
      return Problem{line, column, "a control byte: this is no text file"};
    }
    if (at >= line_begin + line_bytes_max)
      return Problem{line, column,
                     "a line of more than " + std::to_string(line_bytes_max) + " bytes"};
    if ((byte == '[' || byte == '{') && ++brackets > brackets_max)
      return Problem{line, column, "more than " + std::to_string(brackets_max) + " brackets"};
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0) return Problem{line, column, "not UTF-8: this is no text file"};
    at += length;
  }
  return std::nullopt;
}

}  // namespace

const Node* find(const Node& map, std::string_view key) {
  const auto found = std::find_if(map.entries.begin(), map.entries.end(),
                                  [&](const Entry& entry) { return entry.key.text == key; });
  return found == map.entries.end() ? nullptr : &found->value;
}

Document read_document(std::string_view text, Problems& problems) {
  if (text.size() > file_bytes_max) {
    problems.push_back({1, 1, "longer than " + std::to_string(file_bytes_max) + " bytes"});
    return {};
  }
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  if (auto problem = unreadable(text)) {
    problems.push_back(std::move(*problem));
    return {};
  }
  const Places places(text);
  TreeBuilder builder(places, problems);
  bool is_whole = false;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    is_whole = true;
  } catch (const Stop& stop) {
    problems.push_back(stop.problem);
  } catch (const YAML::DeepRecursion& fault) {
    problems.push_back(places.problem(fault.mark, nested_too_deeply()));
  } catch (const YAML::Exception& fault) {
    problems.push_back(places.problem(fault.mark, "not YAML: " + fault.msg));
  }
  Document document{builder.take_root(), is_whole};
  if (is_whole && document.root.kind == Node::Kind::nothing && problems.empty()) {
    problems.push_back({1, 1, "the file is empty"});
    document.is_whole = false;
  }
  return document;
}

}  // namespace mq::scenario
