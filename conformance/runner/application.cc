#include "conformance/runner/application.h"

#include <algorithm>

#include "conformance/runner/catalogue.h"
#include "conformance/runner/match.h"
#include "protocol/describe.h"

namespace mq::conformance {
namespace {

bool is_named(const Order::Fields& fields, std::string_view name) {
  return std::any_of(fields.begin(), fields.end(),
                     [&](const auto& field) { return field.first == name; });
}

// What 3.1.1 has no place for is left out.
bool exists_in(Version version, Kind kind, const std::string& name) {
  if (version == Version::v5) return true;
  const auto info = field_info(kind, name);
  const bool is_option = name == "no_local" || name == "retain_as_published" ||
                         name == "retain_handling" ||
                         (name == "reason" && kind == Kind::disconnect);
  return info && !info->property && !is_option;
}

Order::Fields fields_of(const Step& step, Values& values, Version version) {
  Order::Fields fields;
  for (const Field& field : step.fields)
    if (exists_in(version, *step.packet, field.name))
      fields.emplace_back(field.name, values.text(field.value));
  return fields;
}

// Of which packet the fields of what is told are.
Kind packet_of(const std::string& word) {
  if (word == "message") return Kind::publish;
  if (word == "subscribed") return Kind::sub_ack;
  if (word == "unsubscribed") return Kind::unsub_ack;
  if (word == "disconnected") return Kind::disconnect;
  return Kind::conn_ack;
}

}  // namespace

std::string text_of(const Order::Fields& fields) {
  constexpr std::size_t shown_bytes = 64;
  std::string all;
  for (const auto& [name, value] : fields)
    all += (all.empty() ? "" : " ") + name + "=" + mq::quoted(value.substr(0, shown_bytes));
  return all;
}

bool Application::knows(const std::string& word) {
  const auto& all = told_words();
  return std::find(all.begin(), all.end(), word) != all.end();
}

void Application::order(const Step& step, Values& values, Version version,
                        const std::string& client_id) {
  Order order{.verb = step.verb == Verb::start ? "start" : step.word,
              .fields = fields_of(step, values, version),
              .then = {},
              .then_fields = {}};
  if (step.verb == Verb::start) {
    order.fields.insert(order.fields.begin(), {"version", version == Version::v5 ? "5" : "3.1.1"});
    if (!is_named(order.fields, "client_id")) order.fields.emplace_back("client_id", client_id);
    for (const auto& [name, usual] : {std::pair{"clean_start", "1"}, {"keep_alive", "60"}})
      if (!is_named(order.fields, name)) order.fields.emplace_back(name, usual);
    if (!step.branches.empty()) {
      const Step& then = step.branches[0].steps[0];
      order.then = then.word;
      order.then_fields = fields_of(then, values, version);
    }
  }
  orders_.push_back(std::move(order));
}

std::optional<Order> Application::poll() {
  if (orders_.empty()) return std::nullopt;
  Order order = std::move(orders_.front());
  orders_.pop_front();
  return order;
}

Application::Heard Application::hear(const Step& step, Version version, Values& values) {
  Heard heard;
  for (auto at = told_.begin(); at != told_.end(); ++at) {
    if (at->word != step.word) continue;
    std::string mismatch;
    for (const Field& field : step.fields) {
      if (!exists_in(version, packet_of(step.word), field.name)) continue;
      const auto found = std::find_if(at->fields.begin(), at->fields.end(),
                                      [&](const auto& one) { return one.first == field.name; });
      const Match matched =
          match_value(found == at->fields.end() ? std::nullopt : std::optional(found->second),
                      field.value, values.look_up());
      if (matched.fault) values.fail(matched.fault->text);
      if (!matched.mismatch.empty()) mismatch = field.name + ": " + matched.mismatch;
      for (const auto& [name, value] : matched.captured) values.keep(name, value);
    }
    heard.nearest = at->word + " " + text_of(at->fields);
    if (mismatch.empty()) {
      heard.is_there = true;
      told_.erase(at);
      return heard;
    }
    heard.nearest += " (" + mismatch + ")";
  }
  return heard;
}

}  // namespace mq::conformance
