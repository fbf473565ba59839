#include "scenarios/language/link_parts.h"

#include <algorithm>
#include <array>
#include <utility>

#include "scenarios/language/grammar.h"

namespace mq::scenario {
namespace {

using sim::link::Distribution;
using sim::link::OutageModel;

constexpr std::array part_names = {std::string_view("radio"), std::string_view("handovers"),
                                   std::string_view("nat"),   std::string_view("roaming"),
                                   std::string_view("power"), std::string_view("outages")};

void complain(const Node& node, std::string text, Reading& reading) {
  reading.problems.push_back({node.line, node.column, std::move(text)});
}

// A part as it is read: its fields, and its source for numbers that have none.
class Part {
 public:
  Part(std::string name, const Fields& fields, std::string_view link_source, Reading& reading)
      : name_(std::move(name)), fields_(fields), reading_(reading) {
    const Node* own = fields.find("source");
    source_ = own != nullptr ? own->text : link_source;
  }

  const Fields& fields() const { return fields_; }
  Reading& reading() const { return reading_; }

  // Notes where the key's number comes from.
  const Node* take(std::string_view key) {
    const Node* node = fields_.find(key);
    if (node == nullptr) return nullptr;
    const Written from = written(*node, source_);
    sources_.push_back({name_ + ' ' + std::string(key), from.value, from.source});
    return node;
  }
  std::optional<Distribution> drawn(std::string_view key, Bare bare = Bare::fixed) {
    const Node* node = take(key);
    if (node == nullptr) return std::nullopt;
    return read_distribution(*node, time_shape, bare, reading_.problems);
  }
  Duration duration(std::string_view key) {
    take(key);
    return fields_.duration(key);
  }
  void inner(const Part& part) {
    sources_.insert(sources_.end(), part.sources_.begin(), part.sources_.end());
  }
  std::string_view source() const { return source_; }
  const std::string& name() const { return name_; }
  const std::vector<Source>& sources() const { return sources_; }

