// How much a scenario file may ask for. Each limit is tested at it and one past it.
#pragma once

#include <cstddef>

namespace mq::scenario {

inline constexpr std::size_t file_bytes_max = 1024 * 1024;
inline constexpr std::size_t line_bytes_max = 100'000;
inline constexpr std::size_t brackets_max = 50'000;  // opening ones, in text and comments as well
inline constexpr std::size_t depth_max = 64;         // of nested lists and mappings
inline constexpr std::size_t nodes_max = 100'000;    // scalars, lists and mappings of a file
inline constexpr std::size_t problems_max = 1'000;   // listed; of the rest only that there are more

inline constexpr std::size_t clients_max = 100'000;  // of all groups together
inline constexpr std::size_t stations_devices_max = 16;  // of a link with `lte` or `wifi`
inline constexpr std::size_t links_max = 1'000;
inline constexpr std::size_t groups_max = 1'000;
inline constexpr std::size_t faults_max = 10'000;
inline constexpr std::size_t fault_clients_max = 1'000'000;  // summed over the faults
inline constexpr std::size_t expectations_max = 1'000;
inline constexpr std::size_t publishes_max = 1'000;   // entries of one group
inline constexpr std::size_t subscribes_max = 1'000;  // entries of one group
inline constexpr std::size_t topic_bytes_max = 65'535;
inline constexpr std::size_t path_bytes_max = 1'024;

}  // namespace mq::scenario
