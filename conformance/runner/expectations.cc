#include "conformance/runner/expectations.h"

#include <algorithm>
#include <utility>

#include "scenarios/language/document.h"

namespace mq::conformance {
namespace {

using scenario::Entry;
using scenario::in_quotes;
using scenario::Node;
using scenario::Problems;

constexpr std::string_view no_reason = "to be argued from the text of the standard";

class ExpectationReader {
 public:
  explicit ExpectationReader(Problems& problems) : problems_(problems) {}

  void read(const Node& root, Expectations& into) {
    if (root.kind != Node::Kind::map) return fail(root, "expected `version`, `target` and `cases`");
    for (const Entry& entry : root.entries) {
      const std::string& key = entry.key.text;
      if (key == "version") {
        if (entry.value.text != "1") fail(entry.value, "expected 1");
      } else if (key == "target") {
        into.target = entry.value.text;
      } else if (key == "cases") {
        if (entry.value.kind != Node::Kind::map && entry.value.kind != Node::Kind::nothing)
          fail(entry.value, "expected the ids of cases, each with a mapping");
        for (const Entry& one : entry.value.entries) read_case(one, into);
      } else if (key == "causes") {
        if (entry.value.kind != Node::Kind::list)
          fail(entry.value, "expected a list of causes, each with `reason` and `cases`");
        std::size_t number = 0;
        for (const Node& item : entry.value.items) read_cause(item, ++number, into);
      } else {
        fail(entry.key, in_quotes(key) + " is no key of expectations" +
                            scenario::suggestion(key, {"version", "target", "causes", "cases"}));
      }
    }
  }

 private:
  void fail(const Node& node, std::string text) {
    problems_.push_back({node.line, node.column, std::move(text)});
  }

  void read_case(const Entry& entry, Expectations& into) {
    Expected one{.pattern = entry.key.text, .place = {entry.key.line, entry.key.column}};
    check_pattern(entry.key);
    if (entry.value.kind != Node::Kind::map)
      return fail(entry.value, "expected {verdict: fail, reason: ...}");
    for (const Entry& field : entry.value.entries)
      if (!read_field(field, one)) refuse(field.key, {"verdict", "reason", "link", "got"});
    if (one.reason.empty()) fail(entry.key, "an expectation says its reason: `reason:`");
    into.cases.push_back(std::move(one));
  }

  // One reason for many cases.
  void read_cause(const Node& node, std::size_t number, Expectations& into) {
    if (node.kind != Node::Kind::map)
      return fail(node, "expected a mapping with `reason` and `cases`");
    Expected common{.cause = number};
    const Node* cases = nullptr;
    for (const Entry& field : node.entries) {
      if (field.key.text == "cases")
        cases = &field.value;
      else if (!read_field(field, common))
        refuse(field.key, {"verdict", "reason", "link", "got", "cases"});
    }
    if (common.reason.empty()) fail(node, "an expectation says its reason: `reason:`");
    if (cases == nullptr || cases->kind != Node::Kind::list || cases->items.empty())
      return fail(node, "expected the ids of its cases: `cases: [v5/a, v5/b/*]`");
    for (const Node& item : cases->items) {
      check_pattern(item);
      Expected one = common;
      one.pattern = item.text;
      one.place = {item.line, item.column};
      into.cases.push_back(std::move(one));
    }
  }

  void check_pattern(const Node& node) {
    if (!node.text.starts_with("v5/") && !node.text.starts_with("v3.1.1/"))
      fail(node, "expected a case's id, which begins with v5/ or v3.1.1/");
  }

  // False: it is no key of an expectation.
  bool read_field(const Entry& field, Expected& one) {
    const std::string& key = field.key.text;
    if (key == "verdict") {
      if (field.value.text != "fail" && field.value.text != "sometimes")
        fail(field.value, "expected fail or sometimes, found " + in_quotes(field.value.text));
      one.how = field.value.text == "fail" ? Expected::How::fail : Expected::How::sometimes;
    } else if (key == "reason") {
      one.reason = field.value.text;
    } else if (key == "link") {
      one.link = field.value.text;
    } else if (key == "got") {
      one.got = field.value.text;
    } else {
      return false;
    }
    return true;
  }

  void refuse(const Node& key, const std::vector<std::string_view>& known) {
    fail(key, in_quotes(key.text) + " is no key of an expectation" +
                  scenario::suggestion(key.text, known));
  }

