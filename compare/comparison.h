// Several brokers under the same scenario and seeds: what differs, and what of that matters. The
// first is the measure of the others. Differences are tested over seeds (gate/), never read off two
// runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "compare/side.h"
#include "gate/compare.h"

namespace mq::compare {

// What differs, as a sentence, and what shows it.
struct Difference {
  std::string text;                   // "mosquitto drops silent clients 6.00 s late, ours 0 s"
  std::vector<std::string> evidence;  // "p < 0.0001, effect +1.00 (30 and 30 seeds)"
  std::string shown_by;               // an example from a run; may be empty
  // Runs that show it: their folders, as the report names them.
  std::vector<std::string> folders;
};

// A value of one broker over all seeds.
struct Spread {
  bool measured = false;
  double middle = 0;  // the median
  gate::Interval interval;
};

struct FigureRow {
  gate::Metric metric;
  std::vector<Spread> sides;
  std::vector<gate::MetricChange> changes;  // of each side but the first
};

struct PromiseRow {
  std::string id;
  std::string promise;
  std::vector<gate::Kept> sides;
  bool of_standard = false;  // a rule of the standard that is watched in every run
};

// What stands side by side: brokers that `compare` has put to the same test, or stored results.
enum class Of : std::uint8_t { brokers, results };

struct Comparison {
  Of of = Of::brokers;
  std::string scenario;
  std::string world;
  std::string shape;  // "50 clients, 2 h and 5 min of calm"
  std::string command;
  std::string program_version;
  std::vector<std::string> notes;  // what holds for the whole comparison
  std::vector<std::string> problems;
  gate::Rules rules;
  std::vector<Side> sides;
  std::vector<Difference> differences;  // what matters most comes first
  // Promises that one breaks and another does not, and figures that differ by what would matter, in
  // too few runs to tell the sides apart.
  std::vector<Difference> seldom;
  std::vector<PromiseRow> promises;
  std::vector<FigureRow> figures;
};

// `sides` holds one at least; the rest of `head` is kept as it is.
Comparison compare(Comparison head);

// "mosquitto and aedes differ from ours in 12 ways that matter"
std::string headline(const Comparison& comparison);
// A promise was broken by somebody.
bool is_broken(const Comparison& comparison);

}  // namespace mq::compare
