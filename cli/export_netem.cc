// mqttlab export-netem PROFILE: the nearest commands of Linux's traffic control.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "cli/verbs.h"
#include "scenarios/language/problem.h"
#include "scenarios/language/profiles.h"
#include "scenarios/netem.h"

namespace mq::cli {
namespace {

int export_netem(const std::string& name, const std::string& device) {
  const scenario::Profile* profile = scenario::find_profile(name);
  if (profile != nullptr && !profile->is_element) {
    fmt::print("{}", scenario::netem_script(profile->link, device));
    return exit_code::held;
  }
  std::vector<std::string_view> names;
  for (const scenario::Profile& known : scenario::profiles())
    if (!known.is_element) names.push_back(known.name);
  const std::string guess = scenario::suggestion(name, names);
  fmt::print(stderr, "mqttlab: there is no profile {}{}\n", scenario::in_quotes(name),
             guess.empty() ? "; `mqttlab list profiles` shows them" : guess);
  return exit_code::usage;
}

}  // namespace

void add_export_netem(CLI::App& app, int& exit_code) {
  struct Flags {
    std::string profile;
    std::string device = "eth0";
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* verb =
      app.add_subcommand("export-netem", "print the nearest tc netem commands of a profile");
  verb->add_option("PROFILE", flags->profile, "one of `mqttlab list profiles`")->required();
  verb->add_option("--device", flags->device, "the network interface (eth0)");
  verb->callback([flags, &exit_code] { exit_code = export_netem(flags->profile, flags->device); });
}

}  // namespace mq::cli
