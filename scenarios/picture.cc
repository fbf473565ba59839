#include "scenarios/picture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "sim/link/lane.h"
#include "sim/link/parts.h"

namespace mq::scenario {
namespace {

using namespace std::chrono_literals;
using sim::link::Lane;

constexpr int spans = 24;
constexpr Duration span = 5s;

// Whether the link is out of service, asked in the order of time.
class Service {
 public:
  explicit Service(const LinkPlan& link) {
    if (!link.outages) return;
    times_.emplace(*link.outages, Rng(1));
    next_ = times_->next({});
  }
  bool is_out(Instant when) {
    while (next_ && next_->end <= when) next_ = times_->next(next_->end);
    return next_ && next_->begin <= when;
  }

 private:
  std::optional<sim::link::Outages> times_;
  std::optional<sim::link::Outages::Outage> next_;
};

std::shared_ptr<const sim::link::Parts> parts_of(const LinkPlan& link) {
  return link.model.parts ? link.model.parts : std::make_shared<const sim::link::Parts>();
}

std::vector<double> rates_of(const LinkPlan& link) {
  const auto parts = parts_of(link);
  sim::LinkDirection plain = link.model.down;
  if (plain.bits_per_second <= 0) return {};
  sim::link::RateModel model = parts->down.rate;
  std::optional<sim::link::Rate> rate;
  if (model.is_there()) rate.emplace(model, Rng(1));
  Service service(link);
  sim::Chance chance;
  const auto bytes = static_cast<std::size_t>(
      std::clamp(plain.bits_per_second / 8 / 50, 40.0, 1e6));  // fifty a second
  std::vector<double> bits(spans);
  for (Instant now{};;) {
    now = rate ? rate->finish(now, bytes, chance)
               : now + Duration(
                           std::llround(static_cast<double>(bytes) * 8e9 / plain.bits_per_second));
    const auto place = static_cast<std::size_t>(now.time_since_epoch() / span);
    if (place >= bits.size()) break;
    if (!service.is_out(now)) bits[place] += static_cast<double>(bytes) * 8;
  }
  for (double& value : bits) value /= seconds(span);
  return bits;
}

std::vector<double> delays_of(const LinkPlan& link) {
  sim::link::SharedBursts shared(Rng(1));
  sim::link::State state(parts_of(link), Rng(1), shared);
  Lane up(link.model.up, state, Lane::Leads::up, Rng(2));
  Lane down(link.model.down, state, Lane::Leads::down, Rng(3));
  sim::Chance chance;
  std::vector<double> delays;
  for (int i = 0; i < spans; ++i) {
    const Instant sent = Instant{} + span * i;
    const auto there = up.send(sent, 60, chance).passage;
    if (there.fate != sim::link::Fate::arrives) continue;
    const auto back = down.send(there.arrival, 60, chance).passage;
    if (back.fate == sim::link::Fate::arrives) delays.push_back(seconds(back.arrival - sent));
  }
  return delays;
}

}  // namespace

Picture picture_of(const LinkPlan& link) { return {rates_of(link), delays_of(link)}; }

std::string sparkline(const std::vector<double>& values) {
  constexpr std::array blocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (values.empty()) return {};
  const double high = *std::max_element(values.begin(), values.end());
  double low = high;
  for (const double value : values)
    if (value > 0) low = std::min(low, value);
  if (high <= 0) return std::string(values.size(), ' ');
  low = std::min(low, high / 10);
  std::string line;
  for (const double value : values) {
    const double part = value > 0 ? std::log(value / low) / std::log(high / low) : -1;
    line += part < 0 ? " " : blocks[static_cast<std::size_t>(std::lround(part * 7))];
  }
  return line;
}

}  // namespace mq::scenario
