#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "campaign/summary.h"
#include "reports/text/escape.h"
#include "reports/text/format.h"

namespace mq::campaign {
namespace {

constexpr std::size_t points_listed_max = 5;

std::string shape(const Plan& plan) {
  std::string text = report::count(plan.points(), "point");
  if (!plan.campaign().brokers.empty()) text += " x " + report::count(plan.brokers(), "broker");
  return text + " x " + report::count(plan.seeds(), "seed");
}

struct Place {
  std::uint32_t point;
  std::uint32_t broker;
  std::uint64_t broken;
  std::uint64_t judged;
};

// Where a promise broke, the worst first.
std::vector<Place> places(const Summary& summary, const std::string& promise) {
  std::vector<Place> all;
  const Plan& plan = summary.plan();
  for (std::uint32_t point = 0; point < plan.points(); ++point)
    for (std::uint32_t broker = 0; broker < plan.brokers(); ++broker) {
      const Cell& cell = summary.cell(point, broker);
      const auto found = cell.promises.find(promise);
      if (found != cell.promises.end())
        all.push_back({point, broker, found->second, cell.judged()});
    }
  std::stable_sort(all.begin(), all.end(), [](const Place& a, const Place& b) {
    return static_cast<double>(a.broken) / static_cast<double>(a.judged) >
           static_cast<double>(b.broken) / static_cast<double>(b.judged);
  });
  return all;
}

std::string place_text(const Plan& plan, const Place& place) {
  std::string text = plan.label(place.point);
  if (!plan.campaign().brokers.empty())
    text = plan.campaign().brokers[place.broker] + (text.empty() ? "" : ": ") + text;
  return text.empty() ? "everywhere" : text;
}

void put_promise(std::string& out, const Summary& summary, const std::string& id,
                 std::uint64_t runs) {
  const auto where = places(summary, id);
  out += fmt::format("  {}: broken in {} of {}, at {} of {}\n", report::visible(id),
                     report::count(runs), report::count(summary.all().judged(), "run"),
                     report::count(where.size()),
                     report::count(summary.plan().points() * summary.plan().brokers(), "place"));
  for (std::size_t i = 0; i < std::min(points_listed_max, where.size()); ++i)
    out += fmt::format("    {} of {}  {}\n", where[i].broken, where[i].judged,
                       report::visible(place_text(summary.plan(), where[i])));
  if (where.size() > points_listed_max)
    out += fmt::format("    ... and {} more\n", where.size() - points_listed_max);
}

}  // namespace

std::string text_of(const Summary& summary) {
  const Plan& plan = summary.plan();
  std::string out = fmt::format("{}: {} of {} done ({})\n", report::visible(plan.campaign().name),
                                report::count(summary.all().runs),
                                report::count(plan.runs(), "run"), shape(plan));
  out +=
      fmt::format("  held {}, broken {}, nothing measured {}\n", report::count(summary.all().held),
                  report::count(summary.all().broken), report::count(summary.all().nothing));
  for (const End end :
       {End::refused, End::unreachable, End::timed_out, End::out_of_memory, End::crashed})
    if (summary.ended(end) > 0)
      out += fmt::format("  {} {}\n", name(end), report::count(summary.ended(end)));
  for (const auto& [id, runs] : summary.promises()) put_promise(out, summary, id, runs);
  for (const Unjudged& one : summary.unjudged())
    out +=
        fmt::format("  run {} {}: {}\n    {}\n", one.run, name(one.end), report::visible(one.why),
                    report::visible(plan.label(plan.at(one.run).point)));
  if (summary.all().unjudged > summary.unjudged().size())
    out += fmt::format("  ... and {} more without a verdict\n",
                       summary.all().unjudged - summary.unjudged().size());
  if (summary.strangers() > 0)
    out += fmt::format("  {} of an earlier state of the campaign file, not counted\n",
                       report::count(summary.strangers(), "result"));
  return out;
}

}  // namespace mq::campaign
