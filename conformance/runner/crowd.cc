#include "conformance/runner/crowd.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <set>
#include <utility>

#include "conformance/runner/hello.h"
#include "conformance/runner/ours.h"
#include "conformance/runner/placeholders.h"
#include "conformance/runner/simulated_case.h"
#include "sim/broker_host.h"
#include "sim/memory/memory_world.h"

namespace mq::conformance {
namespace {

using namespace std::chrono_literals;

constexpr Duration longest = std::chrono::hours(24 * 366);  // of virtual time
constexpr std::size_t busy_max = 100;                       // at a time
constexpr std::size_t devices_max = 1200;                   // of all that are played at a time
constexpr std::size_t devices_of_one = 8;

// Each connection has a device of its own.
std::size_t devices_for(const Case& one) {
  return std::clamp<std::size_t>(names_in(one.steps).links.size(), 1, devices_of_one);
}

class Gathering {
 public:
  Gathering(const std::vector<const Case*>& cases, sim::BrokerBackend& broker, const Crowd& crowd)
      : cases_(cases), crowd_(crowd), world_(crowd.seed), host_(world_, broker) {
    std::size_t wanted = 0;
    for (std::size_t at = 0; at < cases.size(); ++at) {
      const Case& one = *cases[at];
      fresh_.push_back({.at = at,
                        .demand = demand_of(one, around().patience.quiet),
                        .devices = devices_for(one)});
      wanted += fresh_.back().devices;
    }
    // What may take longest begins first, and all the rest fits beside it.
    std::stable_sort(fresh_.begin(), fresh_.end(), [](const Job& a, const Job& b) {
      return a.demand.longest > b.demand.longest;
    });
    outcomes_.resize(cases.size());
    to_come_ = cases.size();
    for (std::size_t i = 0; i < std::min(wanted, devices_max); ++i)
      free_.push_back(world_.add_device("device " + std::to_string(i), crowd.link));
  }

  std::vector<std::optional<Outcome>> run() {
    world_.call_at(world_.now(), [this] {
      host_.start();
      begin_what_may();
    });
    world_.run_until(world_.now() + longest);
    return std::move(outcomes_);
  }

 private:
  struct Job {
    std::size_t at = 0;  // of the cases
    Demand demand;
    std::size_t devices = 0;
  };
  // A case on its way, and then what takes away what it has left.
  struct Playing {
    Job job;
    std::unique_ptr<Case> cleaning;
    std::unique_ptr<SimulatedCase> play;
  };

  Surroundings around() const { return surroundings_at(crowd_.link); }

  bool stops() const {
    return (crowd_.is_gone && crowd_.is_gone()) || crowd_.onlooker.wants_to_stop();
  }

  void begin_what_may() {
    if (stops()) return world_.stop();
    for (auto job = fresh_.begin(); job != fresh_.end();) {
      if (!may_begin(*job)) {
        ++job;
        continue;
      }
      Job taken = std::move(*job);
      job = fresh_.erase(job);
      begin(std::move(taken));
    }
    if (fresh_.empty() && playing_.empty()) world_.stop();
  }

  bool may_begin(const Job& job) const {
    if (!job.demand.is_idle() && busy_ >= busy_max) return false;
    if (free_.size() < job.devices) return false;
    return std::none_of(job.demand.common_ids.begin(), job.demand.common_ids.end(),
                        [this](const std::string& id) { return ids_in_use_.contains(id); });
  }

  void begin(Job job) {
    const Case& one = *cases_[job.at];
    std::vector<sim::DeviceId> devices;
    for (std::size_t i = job.devices; i > 0; --i) {
      devices.push_back(free_.front());
      free_.pop_front();
    }
    if (!job.demand.is_idle()) ++busy_;
    ids_in_use_.insert(job.demand.common_ids.begin(), job.demand.common_ids.end());
    const std::size_t at = job.at;
    Playing& playing = playing_[at];
    playing.job = std::move(job);
    play(playing, one, std::to_string(at), std::move(devices), [this, at] { settle(at); });
  }

  // Once it is over, whatever it is part of has returned.
  void play(Playing& playing, const Case& one, const std::string& number,
            std::vector<sim::DeviceId> devices, std::function<void()> over) {
    Surroundings surroundings = around();
    surroundings.topic = "lab-" + number;
    surroundings.client_id = "lab" + number;
    surroundings.given = crowd_.given;
    if (const auto known = crowd_.abilities.find(one.version); known != crowd_.abilities.end())
      surroundings.abilities = known->second;
    playing.play = std::make_unique<SimulatedCase>(
        one, std::move(surroundings), world_, std::move(devices),
        [this, over = std::move(over)] { world_.call_at(world_.now(), over); });
    playing.play->start();
  }

  void settle(std::size_t at) {
    if (stops()) return world_.stop();
    Playing& playing = playing_.at(at);
    outcomes_[at] = playing.play->take_outcome();
    const Leftovers left = playing.play->leftovers();
    std::vector<sim::DeviceId> devices = leave(playing);
    --to_come_;
    if (crowd_.onlooker.progress) crowd_.onlooker.progress(to_come_);
    if (left.empty()) return end(at, devices);
    playing.cleaning = std::make_unique<Case>(clean_up(left, cases_[at]->version));
    play(playing, *playing.cleaning, std::to_string(at) + "clean", devices, [this, at] {
      const std::vector<sim::DeviceId> theirs = leave(playing_.at(at));
      end(at, theirs);
    });
  }

  // Its connections are closed, and their links work again.
  std::vector<sim::DeviceId> leave(Playing& playing) {
    std::vector<sim::DeviceId> devices = playing.play->devices();
    const std::vector<sim::DeviceId> vanished = playing.play->vanished();
    playing.play.reset();
    for (const sim::DeviceId device : vanished) world_.set_link(device, true, true);
    return devices;
  }

  void end(std::size_t at, const std::vector<sim::DeviceId>& devices) {
    const Playing& playing = playing_.at(at);
    free_.insert(free_.end(), devices.begin(), devices.end());
    if (!playing.job.demand.is_idle()) --busy_;
    for (const std::string& id : playing.job.demand.common_ids) ids_in_use_.erase(id);
    playing_.erase(at);
    begin_what_may();
  }

  const std::vector<const Case*>& cases_;
  const Crowd& crowd_;
  sim::MemoryWorld world_;
  sim::BrokerHost host_;
  std::deque<Job> fresh_;
  std::map<std::size_t, Playing> playing_;
  std::deque<sim::DeviceId> free_;
  std::set<std::string> ids_in_use_;
  std::vector<std::optional<Outcome>> outcomes_;
  std::size_t busy_ = 0;
  std::size_t to_come_ = 0;
};

}  // namespace

std::vector<std::optional<Outcome>> play_at_once(const std::vector<const Case*>& cases,
                                                 sim::BrokerBackend& broker, const Crowd& crowd) {
  return Gathering(cases, broker, crowd).run();
}

}  // namespace mq::conformance
