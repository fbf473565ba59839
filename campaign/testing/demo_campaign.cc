#include "campaign/testing/demo_campaign.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "campaign/campaign.h"
#include "campaign/figures.h"

namespace mq::campaign::testing {
namespace {

constexpr const char* attack =
    "<img src=x onerror=alert(1)>\\\"'&</script><script>alert(2)</script>";

std::string file_text(const DemoWish& wish) {
  std::string text =
      fmt::format("version: 1\nname: \"{}\"\nscenario: demo.yaml\nseeds: {}\nbrokers: [ours, {}]\n",
                  wish.hostile ? attack : "loss, latency and keep alive", wish.seeds,
                  wish.hostile ? "\"<b>mosquitto</b>\"" : "mosquitto");
  if (wish.latin)
    return text +
           "latin:\n  points: 200\n  ranges:\n"
           "    links.modem.loss: { from: 0%, to: 20% }\n"
           "    links.modem.delay: { from: 10ms, to: 2s, scale: log }\n"
           "    fleet.sensor.keep_alive: { from: 5s, to: 600s }\n";
  text +=
      "grid:\n  links.modem.delay: [20ms, 100ms, 300ms, 600ms, 1s, 2s]\n"
      "  links.modem.loss: [0%, 1%, 2%, 5%, 10%, 20%]\n"
      "  fleet.sensor.keep_alive: [10s, 60s, 300s]\n";
  if (wish.more == 1) return text;
  text += "  duration: [";
  for (std::uint32_t i = 0; i < wish.more; ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(i + 1) + "h";
  return text + "]\n";
}

constexpr std::string_view scenario_text =
    "version: 1\nname: a demo\nduration: 10min\nlinks:\n  modem: { profile: gprs }\nfleet:\n"
    "  sensor: { link: modem, publish: [ { topic: a/b, qos: 1, every: 10s } ] }\n";

double number(const std::string& text) {
  const double value = std::strtod(text.c_str(), nullptr);
  if (text.ends_with("ms")) return value / 1e3;
  return text.ends_with("%") ? value / 100 : value;
}

double setting(const Plan& plan, std::uint32_t point, const std::string& path) {
  for (const Setting* one : plan.settings(point))
    if (one->path == path) return number(one->text);
  return 0;
}

Outcome outcome(const Plan& plan, const Run& run, const DemoWish& wish, Rng& rng) {
  const double loss = setting(plan, run.point, "links.modem.loss");
  const double delay = setting(plan, run.point, "links.modem.delay");
  const double keep_alive = setting(plan, run.point, "fleet.sensor.keep_alive");
  const double strain =
      loss * 6 + delay / 2 + 4 / keep_alive + (run.broker == 1 ? 0.15 : 0) + 0.2 * rng.unit();
  Outcome one{.key = plan.key(run), .end = End::judged, .verdict = Verdict::held};
  one.hash.assign(64, 'd');
  one.wall_us = one.cpu_us = 20'000 + rng.below(10'000);
  one.memory_kib = 30'000;
  one.figures.assign(figures.size(), no_figure);
  for (std::size_t i = 0; i < figures.size(); ++i)
    if (figures[i].id.ends_with("qos1") || figures[i].unit != Unit::seconds)
      one.figures[i] = strain * (1 + static_cast<double>(i)) *
                       (figures[i].unit == Unit::share ? 0.01 : 1.0) *
                       (figures[i].unit == Unit::bytes ? 1e5 : 1.0);
  if (wish.broken && strain > 1.1) {
    one.verdict = Verdict::broken;
    one.broken = {"qos1"};
    if (strain > 1.6) one.broken.emplace_back(wish.hostile ? attack : "will");
    one.evidence = wish.hostile ? attack : "message 41 of sensor never reached screen";
  }
  if (wish.broken && rng.below(900) == 0)
    one = {.key = plan.key(run),
           .end = End::crashed,
           .evidence = wish.hostile ? attack : "signal 11 (Segmentation fault)"};
  return one;
}

}  // namespace

Demo demo_campaign(const DemoWish& wish) {
  auto parsed = parse(file_text(wish), "demo-sweep.yaml", scenario_text);
  Demo demo;
  demo.plan = std::make_unique<Plan>(std::get<Campaign>(std::move(parsed)));
  demo.summary = std::make_unique<Summary>(*demo.plan);
  Rng rng(11);
  const std::uint32_t runs = demo.plan->runs() - std::min(demo.plan->runs(), wish.left);
  for (std::uint32_t i = 0; i < runs; ++i)
    demo.summary->take(outcome(*demo.plan, demo.plan->at(i), wish, rng));
  return demo;
}

}  // namespace mq::campaign::testing