  Problems& problems_;
};

bool is_bad(Verdict verdict) {
  return verdict == Verdict::fail || verdict == Verdict::known || verdict == Verdict::non_strict ||
         verdict == Verdict::info;
}

// A failure with something else than is expected is none that is known; a pass is always news.
bool is_of(const Expected& expected, const CaseResult& result) {
  if (!fits(expected.pattern, result.which->id)) return false;
  const Outcome& outcome = result.outcome;
  return expected.got.empty() || !is_bad(outcome.verdict) ||
         (outcome.failure && fits(expected.got, outcome.failure->got)) ||
         (!outcome.advice.empty() && fits(expected.got, outcome.advice.front().got));
}

const Expected* expected_of(const Expectations& expectations, const CaseResult& result) {
  for (const Expected& expected : expectations.cases)
    if (is_of(expected, result)) return &expected;
  return nullptr;
}

std::string in_yaml(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + "\"";
}

}  // namespace

Problems read_expectations(std::string_view yaml, Expectations& expectations) {
  Problems problems;
  const scenario::Document document = scenario::read_document(yaml, problems);
  if (document.is_whole) ExpectationReader(problems).read(document.root, expectations);
  return problems;
}

bool is_known(const Expectations& expectations, const CaseResult& result) {
  return is_bad(result.outcome.verdict) && expected_of(expectations, result) != nullptr;
}

void apply(const Expectations& expectations, std::vector<CaseResult>& results) {
  for (CaseResult& result : results) {
    const Expected* const expected = expected_of(expectations, result);
    if (expected == nullptr) continue;
    Outcome& outcome = result.outcome;
    if (is_bad(outcome.verdict)) {
      outcome.verdict = Verdict::known;
      outcome.reason = expected->reason;
      result.link = expected->link;
    } else if (outcome.verdict == Verdict::pass && expected->how == Expected::How::fail) {
      outcome.verdict = Verdict::fixed;
      outcome.reason = "the expectations say that it fails: " + expected->reason;
    }
  }
}

std::vector<std::string> idle_patterns(const Expectations& expectations, const Library& library) {
  std::vector<std::string> idle;
  for (const Expected& expected : expectations.cases)
    if (std::none_of(library.cases.begin(), library.cases.end(),
                     [&](const Case& one) { return fits(expected.pattern, one.id); }))
      idle.push_back(std::to_string(expected.place.line) + ":" +
                     std::to_string(expected.place.column) + ": no case is called " +
                     in_quotes(expected.pattern));
  return idle;
}

namespace {

// Whether the entry is still of use after these results.
bool stays(const Expected& expected, const std::vector<CaseResult>& results) {
  bool passed = false;
  bool failed = false;
  for (const CaseResult& result : results) {
    if (!is_of(expected, result)) continue;
    const Verdict verdict = result.outcome.verdict;
    passed |= verdict == Verdict::pass || verdict == Verdict::fixed;
    failed |= is_bad(verdict);
  }
  return failed || !passed || expected.how == Expected::How::sometimes;
}

std::string fields_of(const Expected& one, const std::string& indent) {
  std::string text =
      "verdict: " + std::string(one.how == Expected::How::fail ? "fail" : "sometimes") + "\n" +
      indent + "reason: " + in_yaml(one.reason) + "\n";
  if (!one.link.empty()) text += indent + "link: " + in_yaml(one.link) + "\n";
  if (!one.got.empty()) text += indent + "got: " + in_yaml(one.got) + "\n";
  return text;
}

}  // namespace

std::string updated(const Expectations& expectations, const std::vector<CaseResult>& results) {
  std::string causes;
  std::string cases;
  const auto add = [&cases](const Expected& one) {
    cases += "  " + one.pattern + ":\n    " + fields_of(one, "    ");
  };
  std::size_t cause = 0;
  for (const Expected& expected : expectations.cases) {
    if (!stays(expected, results)) continue;
    if (expected.cause == 0) {
      add(expected);
      continue;
    }
    if (std::exchange(cause, expected.cause) != expected.cause)
      causes += "  - " + fields_of(expected, "    ") + "    cases:\n";
    causes += "      - " + expected.pattern + "\n";
  }
  for (const CaseResult& result : results)
    if (result.outcome.verdict == Verdict::fail)
      add({.pattern = result.which->id, .reason = std::string(no_reason)});
  return "version: 1\ntarget: " + in_yaml(expectations.target) + "\n" +
         (causes.empty() ? "" : "causes:\n" + causes) + "cases:\n" + cases;
}

}  // namespace mq::conformance
