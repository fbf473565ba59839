#include "conformance/runner/placeholders.h"

#include <algorithm>
#include <charconv>

#include "base/nearest_word.h"
#include "conformance/runner/catalogue.h"

namespace mq::conformance {
namespace {

// What every case may use. Those of a user come from the target; see needs.h.
const std::vector<std::string> given = {"t",
                                        "c",
                                        "i",
                                        "scram_challenge",
                                        "scram_proof",
                                        "user",
                                        "password",
                                        "guest",
                                        "guest_password",
                                        "denied_topic",
                                        "allowed_topic",
                                        "wrong_password",
                                        "method"};

struct Placeholder {
  std::string name;
  char sign = '+';
  std::string operand;  // empty: nothing to compute
};

Placeholder read(std::string_view inside) {
  const std::size_t sign = inside.find_first_of("+-*");
  if (sign == std::string_view::npos) return {.name = std::string(inside)};
  return {std::string(inside.substr(0, sign)), inside[sign], std::string(inside.substr(sign + 1))};
}

// Calls back with the inside of each placeholder, or tells that a brace is not closed.
template <class Literal, class Found>
bool walk(std::string_view text, Literal literal, Found found) {
  while (!text.empty()) {
    const std::size_t brace = text.find('{');
    literal(text.substr(0, brace));
    if (brace == std::string_view::npos) return true;
    text.remove_prefix(brace + 1);
    if (text.starts_with('{')) {
      literal(text.substr(0, 1));
      text.remove_prefix(1);
      continue;
    }
    const std::size_t end = text.find('}');
    if (end == std::string_view::npos) return false;
    if (!found(text.substr(0, end))) return true;
    text.remove_prefix(end + 1);
  }
  return true;
}

template <class Visit>
void each_value(const std::vector<Step>& steps, Visit visit) {
  for (const Step& step : steps) {
    for (const Field& field : step.fields) visit(field.value);
    for (const Value& value : step.bytes) visit(value);
    for (const Value& value : step.compared) visit(value);
    for (const auto* value : {&step.within, &step.not_before, &step.lasting, &step.count})
      if (*value) visit(**value);
    for (const Branch& branch : step.branches) each_value(branch.steps, visit);
  }
}

void add_links(const std::vector<Step>& steps, Names& names) {
  for (const Step& step : steps) {
    names.links.insert(step.who.begin(), step.who.end());
    for (const Branch& branch : step.branches) add_links(branch.steps, names);
  }
}

std::string fault_of(std::string_view name, const Names& names) {
  const std::size_t dot = name.find('.');
  if (dot != std::string_view::npos) {
    if (!names.links.contains(std::string(name.substr(0, dot))))
      return "there is no connection `" + std::string(name.substr(0, dot)) + "` in this case";
    std::vector<std::string> known = field_names(Kind::conn_ack);
    known.insert(known.end(), {"client_id", "id", "sent_id", "keep_alive", "subprotocol"});
    const std::string attribute(name.substr(dot + 1));
    if (std::find(known.begin(), known.end(), attribute) != known.end()) return {};
    return "a connection has no `" + attribute + "`" + did_you_mean(attribute, known);
  }
  std::vector<std::string> known = given;
  known.insert(known.end(), names.captures.begin(), names.captures.end());
  if (std::find(known.begin(), known.end(), name) != known.end()) return {};
  return "nothing is called `{" + std::string(name) + "}`; a capture `?" + std::string(name) +
         "` would give it a value" + did_you_mean(name, known);
}

}  // namespace

std::optional<std::uint64_t> number_in(std::string_view text) {
  const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
  if (is_hex) text.remove_prefix(2);
  std::uint64_t number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, is_hex ? 16 : 10);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::variant<std::string, ScriptFault> expand(std::string_view text, const LookUp& look_up) {
  std::string result;
  std::optional<ScriptFault> fault;
  const bool closed = walk(
      text, [&](std::string_view literal) { result += literal; },
      [&](std::string_view inside) {
        const Placeholder wanted = read(inside);
        const std::optional<std::string> value = look_up(wanted.name);
        if (!value) {
          fault = {"{" + wanted.name + "} has no value at this point"};
        } else if (wanted.operand.empty()) {
          result += *value;
        } else {
          const auto left = number_in(*value);
          const auto right = number_in(wanted.operand);
          if (!left || !right)
            fault = {"{" + std::string(inside) + "} cannot be computed: it is " + *value};
          else
            result += std::to_string(wanted.sign == '+'   ? *left + *right
                                     : wanted.sign == '-' ? *left - *right
                                                          : *left * *right);
        }
        return !fault;
      });
  if (!closed) fault = {"a `{` is not closed; `{{` stands for a brace"};
  if (fault) return *fault;
  return result;
}

Names names_in(const std::vector<Step>& steps) {
  Names names;
  add_links(steps, names);
  each_value(steps, [&](const Value& value) {
    if (!value.capture.empty()) names.captures.insert(value.capture);
  });
  return names;
}

std::vector<PlaceholderFault> placeholder_faults(const std::vector<Step>& steps,
                                                 const Names& names) {
  std::vector<PlaceholderFault> faults;
  const auto look = [&](const Value& value, const std::string& text) {
    const bool closed = walk(
        text, [](std::string_view) {},
        [&](std::string_view inside) {
          const std::string fault = fault_of(read(inside).name, names);
          if (!fault.empty()) faults.push_back({value.place, fault});
          return true;
        });
    if (!closed) faults.push_back({value.place, "a `{` is not closed; `{{` stands for a brace"});
  };
  each_value(steps, [&](const Value& value) {
    for (const Alternative& one : value.alternatives) {
      look(value, one.text);
      look(value, one.upper);
    }
  });
  return faults;
}

}  // namespace mq::conformance
