#include "broker/server/broker_options.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <set>
#include <utility>

#include "broker/server/listen_address.h"
#include "broker/server/listener_flags.h"
#include "protocol/codec.h"

namespace mq::broker {
namespace {

void add_flags(CLI::App& app, BrokerFlags& flags) {
  app.set_help_flag("--help", "print this help");
  app.add_option("-c,--config-file", flags.config_file,
                 "a file with mosquitto.conf's keys; read again on SIGHUP");
  app.add_flag("--test-config", flags.test_config, "read the configuration, tell, and end");
  app.add_flag("-v,--verbose", flags.verbose, "log everything: who connects, who leaves and why");
  app.add_option("--log-format", flags.log_format, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  app.add_option("--metrics", flags.metrics,
                 "ADDRESS:PORT or PORT of /metrics, /healthz and /readyz (HTTP)");
  app.add_option("--handshake-timeout", flags.handshake_timeout,
                 "seconds for TLS, WebSocket and PROXY together, before CONNECT (10)")
      ->check(CLI::Range(1, 3600));
  app.add_option("--max-connections", flags.max_connections, "links at once")
      ->check(CLI::PositiveNumber);
  app.add_option("--max-connections-per-address", flags.max_connections_per_address,
                 "of those, of one IPv4 address or IPv6 /64 network (1000); 0: any number");
  app.add_option("--max-connection-rate", flags.max_connection_rate,
                 "new ones of such an address in a second (500); 0: any number");
  app.add_option("--max-packet-size", flags.max_packet_size, "bytes of a packet")
      ->check(CLI::Range(std::size_t{128}, packet_bytes_limit));
  app.add_option("--max-inflight", flags.max_inflight, "QoS 1 and 2 under way to a client")
      ->check(CLI::Range(1, 65535));
  app.add_option("--max-queued", flags.max_queued, "messages that wait for one client")
      ->check(CLI::PositiveNumber);
  app.add_option("--max-queued-bytes", flags.max_queued_bytes, "bytes of them")
      ->check(CLI::PositiveNumber);
  app.add_option("--receive-maximum", flags.receive_maximum, "QoS 1 and 2 under way from a client")
      ->check(CLI::Range(1, 65535));
  app.add_option("--store", flags.store,
                 "the file that keeps sessions, messages and subscriptions over a restart")
      ->option_text("FILE");
  app.add_option("--durability", flags.durability,
                 "what an acknowledgement survives: none, process (kill -9), power (a power\n"
                 "failure; the default with --store)")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, Durability>{{"none", Durability::none},
                                            {"process", Durability::process},
                                            {"power", Durability::power}}))
      ->option_text("WHAT");
  app.add_flag("--repair", flags.repair,
               "if the store is damaged, keep what is whole and put the damaged file aside");
  app.add_option("--password-file", flags.password_file,
                 "users and their passwords, as `mqttlab passwd` or mosquitto_passwd writes them")
      ->option_text("FILE");
  app.add_option("--acl-file", flags.acl_file,
                 "who may read and write which topics, as mosquitto has it; without, everybody may")
      ->option_text("FILE");
  // CLI11 would give an optional flag a value also when it is not there.
  app.add_flag_function(
      "--allow-anonymous,!--no-anonymous",
      [&flags](std::int64_t times) { flags.anonymous = times > 0; },
      "clients may (not) come without a user; by default they may over loopback, if\n"
      "there is no password file");
  app.add_flag("--strict-subscriptions", flags.strict_subscriptions,
               "refuse a subscription unless all that it matches may be read");
  app.add_flag("--close-on-denied-publish", flags.closes_on_denied_publish,
               "end the connection of a 3.1.1 client whose PUBLISH is denied");
  app.footer(
      "Every limit and its default: docs/broker.md. Those without a flag are keys of the\n"
      "configuration file.\nExit status: 0 after SIGTERM or SIGINT, 2 usage, 3 cannot listen or "
      "open the store.");
}

int wrong_usage(const std::string& what) {
  std::fprintf(stderr, "mqttlab broker: %s\nTry: mqttlab broker --help\n", what.c_str());
  return exit_status::usage;
}

template <class Limit, class Flag>
void take(Limit& limit, const std::optional<Flag>& flag) {
  if (flag) limit = *flag;
}

}  // namespace

std::variant<BrokerFlags, int> parse_broker_flags(int argc, char** argv) {
  BrokerFlags flags;
  ListenerFlags listen;
  std::optional<std::uint16_t> port;
  CLI::App app(
      "An MQTT broker (3.1, 3.1.1, 5.0) on TCP, TLS, WebSocket and Unix sockets. It listens on "
      "localhost unless told otherwise, and there lets everybody in unless there is a password "
      "file.",
      "mqttlab broker");
  add_flags(app, flags);
  app.add_option("-p,--port", port, "port (1883); 0 takes a free one, which is then printed");
  listen.add_to(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::fputs(app.help().c_str(), stdout);
    return exit_status::done;
  } catch (const CLI::ParseError& error) {
    return wrong_usage(error.what());
  }
  try {
    auto listeners = listen.listeners(port.value_or(1883));
    if (port || !listen.listen.empty() || flags.config_file.empty())
      flags.listeners = std::move(listeners);
  } catch (const ListenerFlagError& error) {
    return wrong_usage(error.what());
  }
  if (!flags.metrics.empty() && !parse_listen(flags.metrics, 0))
    return wrong_usage("--metrics: expected ADDRESS:PORT or PORT, got \"" + flags.metrics + "\"");
  return flags;
}

