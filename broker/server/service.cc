#include "broker/server/service.h"

#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <random>
#include <system_error>

#include "broker/operate/daemon.h"
#include "broker/operate/http.h"
#include "broker/operate/log.h"
#include "broker/operate/metrics.h"
#include "broker/operate/sys_topics.h"
#include "broker/server/listen_address.h"
#include "broker/server/note_log.h"
#include "broker/server/store_writer.h"
#include "broker/store/repair.h"
#include "installation/installation.h"

namespace mq::broker {
namespace {

using boost::system::error_code;
using Clock = std::chrono::steady_clock;

std::uint64_t random_seed() {
  std::random_device chance;
  return (static_cast<std::uint64_t>(chance()) << 32) | chance();
}

class Service {
 public:
  Service(const BrokerFlags& flags, Config config)
      : flags_(flags),
        config_(std::move(config)),
        log_(config_.log),
        ending_(context_, SIGINT, SIGTERM),
        hangup_(context_, SIGHUP),
        server_(context_, prepared(server_options(config_)),
                [this](const Note& note) { write_note(log_, config_.log, note); }),
        sys_timer_(context_),
        deadline_(context_) {
    log_.on_topic_line([this](Level level, std::string line) { say_on_topic(level, line); });
  }

  int run() {
    await_end();
    await_hangup();
    open();
    update_sys();
    tell_systemd("READY=1\nSTATUS=listening on " + listening_);
    context_.run();
    log_.write(Level::notice, "ended");
    return exit_status::done;
  }

 private:
  ServerOptions prepared(ServerOptions options) {
    options.seed = random_seed();
    options.on_link_failed = [this](const std::string& peer, const std::string& why) {
      log_.write(Level::notice, "link_failed", {{"address", peer}, {"because", why}});
    };
    if (!options.store) return options;
    options.store->on_trouble = [this](const std::string& text) {
      log_.write(Level::error, "store", {{"trouble", text}});
    };
    if (flags_.repair) repair(*options.store);
    return options;
  }

  static void repair(const StoreOptions& store) {
    const auto say = [&](const std::string& text) {
      std::fprintf(stderr, "mqttlab broker: %s: %s\n", store.path.c_str(), text.c_str());
    };
    const RepairReport report = repair_store(sqlite_options(store, {}));
    if (report.damage.empty()) return say("the store is in order");
    for (const std::string& line : report.damage) say(line);
    say("repaired, " + std::to_string(report.kept) + " records kept; the damaged store is " +
        report.put_aside);
  }

  // As root what only root may open; then no longer root.
  void open() {
    if (!config_.pid_file.empty()) pid_file_ = PidFile(config_.pid_file);
    for (const std::string& address : server_.start()) {
      tell("listening", address);
      listening_ += (listening_.empty() ? "" : ", ") + address;
    }
    if (!config_.metrics.empty()) open_metrics();
    if (!config_.user.empty() && !become_user(config_.user))
      log_.write(Level::warning, "user_not_changed",
                 {{"user", config_.user}, {"because", "not started by root"}});
  }

  void open_metrics() {
    const auto addresses = parse_listen(config_.metrics, 0);
    http_.emplace(context_, addresses->front().host, addresses->front().port,
                  [this](std::string_view path) { return answer(path); });
    tell("metrics", http_->address());
  }

  // Whoever started it by hand or in a script wants to know, whatever is logged.
  void tell(const char* what, const std::string& address) {
    if (flags_.config_file.empty())
      std::fprintf(stderr, "mqttlab broker: %s on %s\n", what, address.c_str());
    else
      log_.write(Level::notice, what, {{"address", address}});
  }

  HttpAnswer answer(std::string_view path) const {
    if (path == "/metrics") {
      ProcessFacts facts = process_facts();
      facts.log_lines_lost = log_.lost();
      return {200, metrics_content_type,
              metrics_text(server_.census(), facts, version(), started_at_)};
    }
    if (path == "/healthz") return {.status = 200, .body = "ok\n"};
    if (path == "/readyz")
      return stopping_ ? HttpAnswer{.status = 503, .body = "stopping\n"}
                       : HttpAnswer{.status = 200, .body = "ready\n"};
    return {.status = 404, .body = "there are /metrics, /healthz and /readyz\n"};
  }

  void await_end() {
    ending_.async_wait([this](error_code error, int) {
      if (error) return;
      if (std::exchange(stopping_, true)) return context_.stop();  // does not wait for goodbyes
      stop();
      await_end();
    });
  }

