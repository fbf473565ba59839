// Runs many runs of a campaign at the same time, one nursery per core, and hands on what comes of
// them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "campaign/plan.h"
#include "cli/nursery.h"
#include "cli/simulate.h"

namespace mq::cli {

class CampaignRunner {
 public:
  // The nurseries are started here: the less this process has in memory, the cheaper a run.
  // Throws std::system_error if that is impossible.
  CampaignRunner(const campaign::Plan& plan, const SimulationParts& parts, std::uint32_t jobs);

  // Called now and then, with some outcomes each; what it throws ends the runs.
  using Keep = std::function<void(std::vector<campaign::Outcome>)>;
  // Returns when all have ended or the process was told to: look at interrupt_seen().
  void run(const std::vector<campaign::KeyedRun>& runs, const Keep& keep);

 private:
  void feed();
  void collect();
  std::size_t ahead() const;
  void revive(Nursery& nursery);

  const campaign::Plan& plan_;
  std::vector<std::unique_ptr<Nursery>> nurseries_;
  const std::vector<campaign::KeyedRun>* runs_ = nullptr;
  std::vector<std::uint32_t> again_;  // positions in runs_ that a nursery took with it
  std::size_t next_ = 0;
  std::size_t ended_ = 0;
  double seconds_ = 0;  // of all that have ended
  std::vector<campaign::Outcome> fresh_;
};

}  // namespace mq::cli
