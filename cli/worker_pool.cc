#include "cli/worker_pool.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <map>
#include <string>

#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "reports/text/format.h"

namespace mq::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto look_every = std::chrono::milliseconds(200);

std::string seconds_in_words(const boost::json::value& seconds) {
  return report::short_duration(
      Duration(static_cast<Duration::rep>(seconds.to_number<double>() * 1e9)));
}

// The glance of a run (reports/record/glance.h) in a few lines, each begun by a line end.
std::string in_words(const std::string& glance) {
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(glance, error);
  if (error || !parsed.is_object()) return {};
  const auto& run = parsed.get_object();
  std::uint64_t clients = 0, connected = 0;
  for (const auto& group : run.at("groups").as_array()) {
    clients += group.at("clients").to_number<std::uint64_t>();
    connected += group.at("connected").to_number<std::uint64_t>();
  }
  std::string faults = run.at("broker").as_bool() ? "" : "the broker is down";
  for (const auto& fault : run.at("faults").as_array())
    faults += (faults.empty() ? "" : ", ") + std::string(fault.at("kind").as_string()) + " " +
              std::string(fault.at("target").as_string());
  const auto& latency = run.at("latency").as_object();
  return fmt::format(
      "\nfleet    {} of {} connected, {} lost\nfaults   {}\nlatency  {}\nmessages {} delivered",
      report::count(connected), report::count(clients, "client"),
      report::count(run.at("lost_connections").to_number<std::uint64_t>(), "connection"),
      faults.empty() ? "none at the moment" : faults,
      latency.empty() ? "no message yet"
                      : "half below " + seconds_in_words(latency.at("p50")) + ", 99 % below " +
                            seconds_in_words(latency.at("p99")),
      report::count(run.at("delivered").to_number<std::uint64_t>()));
}

// The sum over all orders: how far, how fast, how long still.
class Progress {
 public:
  Progress(const std::vector<WorkerOrder>& orders,
           const std::function<Duration(const WorkerOrder&)>& length, const Terminal& terminal)
      : terminal_(terminal), runs_(orders.size()) {
    for (const WorkerOrder& order : orders) whole_ += seconds(length(order));
  }

  void ended(Duration length) {
    done_ += seconds(length);
    ++runs_ended_;
  }

  void show(const std::map<std::size_t, Worker>& running) {
    if (!terminal_.live()) return;
    double reached = done_;
    for (const auto& [order, worker] : running) reached += seconds(worker.reached() - Instant{});
    const double wall = std::chrono::duration<double>(Clock::now() - began_).count();
    const double speed = wall > 0 ? reached / wall : 0;
    std::string line = runs_ > 1 ? fmt::format("run {} of {}  ", runs_ended_ + 1, runs_) : "";
    line += fmt::format("{} of {} virtual  {:.0f} %", report::long_duration(virtual_time(reached)),
                        report::long_duration(virtual_time(whole_)),
                        whole_ > 0 ? 100 * reached / whole_ : 100);
    if (speed > 0)
      line += fmt::format("  {:.0f} times real time  {} left", speed,
                          report::long_duration(virtual_time((whole_ - reached) / speed)));
    for (const auto& [order, worker] : running) {
      if (worker.glance().empty()) continue;
      line += in_words(worker.glance());
      break;
    }
    terminal_.show(line);
  }

 private:
  static Duration virtual_time(double s) {
    return Duration(static_cast<Duration::rep>(std::max(0.0, s) * 1e9));
  }

  const Terminal& terminal_;
  Clock::time_point began_ = Clock::now();
  double whole_ = 0;
  double done_ = 0;
  std::size_t runs_;
  std::size_t runs_ended_ = 0;
};

}  // namespace

std::vector<WorkerEnd> run_workers(const std::vector<WorkerOrder>& orders, std::uint32_t jobs,
                                   const std::function<Duration(const WorkerOrder&)>& length,
                                   const Terminal& terminal) {
  std::vector<WorkerEnd> ends(orders.size());
  std::map<std::size_t, Worker> running;
  Progress progress(orders, length, terminal);
  std::size_t next = 0;
  bool passed_on = false;
  while (next < orders.size() || !running.empty()) {
    while (next < orders.size() && running.size() < jobs && interrupt_seen() == 0) {
      std::string trouble;
      WorkerOrder order = orders[next];
      order.live = terminal.live();
      auto worker = Worker::start(order, trouble);
      if (worker)
        running.emplace(next, std::move(*worker));
      else
        ends[next] = {exit_code::fault, trouble};
      ++next;
    }
    if (interrupt_seen() != 0 && !passed_on) {
      passed_on = true;
      for (auto& [order, worker] : running) worker.interrupt(interrupt_seen());
      for (; next < orders.size(); ++next) ends[next] = {interrupt_exit_code(), {}};
    }
    std::vector<pollfd> watched;
    std::vector<std::size_t> who;
    for (auto& [order, worker] : running) {
      watched.push_back({worker.progress_descriptor(), POLLIN, 0});
      who.push_back(order);
    }
    if (watched.empty()) continue;
    if (poll(watched.data(), watched.size(), static_cast<int>(look_every.count())) > 0) {
      for (std::size_t i = 0; i < watched.size(); ++i) {
        if (watched[i].revents == 0) continue;
        Worker& worker = running.at(who[i]);
        if (worker.read_progress()) continue;
        ends[who[i]] = worker.wait();
        running.erase(who[i]);
        progress.ended(length(orders[who[i]]));
      }
    }
    progress.show(running);
  }
  terminal.show({});
  return ends;
}

}  // namespace mq::cli