namespace {

// Says what is missing if flags and file contradict each other.
void settle_store(const BrokerFlags& flags, ReadConfig& read) {
  StoreConfig& store = read.config.store;
  if (!flags.store.empty()) {
    store.persistence = true;
    store.location.clear();
    store.file = flags.store;
  }
  if (flags.durability) store.durability = *flags.durability;
  const auto wrong = [&](const char* what) {
    read.problems.push_back({Problem::Kind::error, {"the store", 0, 0}, what});
  };
  const bool keeps = store.durability != Durability::none;
  if (store.persistence && !keeps) wrong("durability none keeps nothing: leave out the store");
  if (!store.persistence && keeps && (flags.durability || store.durability_is_said))
    wrong("durability process and power need --store FILE, or persistence true");
  if (!store.persistence && flags.repair) wrong("--repair needs --store FILE, or persistence true");
}

// A file that every listener without one of its own goes by, among those that flags replace.
template <std::string OwnAccess::*Member>
void inherit(const BrokerFlags& flags, const std::vector<ListenerConfig>& replaced,
             std::string& file, const char* flag, ReadConfig& read) {
  std::set<std::string> files;
  for (const ListenerConfig& listener : replaced)
    if (const auto& own = listener.options.own_access; own && !((*own).*Member).empty())
      files.insert((*own).*Member);
  if (files.size() == 1) file = *files.begin();
  if (files.size() > 1)
    read.problems.push_back({Problem::Kind::error,
                             {flags.config_file, 0, 0},
                             "flags replace listeners of which each has such a file of its own: " +
                                 std::string(flag) + " has to say which one counts"});
}

// Users and rules: what flags say counts for all listeners.
void settle_access(const BrokerFlags& flags, ReadConfig& read) {
  Config& config = read.config;
  if (!flags.listeners.empty()) {
    const auto replaced = std::exchange(config.listeners, {});
    for (const ListenerOptions& options : flags.listeners)
      config.listeners.push_back({.at = {}, .options = options});
    if (flags.password_file.empty())
      inherit<&OwnAccess::password_file>(flags, replaced, config.access.password_file,
                                         "--password-file", read);
    if (flags.acl_file.empty())
      inherit<&OwnAccess::acl_file>(flags, replaced, config.access.acl_file, "--acl-file", read);
  }
  if (!flags.password_file.empty()) config.access.password_file = flags.password_file;
  if (!flags.acl_file.empty()) config.access.acl_file = flags.acl_file;
  if (flags.anonymous) config.access.anonymous = flags.anonymous;
  for (ListenerConfig& listener : config.listeners) {
    if (flags.anonymous) listener.options.anonymous = flags.anonymous;
    if (!listener.options.own_access) continue;
    if (!flags.password_file.empty())
      listener.options.own_access->password_file = flags.password_file;
    if (!flags.acl_file.empty()) listener.options.own_access->acl_file = flags.acl_file;
  }
}

}  // namespace

ReadConfig load_config(const BrokerFlags& flags) {
  ReadConfig read;
  if (!flags.config_file.empty()) read = read_config(flags.config_file);
  Config& config = read.config;
  settle_access(flags, read);
  Limits& limits = config.settings.limits;
  take(limits.links, flags.max_connections);
  take(limits.links_per_address, flags.max_connections_per_address);
  take(limits.links_per_second, flags.max_connection_rate);
  take(limits.packet_bytes, flags.max_packet_size);
  take(limits.inflight_messages, flags.max_inflight);
  take(limits.queued_messages, flags.max_queued);
  take(limits.queued_bytes, flags.max_queued_bytes);
  take(limits.receive_maximum, flags.receive_maximum);
  AccessPolicy& policy = config.settings.access;
  policy.strict_subscriptions |= flags.strict_subscriptions;
  policy.closes_on_denied_publish |= flags.closes_on_denied_publish;
  settle_store(flags, read);
  if (flags.handshake_timeout)
    config.handshake_timeout = std::chrono::seconds(*flags.handshake_timeout);
  if (!flags.metrics.empty()) config.metrics = flags.metrics;
  if (!config.metrics.empty() && !parse_listen(config.metrics, 0))
    read.problems.push_back(
        {Problem::Kind::error,
         {flags.config_file, 0, 0},
         "metrics: expected ADDRESS:PORT or PORT, got \"" + config.metrics + "\""});
  if (flags.log_format)
    config.log.form = *flags.log_format == "json" ? LogConfig::Form::json : LogConfig::Form::text;
  if (flags.verbose) {
    config.log.types = {true, true, true, true, true, true, true};
    config.log.connection_messages = true;
  } else if (flags.config_file.empty()) {
    // At a terminal, only what is wrong.
    config.log.types.notice = config.log.types.information = false;
  }
  return read;
}

ServerOptions server_options(const Config& config) {
  ServerOptions options;
  for (const ListenerConfig& listener : config.listeners)
    options.listeners.push_back(listener.options);
  options.settings = config.settings;
  options.settings.notes_subscriptions = true;  // the log may want them after a reload
  options.handshake_timeout = config.handshake_timeout;
  options.access = config.access;
  if (config.store.persistence)
    options.store =
        StoreOptions{.path = config.store.path(), .durability = config.store.durability};
  return options;
}

}  // namespace mq::broker
