#include "cli/complete.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "cli/help_text.h"
#include "cli/programs.h"
#include "cli/scenario_file.h"
#include "peers/adapter.h"
#include "peers/client_adapter.h"
#include "scenarios/language/profiles.h"

namespace mq::cli {
namespace {

using Offers = std::vector<Offer>;

Offers of_words(const std::vector<std::string>& words) {
  Offers all;
  for (const std::string& word : words) all.push_back({word, ""});
  return all;
}

Offers verbs() {
  Offers all;
  for (const Verb& verb : all_verbs())
    all.push_back({std::string(verb.name), std::string(verb.what)});
  all.push_back({"help", "what a command takes"});
  return all;
}

Offers profiles() {
  Offers all;
  for (const scenario::Profile& profile : scenario::profiles())
    if (!profile.is_element) all.push_back({profile.name, profile.description});
  return all;
}

Offers brokers() {
  Offers all = of_words(peers::adapter_names());
  all.push_back({":files", ""});
  return all;
}

Offers clients() {
  Offers all = of_words(peers::client_adapter_names());
  all.push_back({"ours", ""});
  return all;
}

Offers scenarios() {
  Offers all = of_words(scenario_names());
  all.push_back({":files", ""});
  return all;
}

// What the name of an argument, or of a flag, says about its value.
Offers values(std::string_view verb, const HelpEntry& entry) {
  if (const auto words = words_of(entry); !words.empty()) return of_words(words);
  const auto is = [&](const std::vector<std::string_view>& names) {
    return std::any_of(entry.names.begin(), entry.names.end(), [&](const std::string& name) {
      return std::find(names.begin(), names.end(), name) != names.end();
    });
  };
  const bool takes_scenario = verb == "run" || verb == "check" || verb == "watch" ||
                              verb == "explore" || verb == "serve" || verb == "compare";
  if (takes_scenario && is({"FILE"})) return scenarios();
  if (is({"--broker", "--brokers", "TARGET"})) return brokers();
  if (is({"--client"})) return clients();
  if (is({"PROFILE", "--link"})) return profiles();
  if (verb == "init" && is({"--like"})) {
    Offers all = of_words(template_names());
    for (const std::string& name : scenario_names()) all.push_back({name, ""});
    return all;
  }
  if (is({"FOLDER", "BASE", "NEW", "--output", "-o"})) return {{":folders", ""}};
  if (entry.value == "N") return {};
  return {{":files", ""}};
}

Offers names(const std::vector<HelpEntry>& entries) {
  Offers all;
  for (const HelpEntry& entry : entries)
    for (const std::string& name : entry.names) all.push_back({name, entry.what});
  return all;
}

const HelpEntry* option_named(const HelpText& help, const std::string& name) {
  for (const HelpEntry& entry : help.options)
    if (std::find(entry.names.begin(), entry.names.end(), name) != entry.names.end()) return &entry;
  return nullptr;
}

Offers behind_verb(const std::string& verb, const HelpText& help,
                   const std::vector<std::string>& words) {
  const HelpEntry* waits = nullptr;  // an option whose value comes next
  std::size_t places = 0;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (waits != nullptr) {
      waits = nullptr;
    } else if (words[i].starts_with('-')) {
      const HelpEntry* option = option_named(help, words[i]);
      if (option != nullptr && !option->value.empty()) waits = option;
    } else {
      ++places;
    }
  }
  if (waits != nullptr) return values(verb, *waits);
  if (words.back().starts_with('-')) return names(help.options);
  if (help.arguments.empty()) return names(help.options);
  return values(verb, help.arguments[std::min(places, help.arguments.size() - 1)]);
}

}  // namespace

std::vector<Offer> offers(const std::vector<std::string>& given) {
  std::vector<std::string> words = given;
  // bash takes `--world=memory` apart.
  words.erase(std::remove(words.begin(), words.end(), "="), words.end());
  if (words.size() < given.size() && given.back() == "=") words.emplace_back();
  const bool asks_help = words.size() == 2 && words[0] == "help";
  if (words.size() < 2 || asks_help) {
    const bool is_flag = !words.empty() && words[0].starts_with('-');
    return is_flag ? Offers{{"--help", "the commands"}, {"--version", "of mqttlab"}} : verbs();
  }
  std::vector<std::string> verb{words[0]};
  if (words[0] == "list" && !words[1].starts_with('-') && words.size() > 2)
    verb.push_back(words[1]);
  auto text = help_of(verb);
  if (!text) return {};
  HelpText help = parse_help(*text);
  if (!help.below.empty()) {
    if (words.size() == 2) return names(help.below);
    verb.push_back(words[1]);
    text = help_of(verb);
    if (!text) return {};
    help = parse_help(*text);
    words.erase(words.begin());
  }
  words.erase(words.begin());
  return behind_verb(verb[0], help, words);
}

}  // namespace mq::cli
