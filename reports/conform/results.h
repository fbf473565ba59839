// What one run of `mqttlab conform` found: a target, the standard's statements, and what was
// judged. results.json holds it all; page, JUnit and Markdown are made of it and of nothing else.
// What was judged is a case, about a broker or a client; beside the cases, rules watch all of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace mq::report {

enum class ConformVerdict : std::uint8_t {
  pass,
  fail,
  non_strict,
  info,
  not_applicable,
  known,
  fixed,
  error,
  skipped,
};
inline constexpr int conform_verdicts = 9;
std::string_view word_of(ConformVerdict verdict);  // "pass", "non-strict", "n/a", ...

struct ConformMiss {
  std::string at;  // the step, with file and line
  std::string expected;
  std::string got;
};

// One line of what went over the connections.
struct ConformSaid {
  enum class What : std::uint8_t { sent, received, event };
  Duration since{};  // the case began
  What what = What::event;
  std::string link;
  std::string text;
  std::string hex;  // of a packet
};

struct ConformJudged {
  enum class Of : std::uint8_t { broker, client };

  std::string id;  // "v5/qos1-is-acknowledged"
  std::string title;
  std::string group;  // what it is about: the name of its file
  Of of = Of::broker;
  std::string level;                    // must, should, may
  std::vector<std::string> statements;  // "v5/MQTT-4.3.2-4"
  ConformVerdict verdict = ConformVerdict::pass;
  std::string reason;  // of n/a, error, skipped, known
  std::string link;    // of an expectation: where more is said
  Duration took{};
  std::vector<std::string> choices;  // where the standard leaves one, what the target does
  std::optional<ConformMiss> miss;
  std::vector<ConformMiss> advice;  // recommendations that were not followed
  std::string again;                // the command that repeats it; of what did not pass
  // Where its packets lie in capture.pcap, as a display filter; empty: they do not.
  std::string packets;
  std::vector<ConformSaid> transcript;  // of what did not pass
  std::uint64_t left_out = 0;           // lines of it, in its middle
  // With --repeat: what each round came to, if they differ.
  std::vector<ConformVerdict> rounds;

  bool is_flaky() const { return !rounds.empty(); }
};

// A rule that was broken in a case, whatever that case is about.
struct ConformBreach {
  std::string rule;                     // "again_has_dup"
  std::string sentence;                 // what must hold
  std::string in_case;                  // the case in which it was seen
  std::string link;                     // the connection, as the script names it
  std::string seen;                     // what broke it
  std::string again;                    // the command that repeats the case
  std::string packets;                  // as of ConformJudged
  std::vector<ConformSaid> transcript;  // of this connection, until then
  std::uint64_t left_out = 0;           // lines of it, in its middle
};

// What rules that watch every case came to over one statement.
struct ConformWatched {
  std::string statement;
  ConformJudged::Of of = ConformJudged::Of::broker;
  std::uint64_t tried = 0;
  std::uint64_t broken = 0;
  std::vector<std::string> rules;       // that were put to the test
  std::vector<ConformBreach> breaches;  // the first of them
};

struct ConformStatement {
  std::string id;
  std::string section;
  std::string title;
  std::string level;
  std::string obliges;
  std::string says;
  std::string tested;
  std::string pitfalls;
  std::string no_case;            // why nobody can check it
  bool can_check_broker = false;  // from outside
  bool can_check_client = false;
};

// Of the statements that can be checked against a role in a version: how many were.
struct ConformCoverage {
  ConformJudged::Of of = ConformJudged::Of::broker;
  std::string version;           // "5.0", "3.1.1"
  std::uint64_t statements = 0;  // of the standard
  std::uint64_t checkable = 0;   // from outside
  std::uint64_t have_check = 0;  // a case of this program
  std::uint64_t checked = 0;     // in this run: something was decided
};

struct ConformResults {
  static constexpr int schema_version = 1;

  std::string program_version;
  std::string command;  // that repeats the run
  std::string target;   // as it was named
  std::string release;  // which program it is, if that is known
  std::uint64_t seed = 0;
  std::string selection;  // in words of the command line; empty: everything
  std::string started;    // a wall clock's time, ISO 8601
  double wall_seconds = 0;
  std::string hash;  // over what can be reproduced, hex
  bool is_virtual = false;
  std::string lost;  // why the target is gone, or could not be had
  bool is_interrupted = false;
  std::vector<std::string> notes;
  int exit_code = 0;
  std::vector<ConformCoverage> coverage;
  std::vector<ConformJudged> judged;
  std::vector<ConformWatched> watched;
  std::vector<ConformStatement> statements;
};

// ---- What follows from them

struct ConformTally {
  std::uint64_t of[conform_verdicts] = {};
  std::uint64_t operator[](ConformVerdict v) const { return of[static_cast<int>(v)]; }
  std::uint64_t all() const;
};
// Of a level: must, should, may; empty: of all.
ConformTally tally_of(const ConformResults& results, std::string_view level = {});

// The gravest of what was judged; nothing if there is nothing. What was decided outweighs what was
// not: one pass among cases that do not apply is a pass.
std::optional<ConformVerdict> gravest(const std::vector<const ConformJudged*>& judged);
bool is_trouble(ConformVerdict verdict);  // fails a run
bool is_decided(ConformVerdict verdict);  // something is known of the target

// "Conforms", "Deviates", "Nothing tested", "Incomplete", and a sentence of figures.
std::string conform_word(const ConformResults& results);
std::string conform_sentence(const ConformResults& results);

}  // namespace mq::report
