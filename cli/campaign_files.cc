#include "cli/campaign_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <unordered_map>
#include <utility>

#include "cli/exit_code.h"
#include "cli/scenario_file.h"
#include "cli/text_file.h"
#include "installation/installation.h"
#include "peers/adapter.h"

namespace mq::cli {
namespace {

namespace fs = std::filesystem;

void say(const campaign::FileProblems& problems) {
  for (const auto& [file, problem] : problems)
    fmt::print(stderr, "{}\n", scenario::to_text(file, problem));
}

std::optional<campaign::Campaign> parsed(std::string_view text, const std::string& file,
                                         std::string_view scenario_text, campaign::Scenario is,
                                         std::string scenario_file) {
  auto result = campaign::parse(text, file, scenario_text, is, std::move(scenario_file));
  if (auto* campaign = std::get_if<campaign::Campaign>(&result)) return std::move(*campaign);
  say(std::get<campaign::FileProblems>(result));
  return std::nullopt;
}

// Why no run could have this broker; empty if it is known. One by its address is asked in time.
std::string why_no_broker(const std::string& name) {
  if (name == "ours" || name.find("://") != std::string::npos) return {};
  try {
    peers::find_adapter(name);
    return {};
  } catch (const peers::AdapterError& error) {
    return error.what();
  }
}

// A slip in a name would be seen a run at a time, after others have taken their hours.
bool brokers_are_known(const campaign::Campaign& campaign) {
  campaign::FileProblems problems;
  for (std::size_t i = 0; i < campaign.brokers.size(); ++i)
    if (std::string why = why_no_broker(campaign.brokers[i]); !why.empty())
      problems.push_back({campaign.file, campaign::at_broker(campaign.text, i, std::move(why))});
  say(problems);
  return problems.empty();
}

// Of two files that know the same run, what the merged file would know.
bool says_more(const campaign::Outcome& a, const campaign::Outcome& b) {
  return a.end == campaign::End::judged && b.end != campaign::End::judged;
}

}  // namespace

std::optional<campaign::Campaign> load_campaign(const std::string& file) {
  const auto text = read_text_file(file);
  if (!text) {
    fmt::print(stderr, "{}:1:1: cannot be read: no such file\n", file);
    return std::nullopt;
  }
  const campaign::NamedScenario named = campaign::scenario_named(*text, file);
  std::string found = named.path;
  auto scenario_text = found.empty() ? std::string() : read_text_file(found);
  if (!scenario_text) {
    // Not beside it, but one of the library?
    auto elsewhere = scenario_file(named.word);
    if (const auto* known = std::get_if<std::string>(&elsewhere)) {
      found = *known;
      scenario_text = read_text_file(found);
    }
  }
  if (!scenario_text) {
    say({{file, {named.line, named.column, "the scenario " + found + " cannot be read"}}});
    return std::nullopt;
  }
  auto campaign = parsed(*text, file, *scenario_text, campaign::Scenario::unchecked, found);
  if (campaign && !brokers_are_known(*campaign)) return std::nullopt;
  return campaign;
}

std::optional<campaign::Campaign> stored_campaign(const campaign::About& about) {
  return parsed(about.text, about.file, about.scenario_text, campaign::Scenario::checked,
                about.scenario_file);
}

campaign::About about(const campaign::Campaign& campaign) {
  return {version(), campaign.file, campaign.text, campaign.scenario_file, campaign.scenario_text};
}

int code_of(const campaign::Summary& summary) {
  const campaign::Cell& all = summary.all();
  if (summary.ended(campaign::End::timed_out) + summary.ended(campaign::End::out_of_memory) +
          summary.ended(campaign::End::crashed) >
      0)
    return exit_code::fault;
  if (summary.ended(campaign::End::unreachable) > 0) return exit_code::unreachable;
  if (summary.ended(campaign::End::refused) > 0) return exit_code::usage;
  if (all.broken > 0) return exit_code::broken;
  // What was never run is not kept: a shard that was lost must let nothing through.
  return all.held > 0 && summary.left() == 0 ? exit_code::held : exit_code::nothing;
}

std::string default_campaign_folder(const std::string& file) {
  return "results/campaign/" + fs::path(file).stem().string();
}

std::string results_of_all(const std::string& folder) { return folder + "/campaign.db"; }

std::string results_of_shard(const std::string& folder, const campaign::Shard& shard) {
  return fmt::format("{}/shard-{:05}-of-{:05}.db", folder, shard.number + 1, shard.count);
}

std::vector<std::string> results_files(const std::string& word, const std::string& folder) {
  std::error_code error;
  const std::string extension = fs::path(word).extension().string();
  const bool is_campaign = extension == ".yaml" || extension == ".yml";
  std::string place = word;
  if (is_campaign) place = folder.empty() ? default_campaign_folder(word) : folder;
  if (!fs::is_directory(place, error)) {
    if (is_campaign && !fs::exists(word, error))
      throw campaign::ResultsError(word + ": no such file", true);
    if (is_campaign) return {};
    return {place};
  }
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(place, error))
    if (entry.path().extension() == ".db") files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  return files;
}

std::optional<Stored> read_stored(const std::vector<std::string>& files) {
  Stored stored;
  std::unordered_map<std::uint64_t, campaign::Outcome> several;
  for (const std::string& path : files) {
    const campaign::ResultsFile file(path, campaign::ResultsFile::Open::to_read);
    const auto about = file.about();
    if (!about) continue;
    if (!stored.plan) {
      auto campaign = stored_campaign(*about);
      if (!campaign) return std::nullopt;
      stored.about = *about;
      stored.plan = std::make_unique<campaign::Plan>(std::move(*campaign));
      stored.summary = std::make_unique<campaign::Summary>(*stored.plan);
    } else if (about->text != stored.about.text ||
               about->scenario_text != stored.about.scenario_text) {
      fmt::print(stderr, "mqttlab: {} and {} hold results of different campaigns\n", files.front(),
                 path);
      return std::nullopt;
    }
    if (files.size() == 1) {
      file.for_each([&](const campaign::Outcome& outcome) { stored.summary->take(outcome); });
      return stored;
    }
    file.for_each([&](const campaign::Outcome& outcome) {
      const auto [place, is_new] =
          several.try_emplace(static_cast<std::uint64_t>(outcome.key), outcome);
      if (!is_new && says_more(outcome, place->second)) place->second = outcome;
    });
  }
  if (!stored.plan) {
    fmt::print(stderr, "mqttlab: there are no results yet{}{}; `mqttlab campaign run` makes some\n",
               files.empty() ? "" : " in ", files.empty() ? "" : files.front());
    return std::nullopt;
  }
  std::vector<const campaign::Outcome*> in_order;
  for (const auto& [key, outcome] : several) in_order.push_back(&outcome);
  std::sort(in_order.begin(), in_order.end(),
            [](const auto* a, const auto* b) { return a->key < b->key; });
  for (const campaign::Outcome* outcome : in_order) stored.summary->take(*outcome);
  return stored;
}

}  // namespace mq::cli
