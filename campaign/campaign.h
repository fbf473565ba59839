// A campaign: one scenario, the parameters that are swept, seeds, brokers, limits; read from a file
// in the same strict YAML as scenarios. Texts in, a value or problems with their places out.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/time.h"
#include "scenarios/language/document.h"
#include "scenarios/language/problem.h"

namespace mq::campaign {

struct Setting {
  std::string path;
  scenario::Node value;
  std::string text;  // of the value, on one line
};

// What is set together: a value of a grid's parameter, a row of a list, a point of a hypercube.
struct Level {
  std::vector<Setting> settings;
};

struct Axis {
  enum class Kind : std::uint8_t { grid, list, latin };
  Kind kind = Kind::grid;
  std::vector<std::string> paths;  // the parameters that it sets
  std::vector<Level> levels;
};

struct Limits {  // of one run
  Duration time = std::chrono::minutes(10);
  std::uint64_t memory_bytes = std::uint64_t{1} << 30;
};

enum class World : std::uint8_t { ns3, memory };

struct Campaign {
  std::string name;
  std::string file;  // as the user named it
  std::string text;
  std::string scenario_file;  // its path from here
  std::string scenario_text;
  scenario::Node scenario;
  World world = World::ns3;
  std::vector<std::string> brokers;  // "ours", or an adapter; empty: the scenario's
  std::uint64_t first_seed = 1;
  std::uint64_t seeds = 1;
  std::vector<Axis> axes;
  Limits limits;
};

inline constexpr std::uint64_t runs_max = 10'000'000;
inline constexpr std::uint64_t seeds_max = 1'000'000;
inline constexpr std::uint64_t latin_points_max = 100'000;
inline constexpr std::size_t levels_max = 10'000;  // of one parameter, and rows of a list
inline constexpr std::size_t axes_max = 32;

// The scenario that the file names; both empty if that cannot be told.
struct NamedScenario {
  std::string word;  // as it stands there
  std::string path;  // relative to the file
  std::size_t line = 1;
  std::size_t column = 1;
};
NamedScenario scenario_named(std::string_view text, std::string_view file);

// Where the file names its broker number `index`.
scenario::Problem at_broker(std::string_view text, std::size_t index, std::string why);

// `scenario_text` is what stands in that scenario; a scenario with problems of its own is reported
// with its own file name: where it was found, which is elsewhere than beside the campaign if it is
// of the library.
struct FileProblem {
  std::string file;
  scenario::Problem problem;
};
using FileProblems = std::vector<FileProblem>;
// `checked`: it was run already. The files beside it (traces of links) need not be here.
enum class Scenario : std::uint8_t { unchecked, checked };
std::variant<Campaign, FileProblems> parse(std::string_view text, std::string_view file,
                                           std::string_view scenario_text,
                                           Scenario is = Scenario::unchecked,
                                           std::string scenario_file = {});

}  // namespace mq::campaign
