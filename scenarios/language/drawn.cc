#include "scenarios/language/drawn.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "scenarios/language/grammar.h"
#include "sim/link/rate_trace.h"

namespace mq::scenario {
namespace {

using sim::link::Distribution;

void add(const Node& node, std::string text, Problems& problems) {
  problems.push_back({node.line, node.column, std::move(text)});
}

std::string text_of(const Node& node) {
  std::string text = node.text;
  for (const Node& item : node.items) text += (text.empty() ? "" : " to ") + text_of(item);
  for (const Entry& entry : node.entries) {
    if (entry.key.text == "source") continue;
    if (!text.empty()) text += ", ";
    text += entry.key.text == "value" ? text_of(entry.value)
                                      : entry.key.text + ' ' + text_of(entry.value);
  }
  return text;
}

double number(const Value& value, Is is) {
  return is == Is::duration ? seconds(value.duration) : value.real;
}

std::optional<double> read_number(const Node& node, const Shape& shape) {
  const auto read = read_value(node, shape);
  const auto* value = std::get_if<Value>(&read);
  return value == nullptr ? std::nullopt : std::optional(number(*value, shape.is));
}

const Shape& shape_of(const Shape& drawn, std::string_view key) { return *find(drawn, key)->shape; }

std::optional<Distribution> read_pair(const Node& node, const Shape& shape, bool is_uniform,
                                      Problems& problems) {
  if (node.items.size() != 2) return std::nullopt;
  const auto first = read_number(node.items[0], *shape.item);
  const auto second = read_number(node.items[1], *shape.item);
  if (!first || !second) return std::nullopt;
  if (!is_uniform) return Distribution::normal(*first, *second);
  if (*first > *second) add(node, "`uniform` goes from the smaller to the larger", problems);
  return Distribution::uniform(*first, *second);
}

std::optional<Distribution> read_quantiles(const Node& node, const Shape& shape,
                                           Problems& problems) {
  std::vector<Distribution::Quantile> table;
  for (const Key& key : shape.keys) {
    const Node* found = find(node, key.name);
    if (found == nullptr) continue;
    const auto value = read_number(*found, *key.shape);
    if (!value) return std::nullopt;
    const double share = std::stod(std::string(key.name.substr(1))) / 100;
    if (!table.empty() && *value < table.back().second)
      add(*found, in_quotes(key.name) + " is less than the quantile before it", problems);
    table.emplace_back(share, *value);
  }
  if (table.size() < 2) {
    add(node, "`quantiles` needs two or more of them", problems);
    return std::nullopt;
  }
  return Distribution::quantiles(std::move(table));
}

// A key that has no effect beside the others.
void refuse(const Node& node, std::string_view key, std::string_view with, Problems& problems) {
  if (const Node* found = find(node, key))
    add(*found, in_quotes(key) + " goes with " + std::string(with), problems);
}

}  // namespace

Written written(const Node& node, std::string_view outer_source) {
  const Node* source = node.kind == Node::Kind::map ? find(node, "source") : nullptr;
  return {text_of(node), source != nullptr ? source->text : std::string(outer_source)};
}

std::optional<Value> read_scalar(const Node& node, const Shape& shape) {
  const bool has_item = shape.is == Is::sourced || shape.is == Is::drawn;
  const Node* scalar = node.kind == Node::Kind::map ? find(node, "value") : &node;
  if (scalar == nullptr) return std::nullopt;
  auto read = read_value(*scalar, has_item ? *shape.item : shape);
  auto* value = std::get_if<Value>(&read);
  return value == nullptr ? std::nullopt : std::optional(std::move(*value));
}

std::optional<Distribution> read_distribution(const Node& node, const Shape& shape, Bare bare,
                                              Problems& problems) {
  if (const auto value = read_scalar(node, shape)) {
    refuse(node, "correlation", "a distribution", problems);
    const double bare_number = number(*value, shape.item->is);
    return bare == Bare::fixed ? Distribution::fixed(bare_number)
                               : Distribution::exponential(bare_number);
  }
  if (node.kind != Node::Kind::map) return std::nullopt;
  if (const Node* pair = find(node, "uniform"))
    return read_pair(*pair, shape_of(shape, "uniform"), true, problems);
  if (const Node* pair = find(node, "normal"))
    return read_pair(*pair, shape_of(shape, "normal"), false, problems);
  if (const Node* mean = find(node, "exponential")) {
    const auto value = read_number(*mean, shape_of(shape, "exponential"));
    return value ? std::optional(Distribution::exponential(*value)) : std::nullopt;
  }
  if (const Node* table = find(node, "quantiles"))
    return read_quantiles(*table, shape_of(shape, "quantiles"), problems);
  return std::nullopt;
}

std::optional<ReadRate> read_rate(const Node& node, Reading& reading) {
  ReadRate read;
  const bool is_trace = node.kind == Node::Kind::map && find(node, "trace") != nullptr;
  const bool is_poisson = node.kind == Node::Kind::map && find(node, "poisson") != nullptr;
  if (!is_trace) refuse(node, "start", "`trace`", reading.problems);
  const auto fixed = read_scalar(node, rate_shape);
  if (fixed || is_trace || is_poisson)
    for (const std::string_view key : {"every", "correlation"})
      refuse(node, key, "a distribution", reading.problems);
  if (fixed) {
    read.fixed = fixed->is_word ? 0 : fixed->real;
    return read;
  }
  if (is_trace) {
    read.model.trace = read_trace(*find(node, "trace"), reading);
    if (!read.model.trace) return std::nullopt;
    const Node* start = find(node, "start");
    read.model.starts_anywhere = start != nullptr && start->text == "anywhere";
    read.fixed = read.model.trace->mean_bits_per_second();
    return read;
  }
  if (is_poisson) {
    const auto mean = read_number(*find(node, "poisson"), shape_of(rate_shape, "poisson"));
    if (!mean) return std::nullopt;
    read.fixed = read.model.poisson_bits_per_second = *mean;
    return read;
  }
  const auto drawn = read_distribution(node, rate_shape, Bare::fixed, reading.problems);
  if (!drawn) return std::nullopt;
  sim::link::VaryingRate varying{.bits_per_second = *drawn};
  if (const Node* every = find(node, "every"))
    if (const auto value = read_number(*every, shape_of(rate_shape, "every")))
      varying.every = Duration(static_cast<Duration::rep>(*value * 1e9));
  if (const Node* correlation = find(node, "correlation"))
    varying.correlation =
        read_number(*correlation, shape_of(rate_shape, "correlation")).value_or(0);
  read.fixed = drawn->mean();
  // One second in a thousand of hours would be no rate at all.
  if (drawn->at(0.9999) < 1) add(node, "the rate is always zero", reading.problems);
  read.model.varying = varying;
  return read;
}

std::shared_ptr<const sim::link::RateTrace> read_trace(const Node& name, Reading& reading) {
  const auto refuse_file = [&](std::string why) {
    add(name, "the trace " + scenario::in_quotes(name.text) + ' ' + std::move(why),
        reading.problems);
    return nullptr;
  };
  const std::filesystem::path path = std::filesystem::path(reading.folder) / name.text;
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return refuse_file("is no file here");
  const auto size = std::filesystem::file_size(path, error);
  if (error || size > sim::link::trace_bytes_max) return refuse_file("is larger than 64 MiB");
  std::ifstream file(path, std::ios::binary);
  std::string text(size, '\0');
  if (!file.read(text.data(), static_cast<std::streamsize>(size)))
    return refuse_file("cannot be read");
  auto parsed = sim::link::parse_rate_trace(text);
  if (const auto* fault = std::get_if<sim::link::TraceFault>(&parsed))
    return refuse_file("is none: line " + std::to_string(fault->line) + ": " + fault->text);
  return std::make_shared<const sim::link::RateTrace>(
      std::get<sim::link::RateTrace>(std::move(parsed)));
}

}  // namespace mq::scenario
