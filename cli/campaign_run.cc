#include "cli/campaign_run.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "cli/campaign_play.h"
#include "cli/interrupt.h"

namespace mq::cli {
namespace {

using campaign::Outcome;
using Clock = std::chrono::steady_clock;

constexpr int look_every_ms = 100;
constexpr auto keep_every = std::chrono::milliseconds(500);
constexpr std::size_t keep_at_most = 2000;
// How much work lies ready for a nursery, so that it never waits for a disk.
constexpr double seconds_ahead = 0.25;
constexpr double runs_ahead_max = 100;

}  // namespace

CampaignRunner::CampaignRunner(const campaign::Plan& plan, const SimulationParts& parts,
                               std::uint32_t jobs)
    : plan_(plan) {
  const campaign::Limits& limits = plan.campaign().limits;
  for (std::uint32_t i = 0; i < jobs; ++i) {
    nurseries_.push_back(std::make_unique<Nursery>(
        [&plan, parts](std::uint32_t run) {
          return play_for_campaign({.scenario_file = plan.campaign().scenario_file,
                                    .scenario_text = plan.text(plan.at(run))},
                                   parts);
        },
        NurseryLimits{limits.time, limits.memory_bytes}));
    revive(*nurseries_.back());
  }
}

void CampaignRunner::revive(Nursery& nursery) {
  if (!nursery.start())
    throw std::system_error(errno, std::generic_category(), "no process can be started");
}

std::size_t CampaignRunner::ahead() const {
  if (ended_ == 0) return 1;
  const double each = std::max(1e-6, seconds_ / static_cast<double>(ended_));
  return 1 + static_cast<std::size_t>(std::min(runs_ahead_max, seconds_ahead / each));
}

void CampaignRunner::feed() {
  const std::size_t wanted = ahead();
  // In turns, so that the last few do not all wait for one.
  for (bool more = true; more;) {
    more = false;
    for (const auto& nursery : nurseries_) {
      if (nursery->open().size() >= wanted) continue;
      if (again_.empty() && next_ == runs_->size()) return;
      std::uint32_t run = 0;
      if (!again_.empty()) {
        run = again_.back();
        again_.pop_back();
      } else {
        run = (*runs_)[next_++].index;
      }
      nursery->ask(run);
      more = true;
    }
  }
}

void CampaignRunner::collect() {
  for (const auto& nursery : nurseries_) {
    for (Nursery::Answer& answer : nursery->take()) {
      ++ended_;
      seconds_ += static_cast<double>(answer.outcome.wall_us) / 1e6;
      answer.outcome.key = plan_.key(plan_.at(answer.run));
      fresh_.push_back(std::move(answer.outcome));
    }
    if (nursery->is_started() || interrupt_seen() != 0) continue;
    again_.insert(again_.end(), nursery->open().begin(), nursery->open().end());
    nursery->open().clear();
    revive(*nursery);
  }
}

void CampaignRunner::run(const std::vector<campaign::KeyedRun>& runs, const Keep& keep) {
  runs_ = &runs;
  next_ = ended_ = 0;
  auto kept = Clock::now();
  const auto hand_on = [&] {
    kept = Clock::now();
    if (!fresh_.empty()) keep(std::exchange(fresh_, {}));
  };
  while (ended_ < runs.size() && interrupt_seen() == 0) {
    feed();
    std::vector<pollfd> watched;
    for (const auto& nursery : nurseries_) watched.push_back({nursery->descriptor(), POLLIN, 0});
    poll(watched.data(), watched.size(), look_every_ms);
    collect();
    feed();
    if (fresh_.size() >= keep_at_most || Clock::now() - kept >= keep_every) hand_on();
  }
  collect();
  hand_on();
}

}  // namespace mq::cli
