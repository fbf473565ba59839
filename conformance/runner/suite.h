// Which cases are run, and what all of them together come to.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/runner/library.h"
#include "conformance/runner/verdict.h"

namespace mq::conformance {

// Whether a text is what a pattern with * and ? describes.
bool fits(std::string_view pattern, std::string_view text);

// A pattern with * and ? that fits a case's id (whole, or without its version), one of its
// statements, `tag:NAME`, `section:4.7`, `kind:negative`, `version:5` or `file:NAME`.
bool is_selected_by(const Case& one, std::string_view pattern,
                    const std::vector<Statement>& statements);

struct Selection {
  std::vector<std::string> only;  // any of them; none: all cases
  std::vector<std::string> skip;
  std::vector<std::string> also = {};  // ids, of which a case must be one; none: any
  std::string level;                   // must, should, may, or all (also empty)
  Role role = Role::broker;
};
std::vector<const Case*> selected(const Library& library, const Selection& selection);

// One of several parts of a selection, the same for the same cases: every `of`th case, from 1 on.
struct Shard {
  std::size_t number = 1;
  std::size_t of = 1;
};
std::optional<Shard> shard_named(std::string_view text);  // "2/5"
std::vector<const Case*> part(const std::vector<const Case*>& cases, const Shard& shard);

struct CaseResult {
  const Case* which = nullptr;
  Level level = Level::must;
  Outcome outcome;
  std::string link;                  // of an expectation: where more is said
  std::vector<Verdict> rounds = {};  // if it was played several times, and differed
};

inline constexpr std::chrono::milliseconds between_questions{100};  // whether the rest is played
// Who looks on while many cases are played. Either may be empty.
struct Onlooker {
  std::function<void(std::size_t to_come)> progress;  // after every case
  std::function<bool()> stops;  // asked now and then: whether the rest is not to be played

  bool wants_to_stop() const { return stops && stops(); }
};
inline constexpr const char* interrupted_reason = "the run was interrupted before it was decided";

// A case that was not come to.
void leave_out(CaseResult& result, std::string why);

// Of several rounds over the same cases: the gravest of each, and which ones differed.
std::vector<CaseResult> gravest_of(std::vector<std::vector<CaseResult>> rounds);

// A case that only recommends, or only allows, does not fail.
void soften(CaseResult& result);

struct Tally {
  std::size_t of[9] = {};  // by Verdict
  std::size_t operator[](Verdict verdict) const { return of[static_cast<std::size_t>(verdict)]; }
  std::size_t all() const;
};
Tally tally(const std::vector<CaseResult>& results);

// 0, 1, 3, 4 or 5 as design.md says.
int exit_code(const std::vector<CaseResult>& results);

}  // namespace mq::conformance
