#include "broker/server/broker_main.h"

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/system/system_error.hpp>
#include <csignal>
#include <cstdio>
#include <map>
#include <optional>
#include <random>
#include <variant>

#include "broker/server/listener_flags.h"
#include "broker/server/server.h"
#include "broker/server/store_writer.h"
#include "broker/store/repair.h"

namespace mq::broker {
namespace {

// The same numbers as all verbs of mqttlab.
namespace exit_status {
constexpr int done = 0;
constexpr int usage = 2;
constexpr int cannot_start = 3;
}  // namespace exit_status

struct Options {
  ServerOptions server;
  bool verbose = false;
  bool repair = false;
};

void add_limits(CLI::App& app, Limits& limits) {
  app.add_option("--max-connections", limits.links, "links at once")->capture_default_str();
  app.add_option("--max-packet-size", limits.packet_bytes, "bytes of a packet")
      ->check(CLI::Range(std::size_t{128}, packet_bytes_limit))
      ->capture_default_str();
  app.add_option("--max-inflight", limits.inflight_messages, "QoS 1 and 2 under way to a client")
      ->check(CLI::Range(1, 65535))
      ->capture_default_str();
  app.add_option("--max-queued", limits.queued_messages, "messages that wait for one client")
      ->capture_default_str();
  app.add_option("--max-queued-bytes", limits.queued_bytes, "bytes of them")->capture_default_str();
  app.add_option("--receive-maximum", limits.receive_maximum, "QoS 1 and 2 under way from a client")
      ->check(CLI::Range(1, 65535))
      ->capture_default_str();
}

struct StoreFlags {
  StoreOptions store;
  std::optional<Durability> durability;
};

void add_store(CLI::App& app, StoreFlags& flags, bool& repair) {
  app.add_option("--store", flags.store.path,
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
  app.add_flag("--repair", repair,
               "if the store is damaged, keep what is whole and put the damaged file aside");
}

// What is wrong with them together, if anything is.
const char* apply(StoreFlags& flags, Options& options) {
  const bool has_path = !flags.store.path.empty();
  const bool keeps = flags.durability ? *flags.durability != Durability::none : has_path;
  if (keeps && !has_path) return "--durability process and power need --store FILE";
  if (!keeps && has_path) return "--durability none keeps nothing: leave out --store";
  if (!keeps && options.repair) return "--repair needs --store FILE";
  if (!keeps) return nullptr;
  flags.store.durability = flags.durability.value_or(Durability::power);
  options.server.store = flags.store;
  return nullptr;
}

std::variant<Options, int> parse(int argc, char** argv) {
  Options options;
  ListenerFlags listeners;
  std::uint16_t port = 1883;
  CLI::App app(
      "An MQTT broker (3.1, 3.1.1, 5.0) on TCP, TLS, WebSocket and Unix sockets. It listens on "
      "localhost unless told otherwise, and lets everybody in.",
      "mqttlab broker");
  app.set_help_flag("--help", "print this help");
  app.add_option("-p,--port", port, "port (1883); 0 takes a free one, which is then printed");
  listeners.add_to(app);
  app.add_flag("-v,--verbose", options.verbose, "tell who connects, who leaves and why");
  unsigned handshake_seconds = 10;
  app.add_option("--handshake-timeout", handshake_seconds,
                 "seconds for TLS, WebSocket and PROXY together, before CONNECT")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  add_limits(app, options.server.settings.limits);
  StoreFlags store;
  add_store(app, store, options.repair);
  app.footer("Exit status: 0 after SIGTERM or SIGINT, 2 usage, 3 cannot listen or open the store.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::fputs(app.help().c_str(), stdout);
    return exit_status::done;
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "mqttlab broker: %s\nTry: mqttlab broker --help\n", error.what());
    return exit_status::usage;
  }
  if (const char* fault = apply(store, options)) {
    std::fprintf(stderr, "mqttlab broker: %s\n", fault);
    return exit_status::usage;
  }
  options.server.handshake_timeout = std::chrono::seconds{handshake_seconds};
  try {
    options.server.listeners = listeners.listeners(port);
  } catch (const ListenerFlagError& error) {
    std::fprintf(stderr, "mqttlab broker: %s\n", error.what());
    return exit_status::usage;
  }
  return options;
}

// As many descriptors as this user may have: one per connection.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

const char* name(Note::What what) {
  switch (what) {
    case Note::What::connected:
      return "connected";
    case Note::What::refused:
      return "refused";
    case Note::What::disconnected:
      return "disconnected";
    case Note::What::taken_over:
      return "taken over";
    case Note::What::will_published:
      return "will published";
    case Note::What::message_dropped:
      return "message dropped";
    case Note::What::session_expired:
      return "session expired";
  }
  return "";
}

void print(const Note& note) {
  std::string line = "mqttlab broker: ";
  line += name(note.what);
  line += ": ";
  for (const char c : note.client_id)  // a client's text must not draw on our terminal
    line += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  if (note.what == Note::What::connected && note.session_present) line += ", session resumed";
  if (note.rule != Rule::none)
    line += ", broken: " + std::string(info(note.rule).sentence);
  else if (note.reason != ReasonCode::success)
    line += std::string(", ") + mq::name(note.reason);
  std::fprintf(stderr, "%s\n", line.c_str());
}

void say(const std::string& text) { std::fprintf(stderr, "mqttlab broker: %s\n", text.c_str()); }

void repair(const StoreOptions& store) {
  const RepairReport report = repair_store(sqlite_options(store, {}));
  if (report.damage.empty()) return say(store.path + ": the store is in order");
  for (const std::string& line : report.damage) say(store.path + ": " + line);
  say(store.path + ": repaired, " + std::to_string(report.kept) +
      " records kept; the damaged store is " + report.put_aside);
}

int serve(Options options) {
  boost::asio::io_context context(1);
  boost::asio::signal_set signals(context, SIGINT, SIGTERM);
  std::random_device chance;
  options.server.seed = (static_cast<std::uint64_t>(chance()) << 32) | chance();
  if (options.server.store) options.server.store->on_trouble = say;
  if (options.verbose)
    options.server.on_link_failed = [](const std::string& peer, const std::string& why) {
      say("failed: " + peer + ": " + why);
    };
  std::optional<Server> server;
  try {
    if (options.repair) repair(*options.server.store);
    server.emplace(context, options.server, options.verbose ? print : Server::NoteHandler{});
    for (const std::string& address : server->start())
      std::fprintf(stderr, "mqttlab broker: listening on %s\n", address.c_str());
  } catch (const boost::system::system_error& error) {
    std::fprintf(stderr, "mqttlab broker: %s\n", error.what());
    return exit_status::cannot_start;
  } catch (const transport::TlsError& error) {
    std::fprintf(stderr, "mqttlab broker: %s\n", error.what());
    return exit_status::usage;
  } catch (const StoreError& error) {
    std::fprintf(stderr, "mqttlab broker: %s\n", error.what());
    return exit_status::cannot_start;
  }
  signals.async_wait([&](boost::system::error_code error, int) {
    if (error) return;
    server->stop([&] { context.stop(); });
    // A second one does not wait for the goodbyes.
    signals.async_wait([&](boost::system::error_code again, int) {
      if (!again) context.stop();
    });
  });
  context.run();
  return exit_status::done;
}

}  // namespace

int broker_main(int argc, char** argv) {
  auto parsed = parse(argc, argv);
  if (const int* status = std::get_if<int>(&parsed)) return *status;
  raise_descriptor_limit();
  return serve(std::move(std::get<Options>(parsed)));
}

}  // namespace mq::broker
