// mqttlab doctor: will this machine run what it is asked to?
#include <fmt/format.h>

#include <boost/json.hpp>
#include <memory>

#include "cli/checkup.h"
#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/verbs.h"
#include "reports/text/escape.h"

namespace mq::cli {
namespace {

const char* word_for(Checkup::State state) {
  switch (state) {
    case Checkup::State::good:
      return "good";
    case Checkup::State::warning:
      return "warning";
    case Checkup::State::bad:
      return "bad";
  }
  return "";
}

int doctor(const CheckupOptions& options, bool json) {
  bool is_bad = false;
  boost::json::array checks;
  for (const Checkup& check : check_machine(options)) {
    is_bad |= check.state == Checkup::State::bad;
    if (json) {
      checks.push_back({{"name", check.name},
                        {"state", word_for(check.state)},
                        {"found", check.found},
                        {"advice", check.advice}});
      continue;
    }
    fmt::print("{:<8} {:<15} {}\n", word_for(check.state), check.name,
               report::visible(check.found));
    if (!check.advice.empty()) fmt::print("{:<8} {:<15} -> {}\n", "", "", check.advice);
  }
  if (json)
    fmt::print("{}\n", boost::json::serialize(boost::json::object{
                           {"schema_version", 1}, {"good", !is_bad}, {"checks", checks}}));
  return is_bad ? exit_code::broken : exit_code::held;
}

}  // namespace

void add_doctor(CLI::App& app, int& exit_code) {
  struct Flags {
    CheckupOptions options{.folder = "."};
    bool json = false;
  };
  auto flags = std::make_shared<Flags>();
  Command verb(app, "doctor", "check this machine and this installation");
  verb.option("-o", flags->options.folder, "where results and stores are to be written (.)")
      .shown_as("DIR");
  verb.option("-p,--port", flags->options.port,
              "the broker's port (those of its configuration, or 1883)");
  verb.option("-c,--config-file", flags->options.config_file, "the broker's configuration")
      .shown_as("FILE");
  verb.option("--store", flags->options.store, "the broker's store").shown_as("FILE");
  verb.flag("--json", flags->json, "one JSON document on stdout");
  verb.footer("Exit status: 0 good, or with warnings; 1 something is bad; 2 usage.");
  verb.runs([flags, &exit_code] { exit_code = doctor(flags->options, flags->json); });
}

}  // namespace mq::cli
