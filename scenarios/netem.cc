#include "scenarios/netem.h"

#include <cmath>
#include <cstdio>

#include "scenarios/language/units.h"
#include "sim/link/parts.h"

namespace mq::scenario {
namespace {

using sim::link::Distribution;
using sim::link::OutageModel;

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}
std::string percent(double share) { return number(share * 100) + '%'; }
std::string milliseconds(double seconds) { return number(seconds * 1e3) + "ms"; }

void cannot(std::string& script, std::string_view what) {
  script.append("# netem cannot: ").append(what).append("\n");
}

// A middle and what lies on both sides of it: half of the span of 90 %.
struct Spread {
  double middle, half;
};
Spread spread_of(const Distribution& of) {
  return {(of.at(0.95) + of.at(0.05)) / 2, (of.at(0.95) - of.at(0.05)) / 2};
}

std::string delay_of(const sim::LinkDirection& plain, const sim::link::DirectionParts& parts,
                     std::string& script) {
  Spread delay{seconds(plain.delay), 0};
  std::string correlation;
  if (parts.delay) {
    delay = spread_of(parts.delay->seconds);
    if (parts.delay->correlation > 0) correlation = ' ' + percent(parts.delay->correlation);
    if (parts.delay->seconds.kind() != Distribution::Kind::uniform)
      cannot(script, "the delay's distribution; it gets one that is uniform over the middle 90 %");
  }
  delay.middle += seconds(plain.jitter) / 2;
  delay.half += seconds(plain.jitter) / 2;
  if (delay.middle <= 0) return {};
  std::string text = " delay " + milliseconds(delay.middle);
  if (delay.half <= 0) return text;
  if (!parts.reorders) cannot(script, "a delay that varies without reordering packets");
  return text + ' ' + milliseconds(delay.half) + correlation;
}

std::string loss_of(const sim::LinkDirection& plain, const sim::link::DirectionParts& parts,
                    std::string& script) {
  if (!parts.bursts) return plain.loss > 0 ? " loss random " + percent(plain.loss) : "";
  if (plain.loss > 0) cannot(script, "independent loss beside that in bursts");
  const sim::link::BurstModel& bursts = *parts.bursts;
  if (bursts.every > Duration::zero())
    cannot(script, "bursts that step in time; it steps once a packet");
  return " loss gemodel " + percent(bursts.to_bad) + ' ' + percent(bursts.to_good) + ' ' +
         percent(bursts.loss_in_bad) + ' ' + percent(bursts.loss_in_good);
}

std::string rate_of(const sim::LinkDirection& plain, const sim::link::DirectionParts& parts,
                    std::string& script) {
  if (parts.rate.varying) cannot(script, "a rate that varies; it gets the mean");
  if (parts.rate.trace) cannot(script, "a rate from a trace; it gets the mean");
  if (parts.rate.poisson_bits_per_second > 0)
    cannot(script, "opportunities at exponential intervals; it gets their rate");
  if (plain.bits_per_second <= 0) return {};
  return " rate " + std::to_string(std::llround(plain.bits_per_second)) + "bit";
}

// netem's limit counts the packets that are under way as well.
std::string limit_of(const sim::LinkDirection& plain, const sim::link::DirectionParts& parts,
                     std::string& script) {
  if (parts.queue_bytes > 0) cannot(script, "a queue that is limited in bytes");
  if (parts.queue_time > Duration::zero()) cannot(script, "a queue that is limited in time");
  if (parts.codel) cannot(script, "CoDel; put `codel` below it as a child");
  const double delay = seconds(plain.delay) + seconds(plain.jitter);
  const double under_way = plain.bits_per_second * delay / (1500 * 8);
  return " limit " + number(static_cast<double>(plain.queue_packets) + std::ceil(under_way) + 1);
}

std::string direction(const sim::LinkDirection& plain, const sim::link::DirectionParts& parts,
                      std::string_view device) {
  std::string notes;
  std::string command = "tc qdisc add dev " + std::string(device) + " root netem";
  command += limit_of(plain, parts, notes);
  command += delay_of(plain, parts, notes);
  command += loss_of(plain, parts, notes);
  command += rate_of(plain, parts, notes);
  return notes + command + '\n';
}

void note_parts(const LinkPlan& link, std::string& script) {
  const sim::link::Parts none;
  const sim::link::Parts& parts = link.model.parts ? *link.model.parts : none;
  const auto time = [](double value) {
    return to_text(Duration(std::llround(value * 1e3) * 1'000'000));
  };
  if (parts.radio)
    cannot(script, "the radio's states: " + time(parts.radio->promotion.median()) +
                       " to wake, idle after " + to_text(parts.radio->tail) +
                       (parts.radio->sleep ? ", asleep between its windows" : ""));
  if (parts.gaps)
    cannot(script, "handovers: " + time(parts.gaps->length.median()) + " every " +
                       time(parts.gaps->between.mean()));
  if (parts.nat)
    cannot(script, "the address translator: use nftables with a conntrack time-out of " +
                       to_text(parts.nat->idle_timeout));
  if (link.roaming) cannot(script, "an address that changes");
  if (!link.outages) return;
  const OutageModel& outages = *link.outages;
  if (outages.timetable.empty())
    return cannot(script, "outages: " + time(outages.length.mean()) + " every " +
                              time(outages.between.mean()) +
                              " on average; run `tc qdisc change ... loss 100%` at such times");
  cannot(script, "outages by a timetable; run `tc qdisc change ... loss 100%` at these times:");
  for (const auto& window : outages.timetable)
    script += "#   at " + to_text(window.at) + " for " + to_text(window.length) + '\n';
  if (outages.period > Duration::zero())
    script += "#   again every " + to_text(outages.period) + '\n';
}

}  // namespace

std::string netem_script(const LinkPlan& link, std::string_view device) {
  const sim::link::Parts none;
  const sim::link::Parts& parts = link.model.parts ? *link.model.parts : none;
  const std::string name(device);
  std::string script =
      "#!/bin/sh\n# The link `" + link.name +
      "` of mqttlab, as near as tc-netem comes to it. Run as root on the device.\n";
  note_parts(link, script);
  script += "\n# Up: what the device sends.\n";
  script += direction(link.model.up, parts.up, device);
  script += "\n# Down: what comes to it, by way of an intermediate device.\n";
  script += "ip link add ifb-mqttlab type ifb && ip link set ifb-mqttlab up\n";
  script += "tc qdisc add dev " + name + " ingress\n";
  script += "tc filter add dev " + name +
            " parent ffff: matchall action mirred egress redirect dev ifb-mqttlab\n";
  script += direction(link.model.down, parts.down, "ifb-mqttlab");
  script += "\n# To undo it: tc qdisc del dev " + name + " root; tc qdisc del dev " + name +
            " ingress; ip link del ifb-mqttlab\n";
  return script;
}

}  // namespace mq::scenario
