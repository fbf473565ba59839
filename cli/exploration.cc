#include "cli/exploration.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "explore/shrink.h"
#include "sim/trace/sometimes.h"

namespace mq::cli {
namespace {

constexpr int look_every_ms = 200;
// A failure is made smaller for no more plays than this: each takes milliseconds.
constexpr std::size_t shrinking_plays_max = 5000;

}  // namespace

Exploration::Exploration(const Search& search, std::function<void()> progress)
    : search_(search), progress_(std::move(progress)), reached_(trace::sometimes_states.size()) {
  for (std::uint32_t i = 0; i < search.jobs; ++i)
    jobs_.push_back({std::make_unique<Player>(search.simulator), 0, {}});
}

std::size_t Exploration::states_reached() const {
  return static_cast<std::size_t>(
      std::count_if(reached_.begin(), reached_.end(), [](auto runs) { return runs > 0; }));
}

double Exploration::seconds() const {
  const auto end = ended_at_ == Clock::time_point{} ? Clock::now() : ended_at_;
  return std::chrono::duration<double>(end - began_).count();
}

bool Exploration::more() const {
  if (failure_ || impossible_) return false;
  if (search_.until_coverage && states_reached() == reached_.size()) return false;
  return begun_ < search_.runs && Clock::now() < search_.until;
}

void Exploration::begin(Job& job) {
  job.seed = search_.first_seed + begun_++;
  job.text = search_.base ? explore::draw(job.seed, search_.wanted, *search_.base)
                          : explore::draw(job.seed, search_.wanted);
  if (auto why = job.player->begin(job.text)) impossible_ = {exit_code::fault, std::move(*why)};
}

void Exploration::take(const Job& job, const Played& played) {
  ++ended_;
  events_ += played.events;
  if (played.end == Played::End::refused) impossible_ = {played.exit_code, played.why};
  if (played.end == Played::End::troubled) {
    ++troubled_;
    last_trouble_ = played.why;
  }
  if (played.end == Played::End::judged && !played.measured) ++unmeasured_;
  for (std::size_t i = 0; i < reached_.size(); ++i) reached_[i] += played.states >> i & 1;
  const auto is_known = [&](const Played::Broken& broken) {
    const auto& known = search_.ignore;
    return std::find(known.begin(), known.end(), broken.id) != known.end();
  };
  const auto news = std::find_if_not(played.broken.begin(), played.broken.end(), is_known);
  if (news == played.broken.end())
    ignored_ += played.broken.empty() ? 0 : 1;
  else if (!failure_ || job.seed < failure_->seed)
    failure_ = Failure{job.seed, job.text, *news};
}

void Exploration::wait() const {
  std::vector<pollfd> watched;
  for (const Job& job : jobs_)
    if (job.player->busy()) watched.push_back({job.player->descriptor(), POLLIN, 0});
  poll(watched.data(), watched.size(), look_every_ms);
}

void Exploration::run() {
  // A player that an interruption reached first has found nothing.
  while (interrupt_seen() == 0) {
    bool busy = false;
    for (Job& job : jobs_) {
      if (const auto played = job.player->result(Clock::now())) take(job, *played);
      if (!job.player->busy() && more()) begin(job);
      busy |= job.player->busy();
    }
    if (!busy) break;
    wait();
    progress_();
  }
  ended_at_ = Clock::now();
}

std::optional<Played> Exploration::play_alone(const std::string& text) {
  Player& player = *jobs_.front().player;
  if (player.begin(text)) return std::nullopt;
  while (interrupt_seen() == 0) {
    pollfd watched{player.descriptor(), POLLIN, 0};
    poll(&watched, 1, look_every_ms);
    if (interrupt_seen() != 0) break;
    if (auto played = player.result(Clock::now())) return played;
  }
  return std::nullopt;
}

bool Exploration::make_smaller() {
  const auto fails = [&](const std::string& text) -> std::optional<bool> {
    const auto played = play_alone(text);
    if (!played) return std::nullopt;
    const Played::Broken* const same = played->find(failure_->broken.id);
    if (same != nullptr) failure_->broken = *same;
    ++plays_;
    progress_();
    return same != nullptr;
  };
  failure_->text = explore::shrink(failure_->text, shrinking_plays_max, fails).text;
  return interrupt_seen() == 0;
}

}  // namespace mq::cli