  void stop() {
    tell_systemd("STOPPING=1");
    log_.write(Level::notice, "ending");
    sys_timer_.cancel();
    deadline_.expires_after(config_.shutdown_timeout);
    deadline_.async_wait([this](error_code error) {
      if (error) return;
      log_.write(Level::warning, "ended_late",
                 {{"because", "clients did not take their goodbyes in time"}});
      context_.stop();
    });
    server_.stop([this] { context_.stop(); });
  }

  void await_hangup() {
    hangup_.async_wait([this](error_code error, int) {
      if (error) return;
      reload();
      await_hangup();
    });
  }

  // All or nothing: a file with an error changes nothing.
  void reload() {
    tell_systemd_reloading();
    ReadConfig read = load_config(flags_);
    for (const Problem& problem : read.problems)
      log_.write(problem.kind == Problem::Kind::error ? Level::error : Level::warning,
                 "configuration", {{"problem", to_string(problem)}});
    if (read.usable())
      take(std::move(read.config));
    else
      log_.write(Level::error, "not_reloaded", {{"because", "of errors in the configuration"}});
    tell_systemd("READY=1");
  }

  void take(Config wanted) {
    const std::vector<std::string> fixed = needs_restart(config_, wanted);
    // Whose the files are is settled until a restart; without them everybody would be let in.
    if (wanted.per_listener_settings != config_.per_listener_settings) {
      wanted.per_listener_settings = config_.per_listener_settings;
      wanted.access = config_.access;
    }
    try {
      server_.reload_certificates();
      server_.reload_access(wanted.access, wanted.settings.access);
      log_.reopen(wanted.log);
    } catch (const std::runtime_error& error) {
      return log_.write(Level::error, "not_reloaded", {{"because", error.what()}});
    }
    for (const std::string& key : fixed)
      log_.write(Level::warning, "needs_restart", {{"key", key}});
    Limits& limits = wanted.settings.limits;
    limits.inflight_messages = config_.settings.limits.inflight_messages;
    limits.session_expiry = config_.settings.limits.session_expiry;
    server_.change_limits(limits);
    wanted.fixed = config_.fixed;  // what this process runs with
    config_ = std::move(wanted);
    if (config_.sys_interval.count() == 0)
      for (Announce& word : sys_.withdraw()) server_.announce(std::move(word));
    update_sys();
    log_.write(Level::notice, "reloaded");
  }

  // Behind what the broker does at the moment. What it logs about handing out such a line goes
  // nowhere near these topics: one line would bring the next.
  void say_on_topic(Level level, const std::string& line) {
    if (says_line_ || stopping_) return;
    boost::asio::post(context_, [this, level, text = Bytes::copy(line)] {
      says_line_ = true;
      server_.announce({.topic = log_topic(level), .payload = text, .retain = false});
      says_line_ = false;
    });
  }

  void update_sys() {
    sys_timer_.cancel();
    if (config_.sys_interval.count() == 0 || stopping_) return;
    const auto uptime = std::chrono::floor<std::chrono::milliseconds>(Clock::now() - started_);
    for (Announce& word : sys_.update(server_.census(), uptime)) server_.announce(std::move(word));
    sys_timer_.expires_after(config_.sys_interval);
    sys_timer_.async_wait([this](error_code error) {
      if (!error) update_sys();
    });
  }

  const BrokerFlags& flags_;
  const Clock::time_point started_ = Clock::now();
  const double started_at_ =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  Config config_;
  boost::asio::io_context context_{1};
  Log log_;
  boost::asio::signal_set ending_;  // before the server: it may take its time to open the store
  boost::asio::signal_set hangup_;
  Server server_;
  boost::asio::steady_timer sys_timer_;
  boost::asio::steady_timer deadline_;
  SysTopics sys_{std::string("mqttlab version ") + version()};
  std::optional<HttpListener> http_;
  PidFile pid_file_;
  std::string listening_;
  bool stopping_ = false;
  bool says_line_ = false;
};

}  // namespace

int run_service(const BrokerFlags& flags, Config config) {
  raise_descriptor_limit();
  try {
    return Service(flags, std::move(config)).run();
  } catch (const boost::system::system_error& error) {
    std::fprintf(stderr, "mqttlab broker: %s\n", error.what());
  } catch (const std::system_error& error) {
    std::fprintf(stderr, "mqttlab broker: %s\n", error.what());
  } catch (const transport::TlsError& error) {
    std::fprintf(stderr, "mqttlab broker: %s\n", error.what());
    return exit_status::usage;
  } catch (const FileFault& error) {
    std::fprintf(stderr, "mqttlab broker: %s\n", error.what());
    return exit_status::usage;
  } catch (const StoreError& error) {
    std::fprintf(stderr, "mqttlab broker: %s\n", error.what());
  }
  return exit_status::cannot_start;
}

}  // namespace mq::broker