 private:
  std::string name_;
  Fields fields_;
  Reading& reading_;
  std::string source_;
  std::vector<Source> sources_;
};

sim::link::RadioModel read_radio(Part& part) {
  sim::link::RadioModel radio;
  radio.promotion = part.drawn("promotion").value_or(Distribution::fixed(0));
  radio.paging = part.drawn("paging").value_or(Distribution::fixed(0));
  radio.tail = part.duration("tail");
  const Node* after = part.fields().find("drx_after");
  const Node* drx = part.fields().find("drx");
  if ((after == nullptr) != (drx == nullptr))
    complain(after != nullptr ? *after : *drx, "`drx` goes with `drx_after`", part.reading());
  if (after != nullptr) radio.drx_after = part.duration("drx_after");
  radio.drx = part.drawn("drx").value_or(Distribution::fixed(0));
  const Fields sleep = part.fields().map("sleep");
  if (!sleep.is_there()) return radio;
  Part inner(part.name() + " sleep", sleep, part.source(), part.reading());
  radio.sleep = sim::link::RadioModel::Sleep{inner.duration("awake"), inner.duration("every"),
                                             sleep.text("missed") == "kept"};
  inner.take("missed");
  if (radio.sleep->period <= radio.sleep->awake && sleep.has("every"))
    complain(*sleep.find("every"), "`every` must be longer than `awake`", part.reading());
  part.inner(inner);
  return radio;
}

PowerPlan read_power(Part& part) {
  const auto take = [&](std::string_view key) {
    part.take(key);
    return part.fields().value(key).real;
  };
  PowerPlan power;
  power.send = take("send");
  power.receive = take("receive");
  power.connected = take("connected");
  power.idle = take("idle");
  return power;
}

sim::link::GapModel read_handovers(Part& part) {
  sim::link::GapModel gaps;
  gaps.between = part.drawn("between", Bare::exponential_mean).value_or(Distribution::fixed(1));
  gaps.length = part.drawn("gap").value_or(Distribution::fixed(0));
  const Node* failures = part.take("failures");
  gaps.failures = part.fields().value("failures").real;
  const Node* length = part.fields().find("failure_length");
  if ((failures == nullptr) != (length == nullptr))
    complain(failures != nullptr ? *failures : *length, "`failures` goes with `failure_length`",
             part.reading());
  gaps.failure_length = part.drawn("failure_length").value_or(Distribution::fixed(0));
  // What is shorter than this would be the whole of the link.
  if (gaps.between.mean() < 0.001 && part.fields().has("between"))
    complain(*part.fields().find("between"), "`between` must be at least 1ms", part.reading());
  return gaps;
}

sim::link::NatModel read_nat(Part& part) {
  sim::link::NatModel nat{.idle_timeout = part.duration("idle_timeout")};
  part.take("then");
  const std::string then = part.fields().text("then");
  if (then == "reset") nat.then = sim::link::Expiry::reset;
  if (then == "rebind") nat.then = sim::link::Expiry::rebind;
  return nat;
}

OutageModel read_times(Part& part) {
  OutageModel times;
  times.between = part.drawn("between", Bare::exponential_mean).value_or(Distribution::fixed(1));
  times.length = part.drawn("length", Bare::exponential_mean).value_or(Distribution::fixed(0));
  const Node* between = part.fields().find("between");
  if (between != nullptr && times.between.mean() < 0.001)
    complain(*between, "`between` must be at least 1ms", part.reading());
  return times;
}

std::vector<OutageModel::Window> read_timetable(const Node& node, Reading& reading) {
  std::vector<OutageModel::Window> windows;
  for (const Node& item : node.items) {
    const Fields window(&item, window_shape);
    const OutageModel::Window read{window.duration("at"), window.duration("for")};
    if (!windows.empty() && read.at <= windows.back().at + windows.back().length)
      complain(item, "an outage begins before the one above it is over", reading);
    windows.push_back(read);
  }
  return windows;
}

void check_keys_of_outages(const Part& part, const Node& place) {
  const Fields& fields = part.fields();
  const int ways = (fields.has("between") || fields.has("length")) + fields.has("timetable") +
                   fields.has("trace");
  if (ways != 1)
    return complain(place, "outages need `between` and `length`, or a `timetable`, or a `trace`",
                    part.reading());
  for (const auto& [key, with] : {std::pair{"between", "length"},
                                  {"length", "between"},
                                  {"period", "timetable"},
                                  {"longer_than", "trace"}})
    if (fields.has(key) && !fields.has(with))
      complain(place, "`" + std::string(key) + "` of outages goes with `" + with + "`",
               part.reading());
}

OutageModel read_outages(Part& part, const Node& place) {
  check_keys_of_outages(part, place);
  OutageModel outages = read_times(part);
  if (const Node* timetable = part.fields().find("timetable")) {
    outages.timetable = read_timetable(*timetable, part.reading());
    part.take("period");
    outages.period = part.fields().duration("period");
    if (outages.period > Duration::zero() && !outages.timetable.empty() &&
        outages.timetable.back().at + outages.timetable.back().length >=
            outages.period + outages.timetable.front().at)
      complain(*timetable, "the timetable is longer than its `period`", part.reading());
  }
  if (const Node* name = part.take("trace")) {
    const auto shortest = part.fields().has("longer_than")
                              ? part.duration("longer_than")
                              : Duration(std::chrono::milliseconds(500));
    if (const auto trace = read_trace(*name, part.reading())) {
      for (const auto& gap : trace->gaps(shortest))
        outages.timetable.push_back({gap.at, gap.length});
      outages.period = trace->period;
      if (outages.timetable.empty()) complain(*name, "the trace has no such gap", part.reading());
    }
  }
  const std::string directions = part.fields().text("directions");
  part.take("directions");
  outages.up = directions != "down";
  outages.down = directions != "up";
  return outages;
}

void forget(std::string_view part, LinkDraft& draft) {
  std::erase_if(draft.blocks, [&](const Source& source) {
    return source.of.starts_with(std::string(part) + ' ');
  });
}

}  // namespace

bool is_of_a_part(std::string_view of) {
  return std::any_of(part_names.begin(), part_names.end(), [of](std::string_view name) {
    return of.starts_with(name) && of.size() > name.size() && of[name.size()] == ' ';
  });
}

void add_element(const LinkPlan& element, LinkDraft& draft) {
  const sim::link::Parts none;
  const sim::link::Parts& parts = element.model.parts ? *element.model.parts : none;
  const auto take = [&](std::string_view name, const auto& from, auto& into) {
    if (!from) return;
    into = from;
    forget(name, draft);
    for (const Source& source : element.sources)
      if (source.of.starts_with(std::string(name) + ' ')) draft.blocks.push_back(source);
  };
  take("radio", parts.radio, draft.parts.radio);
  take("handovers", parts.gaps, draft.parts.gaps);
  take("nat", parts.nat, draft.parts.nat);
  take("roaming", element.roaming, draft.plan.roaming);
  take("power", element.power, draft.plan.power);
  take("outages", element.outages, draft.plan.outages);
}

namespace {

struct NetworkOfStations {
  std::string_view key;
  sim::link::StationsModel::Kind kind;
  const Shape& shape;
  std::string_view count;
};
const std::array networks = {
    NetworkOfStations{"lte", sim::link::StationsModel::Kind::lte, lte_shape, "cells"},
    NetworkOfStations{"wifi", sim::link::StationsModel::Kind::wifi, wifi_shape, "access_points"},
};

sim::link::StationsModel read_stations(const NetworkOfStations& network, const Fields& fields,
                                       std::string_view link_source, LinkDraft& draft) {
  const auto take = [&](std::string_view key) {
    const Node* node = fields.find(key);
    const Written from = node != nullptr
                             ? written(*node, link_source)
                             : Written{std::string(find(network.shape, key)->fallback), "default"};
    draft.blocks.push_back(
        {std::string(network.key) + ' ' + std::string(key), from.value, from.source});
    return fields.value(key);
  };
  return {.kind = network.kind,
          .count = take(network.count).whole,
          .spacing_metres = take("spacing").real,
          .metres_per_second = take("speed").real};
}

// What the link, or one of its directions, says although ns-3's model decides it.
void refuse_decided(const Fields& link, std::string_view network, Reading& reading) {
  const auto refuse = [&](const Fields& fields, std::string_view key) {
    if (const Node* node = fields.find(key))
      complain(*node,
               '`' + std::string(key) + "` has no use beside `" + std::string(network) +
                   "`: ns-3's model decides it",
               reading);
  };
  for (const std::string_view key : {"profile", "radio", "handovers", "power"}) refuse(link, key);
  for (const Fields& some : {link, link.map("up"), link.map("down")})
    for (const std::string_view key : {"rate", "queue", "queue_bytes", "queue_time", "drop"})
      refuse(some, key);
}

}  // namespace

void apply_stations(const Fields& link, std::string_view link_source, LinkDraft& draft,
                    Reading& reading) {
  for (const NetworkOfStations& network : networks) {
    const Node* node = link.find(network.key);
    if (node == nullptr) continue;
    if (draft.parts.stations) return complain(*node, "a link has `lte` or `wifi`", reading);
    draft.parts.stations = read_stations(network, link.map(network.key), link_source, draft);
    refuse_decided(link, network.key, reading);
    if (draft.plan.profile.empty() && (draft.parts.radio || draft.parts.gaps || draft.plan.power) &&
        link.has("with"))
      complain(*link.find("with"),
               "beside `" + std::string(network.key) + "` an element must not be about the radio",
               reading);
  }
}

void apply_parts(const Fields& fields, std::string_view link_source, LinkDraft& draft,
                 Reading& reading) {
  for (const std::string_view name : part_names) {
    const Node* node = fields.find(name);
    if (node == nullptr) continue;
    forget(name, draft);
    const bool is_there = node->kind == Node::Kind::map;
    Part part(std::string(name), fields.map(name), link_source, reading);
    const auto set = [&](auto& into, auto read) {
      into.reset();
      if (is_there) into = read();
    };
    if (name == "radio") set(draft.parts.radio, [&] { return read_radio(part); });
    if (name == "handovers") set(draft.parts.gaps, [&] { return read_handovers(part); });
    if (name == "nat") set(draft.parts.nat, [&] { return read_nat(part); });
    if (name == "roaming") set(draft.plan.roaming, [&] { return read_times(part); });
    if (name == "power") set(draft.plan.power, [&] { return read_power(part); });
    if (name == "outages") set(draft.plan.outages, [&] { return read_outages(part, *node); });
    draft.blocks.insert(draft.blocks.end(), part.sources().begin(), part.sources().end());
  }
}

}  // namespace mq::scenario
