// What the flags of pub, sub and rr have in common: how they are read, and what they mean for the
// client core. Only for the files that parse a command line.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "base/nearest_word.h"
#include "client/pubsub/options.h"
#include "client/pubsub/property_flag.h"
#include "client/pubsub/transport_flags.h"

namespace mq::client {

// What is wrong with the usage, in a sentence.
struct Usage : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The shared flags, as they stand on the command line.
struct RawFlags {
  std::string version;
  std::string url;
  std::string host = "localhost";
  std::optional<std::uint16_t> port;
  TransportFlags transport;
  std::string id;
  std::string id_prefix;
  int keep_alive = 60;
  int qos = 0;
  std::optional<std::string> user_name;
  std::optional<std::string> password;
  std::string auth_method;
  bool keep_session = false;
  std::string session_expiry;
  std::optional<std::uint16_t> max_inflight;
  std::string will_topic;
  std::string will_payload;
  int will_qos = 0;
  bool will_retain = false;
  bool no_delay = false;
  std::vector<PropertyFlag> properties;
};

void add_common(CLI::App& app, RawFlags& raw, CommonOptions& options);
// Sets host, port, user and password; gives back the topic.
std::string take_url(RawFlags& raw);
void check_topic(const char* flag, const std::string& topic);
void check_filter(const char* flag, const std::string& filter);
// `without_a_word`: the version where neither -V nor another flag says one.
void settle(const RawFlags& raw, const char* verb, CommonOptions& options,
            Version without_a_word = Version::v3_1_1);

// Where a message comes from, as pub and rr are told.
struct SourceFlags {
  bool flag = false;
  void add_to(CLI::App& app, MessageSource& source);
  // Throws Usage unless exactly one was said.
  static void settle(const CLI::App& app, MessageSource& source);
};

// How a message is printed, as sub and rr are told.
struct PrintFlags {
  bool no_newline = false;
  void add_to(CLI::App& app, PrintOptions& print);
  void settle(PrintOptions& print) const;
};

std::vector<std::string> names_of(const CLI::App& app);
std::vector<std::string> words_of(CLI::App& app, int argc, char** argv, RawFlags& raw);

// Runs `parse`; turns help and wrong usage into an exit status and a line.
template <class Options, class Parse>
std::variant<Options, Ended> guarded(CLI::App& app, const char* verb, Parse parse) {
  const auto wrong = [&](const std::string& what) {
    std::fprintf(stderr, "mqttlab %s: %s\nTry: mqttlab %s --help\n", verb, what.c_str(), verb);
    return Ended{exit_status::usage};
  };
  try {
    return parse();
  } catch (const CLI::CallForHelp&) {
    std::fputs(app.help().c_str(), stdout);
    return Ended{exit_status::done};
  } catch (const CLI::CallForVersion& version) {
    std::printf("%s\n", version.what());
    return Ended{exit_status::done};
  } catch (const CLI::ExtrasError&) {
    const auto extras = app.remaining();
    const std::string first = extras.empty() ? "" : extras.front();
    const std::string flag = first.substr(0, first.find('='));
    return wrong("\"" + first + "\" is not known" + did_you_mean(flag, names_of(app)));
  } catch (const CLI::ParseError& error) {
    return wrong(error.what());
  } catch (const Usage& error) {
    return wrong(error.what());
  }
}

}  // namespace mq::client
