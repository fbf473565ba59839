// What is known to deviate at a target, and why (conformance/expectations/NAME.yaml): a case that
// fails as the file says is `known`, one that passes although the file says that it fails is
// `fixed`, and the file is to be mended.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/runner/suite.h"
#include "scenarios/language/problem.h"

namespace mq::conformance {

struct Expected {
  enum class How : std::uint8_t {
    fail,
    sometimes,  // it depends on chance: neither outcome is news
  };
  std::string pattern;  // a case's id; * and ? are wildcards
  How how = How::fail;
  std::string reason;  // argued from the standard
  std::string link;
  // What comes instead, with wildcards: who fails with something else has failed anew. Empty: any.
  std::string got;
  Place place;
  std::size_t cause = 0;  // of those under `causes`, the number, from 1; 0: one of `cases`
};

struct Expectations {
  std::string target;  // for people: "mosquitto 2.0.11"
  std::vector<Expected> cases;
};

scenario::Problems read_expectations(std::string_view yaml, Expectations& expectations);

// Whether it fails as is expected of it.
bool is_known(const Expectations& expectations, const CaseResult& result);

// Turns `fail` into `known` and `pass` into `fixed`; also what is non-strict or info is known, if
// the file says so. What the file says of cases that were not decided stays as it is.
void apply(const Expectations& expectations, std::vector<CaseResult>& results);

// Patterns that fit no case of the library: a file that is out of date.
std::vector<std::string> idle_patterns(const Expectations& expectations, const Library& library);

// The file as it should be after these results: what failed and is not in it is added, with no
// reason yet; what passed is taken out, a pattern only if nothing that it fits failed. Entries
// whose cases were not decided stay.
std::string updated(const Expectations& expectations, const std::vector<CaseResult>& results);

}  // namespace mq::conformance
