// For engines that exist: how a campaign is packed into their tasks, and the script or manifest
// that hands it to them. There is no scheduler here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "campaign/plan.h"

namespace mq::campaign {

// An engine takes some seconds to start a task: it is worth that only if the task lasts.
inline constexpr double task_seconds_min = 30;
inline constexpr double task_seconds_wished = 300;
inline constexpr std::uint32_t tasks_max =
    1000;  // Slurm's MaxArraySize is 1001 where nobody raised it

// `seconds` is what one run takes on one core. `wished` 0: as many as make tasks of some minutes.
// Never so many that a task lasts less than 30 s, or has nothing to do.
std::uint32_t packed(std::uint64_t runs, double seconds, std::uint32_t cores, std::uint32_t wished);

struct EngineOrder {
  std::string name;     // of the campaign
  std::string file;     // as given to `campaign run`
  std::string folder;   // of the results, on a file system that all tasks see
  std::string program;  // "mqttlab", as it is called there
  std::string image;    // Kubernetes
  std::uint64_t runs = 0;
  std::uint32_t tasks = 1;
  std::uint32_t cores = 1;  // of a task
  double seconds = 1;       // of a run
  Limits limits;
  // For the manifest, which carries both files.
  std::string text;
  std::string scenario;  // as the campaign file names it
  std::string scenario_text;
};

std::string slurm_script(const EngineOrder& order);
// Nothing if the files cannot be put into a manifest; `why` says so.
std::string kubernetes_manifest(const EngineOrder& order, std::string& why);
std::string parallel_script(const EngineOrder& order);

}  // namespace mq::campaign
