#include "conformance/runner/expectations.h"

#include <algorithm>
#include <set>

#include "scenarios/language/document.h"

namespace mq::conformance {
namespace {

using scenario::Entry;
using scenario::Node;
using scenario::Problems;
using scenario::quoted;

constexpr std::string_view no_reason = "to be argued from the text of the standard";

class Reader {
 public:
  explicit Reader(Problems& problems) : problems_(problems) {}

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
      } else {
        fail(entry.key, quoted(key) + " is no key of expectations" +
                            scenario::suggestion(key, {"version", "target", "cases"}));
      }
    }
  }

 private:
  void fail(const Node& node, std::string text) {
    problems_.push_back({node.line, node.column, std::move(text)});
  }

  void read_case(const Entry& entry, Expectations& into) {
    Expected one{.pattern = entry.key.text, .place = {entry.key.line, entry.key.column}};
    if (!one.pattern.starts_with("v5/") && !one.pattern.starts_with("v3.1.1/"))
      fail(entry.key, "expected a case's id, which begins with v5/ or v3.1.1/");
    if (entry.value.kind != Node::Kind::map)
      return fail(entry.value, "expected {verdict: fail, reason: ...}");
    for (const Entry& field : entry.value.entries) {
      const std::string& key = field.key.text;
      if (key == "verdict") {
        if (field.value.text != "fail" && field.value.text != "sometimes")
          fail(field.value, "expected fail or sometimes, found " + quoted(field.value.text));
        one.how = field.value.text == "fail" ? Expected::How::fail : Expected::How::sometimes;
      } else if (key == "reason") {
        one.reason = field.value.text;
      } else if (key == "link") {
        one.link = field.value.text;
      } else {
        fail(field.key, quoted(key) + " is no key of an expectation" +
                            scenario::suggestion(key, {"verdict", "reason", "link"}));
      }
    }
    if (one.reason.empty()) fail(entry.key, "an expectation says its reason: `reason:`");
    into.cases.push_back(std::move(one));
  }

  Problems& problems_;
};

bool is_bad(Verdict verdict) {
  return verdict == Verdict::fail || verdict == Verdict::known || verdict == Verdict::non_strict ||
         verdict == Verdict::info;
}

const Expected* expected_of(const Expectations& expectations, const Case& one) {
  for (const Expected& expected : expectations.cases)
    if (fits(expected.pattern, one.id)) return &expected;
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
  if (document.is_whole) Reader(problems).read(document.root, expectations);
  return problems;
}

void apply(const Expectations& expectations, std::vector<CaseResult>& results) {
  for (CaseResult& result : results) {
    const Expected* const expected = expected_of(expectations, *result.which);
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
                     quoted(expected.pattern));
  return idle;
}

std::string updated(const Expectations& expectations, const std::vector<CaseResult>& results) {
  std::string text = "version: 1\ntarget: " + in_yaml(expectations.target) + "\ncases:\n";
  const auto add = [&](const Expected& one) {
    text += "  " + one.pattern +
            ":\n    verdict: " + (one.how == Expected::How::fail ? "fail" : "sometimes") +
            "\n    reason: " + in_yaml(one.reason) + "\n";
    if (!one.link.empty()) text += "    link: " + in_yaml(one.link) + "\n";
  };
  for (const Expected& expected : expectations.cases) {
    bool passed = false;
    bool failed = false;
    for (const CaseResult& result : results) {
      if (!fits(expected.pattern, result.which->id)) continue;
      const Verdict verdict = result.outcome.verdict;
      passed |= verdict == Verdict::pass || verdict == Verdict::fixed;
      failed |= is_bad(verdict);
    }
    if (failed || !passed || expected.how == Expected::How::sometimes) add(expected);
  }
  for (const CaseResult& result : results)
    if (result.outcome.verdict == Verdict::fail)
      add({.pattern = result.which->id, .reason = std::string(no_reason)});
  return text;
}

}  // namespace mq::conformance
