// For schema_test.py: reads names of files from stdin and says for each, in one line, how many
// problems it has. `--schema` prints the schema instead, `--reference` the tables of keys for
// scenarios/README.md.
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/language/grammar.h"
#include "scenarios/language/parse.h"
#include "scenarios/language/schema.h"

namespace {

using mq::scenario::Choice;
using mq::scenario::Is;
using mq::scenario::Key;
using mq::scenario::Shape;

std::string list_of(std::span<const Choice> choices) {
  std::string text;
  for (const Choice& choice : choices)
    text.append(text.empty() ? "`" : ", `").append(choice.word).append("`");
  return text;
}

std::string kind(const Shape& shape) {
  std::string words = list_of(shape.choices);
  if (!words.empty()) words = " or " + words;
  switch (shape.is) {
    case Is::text:
      return "text";
    case Is::name:
      return "name";
    case Is::choice:
      return shape.choices.size() > 9 ? "a phrase, see below" : list_of(shape.choices);
    case Is::yes_no:
      return "`true` or `false`";
    case Is::whole:
      return "whole number, " + std::string(shape.min) + " to " + std::string(shape.max);
    case Is::decimal:
      return "number, " + std::string(shape.min) + " to " + std::string(shape.max);
    case Is::duration:
      return "duration" + words;
    case Is::rate:
      return "rate" + words;
    case Is::size:
      return "size, " + std::string(shape.min) + " to " + std::string(shape.max);
    case Is::percentage:
      return "percentage";
    case Is::power:
      return "power";
    case Is::energy:
      return "energy";
    case Is::length:
      return "length";
    case Is::speed:
      return "speed";
    case Is::map:
      return "mapping" + words;
    case Is::named_map:
      return "mapping of names";
    case Is::list:
      return "list";
    case Is::one_or_list:
      return kind(*shape.item) + ", or a list";
    case Is::sourced:
      return kind(*shape.item) + " (*)";
    case Is::drawn:
      return kind(*shape.item) + " (**)";
  }
  return {};
}

void print_table(std::string_view title, const Shape& shape) {
  std::cout << "**" << title
            << "**\n\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n";
  for (const Key& key : shape.keys) {
    const std::string fallback = key.is_required        ? "required"
                                 : key.fallback.empty() ? ""
                                                        : "`" + std::string(key.fallback) + "`";
    std::cout << "| `" << key.name << "` | " << kind(*key.shape) << " | " << fallback << " | "
              << key.description << " |\n";
  }
  std::cout << "\n";
}

void print_reference() {
  using namespace mq::scenario;
  print_table("The file", scenario_shape);
  print_table("`broker`", broker_shape);
  print_table("`store`", store_shape);
  print_table("`links: NAME:`", link_shape);
  print_table("`up`, `down` of a link", direction_shape);
  print_table("`bursts` of a direction", bursts_shape);
  print_table("`rate` as a mapping (**)", Shape{.keys = rate_shape.keys});
  print_table("`delay` and other times as a mapping (**)", Shape{.keys = delay_shape.keys});
  print_table("`radio` of a link", radio_shape);
  print_table("`sleep` of a radio", sleep_shape);
  print_table("`handovers` of a link", handovers_shape);
  print_table("`nat` of a link", nat_shape);
  print_table("`roaming` of a link", roaming_shape);
  print_table("`lte` of a link", lte_shape);
  print_table("`wifi` of a link", wifi_shape);
  print_table("`power` of a link", power_shape);
  print_table("`outages` of a link", outages_shape);
  print_table("an entry of `timetable`", window_shape);
  print_table("`fleet: NAME:`", group_shape);
  print_table("`will`", will_shape);
  print_table("an entry of `publish`", publish_shape);
  print_table("an entry of `subscribe`", subscribe_shape);
  print_table("`program`", program_shape);
  print_table("`rest`", rest_shape);
  print_table("an entry of `put`", put_shape);
  print_table("an entry of `get`", get_shape);
  print_table("an entry of `faults`", fault_shape);
  print_table("an entry of `expect`: one of", expectation_shape);
  print_table("`latency`", latency_shape);
  print_table("`bytes`", bytes_shape);
  print_table("`radio` of `expect`", radio_limit_shape);
  print_table("`energy`", energy_shape);
  print_table("`reconnects`", reconnects_shape);
  print_table("`first_message`, `staleness`", first_message_shape);
  print_table("`age`", age_shape);
  std::cout << "**`sometimes`**\n\n| phrase | what must have happened |\n| --- | --- |\n";
  for (const Choice& state : find(expectation_shape, "sometimes")->shape->choices)
    std::cout << "| " << state.word << " | " << state.meaning << " |\n";
}

void check_files() {
  std::string path;
  while (std::getline(std::cin, path)) {
    const auto parsed = mq::scenario::load(path);
    const auto* problems = std::get_if<mq::scenario::Problems>(&parsed);
    std::cout << (problems == nullptr ? 0 : problems->size());
    if (problems != nullptr) std::cout << ' ' << problems->front().text;
    std::cout << '\n';
  }
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view what = count == 2 ? arguments[1] : "";
  if (what == "--schema")
    std::cout << mq::scenario::scenario_schema() << '\n';
  else if (what == "--reference")
    print_reference();
  else
    check_files();
}
