// Which shard this process is: as the user says, or as an engine for array jobs has put it into the
// environment.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include "campaign/plan.h"

namespace mq::campaign {

using Environment = std::function<const char*(const char* name)>;

// `wish`: "2/5" (counted from 1), "auto/64", "auto", or empty: as the environment says, if it does.
// The shard, or what is wrong, in one line.
//
// Slurm: SLURM_ARRAY_TASK_ID counts from SLURM_ARRAY_TASK_MIN in steps of SLURM_ARRAY_TASK_STEP.
// With auto/N it is the shard itself, from 0, so that a part of an array can be submitted again.
// Kubernetes: JOB_COMPLETION_INDEX of an Indexed Job counts from 0; how many there are, nobody
// says.
std::variant<Shard, std::string> chosen_shard(std::string_view wish, const Environment& get);

}  // namespace mq::campaign
