#include "client/pubsub/session.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <random>
#include <utility>

#include "base/overloaded.h"
#include "protocol/reason_code.h"

namespace mq::client {
namespace {

std::uint64_t random_seed() {
  std::random_device chance;
  return (static_cast<std::uint64_t>(chance()) << 32) | chance();
}

}  // namespace

std::string failure_of(const Completed& completed) {
  using enum Completed::Outcome;
  switch (completed.outcome) {
    case refused:
      return std::string("the message was refused: ") +
             name(completed.reason, Kind::pub_ack, Version::v5);
    case queue_full:
      return "too many messages wait to be sent";
    case too_large:
      return "the message is larger than the broker takes";
    case expired:
      return "the message expired before it could be sent";
    default:
      return "the connection was lost before the message was sent";
  }
}

// What the broker adds in words, and where it says to go (v5 3.2.2.3.9, 3.2.2.3.16); it may not
// move the terminal.
std::string more_said(const Properties& properties) {
  std::string text;
  if (const auto* reason = properties.text(PropertyId::reason_string)) text += " (" + *reason + ")";
  if (const auto* other = properties.text(PropertyId::server_reference))
    text += "; it says to use " + *other;
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  return text;
}

class Session::Body {
 public:
  Body(boost::asio::io_context& context, const char* verb, const CommonOptions& options,
       Owner owner)
      : context_(context),
        verb_(verb),
        options_(options),
        owner_(std::move(owner)),
        signals_(context, SIGINT, SIGTERM),
        driver_(context, options.endpoint, options.settings, random_seed(),
                {.told = [this](const Output& news) { hear(news); },
                 .link_failed = [this](const std::string& why) { on_link_failed(why); },
                 .drained =
                     [this] {
                       if (owner_.drained && !finishing_) owner_.drained();
                     }}) {}

  int run() {
    signals_.async_wait([this](boost::system::error_code error, int signal) {
      if (error) return;
      finish(signal == SIGINT ? exit_status::interrupted : exit_status::terminated);
      // A second one does not wait for the goodbye.
      signals_.async_wait([this](boost::system::error_code again, int) {
        if (!again) context_.stop();
      });
    });
    driver_.give(Start{});
    debug("connecting to " + text_of(options_.endpoint) + " as " + options_.settings.client_id);
    context_.run();
    return status_;
  }

  void finish(int status) {
    if (std::exchange(finishing_, true)) return;
    status_ = status;
    driver_.give(StopOrder{.properties = options_.disconnect_properties});
  }

  bool finishing() const { return finishing_; }
  Driver& driver() { return driver_; }
  Handle next_handle() { return Handle{++last_handle_}; }

  void error(const std::string& text) {
    if (!options_.quiet) std::fprintf(stderr, "mqttlab %s: %s\n", verb_, text.c_str());
  }
  void debug(const std::string& text) {
    if (options_.debug) std::fprintf(stderr, "mqttlab %s: %s\n", verb_, text.c_str());
  }

 private:
  void hear(const Output& news) {
    std::visit(overloaded{[&](const Connected& connected) { on_connected(connected); },
                          [&](const Refused& refused) { on_refused(refused); },
                          [&](const Disconnected& ended) { on_disconnected(ended); },
                          [&](const Stopped&) { on_stopped(); },
                          [&](const auto&) {
                            if (!finishing_) owner_.told(news);
                          }},
               news);
  }

  void on_connected(const Connected& connected) {
    had_connection_ = true;
    debug(std::string("connected, session ") +
          (connected.conn_ack.session_present ? "resumed" : "new"));
    if (!finishing_) owner_.connected(connected);
  }

  void on_refused(const Refused& refused) {
    const char* reason = name(refused.conn_ack.reason, Kind::conn_ack, options_.settings.version);
    error(std::string("the broker refused the connection: ") + reason +
          more_said(refused.conn_ack.properties));
    if (refused.final || !had_connection_) finish(exit_status::unreachable);
  }

  void on_disconnected(const Disconnected& ended) {
    if (finishing_) return;
    if (ended.by_peer)
      error(std::string("the broker ended the connection: ") +
            name(ended.by_peer->reason, Kind::disconnect, Version::v5) +
            more_said(ended.by_peer->properties));
    else if (ended.because == Rule::silence_closes_link)
      error("the broker is silent, connecting again");
    else if (ended.because != Rule::none)
      error("the broker broke the protocol: " + std::string(info(ended.because).sentence));
    else
      debug("the connection broke, connecting again");
  }

  void on_link_failed(const std::string& why) {
    if (finishing_) return;
    error("cannot connect to " + why);
    if (!had_connection_) finish(exit_status::unreachable);
  }

  void on_stopped() {
    if (!finishing_) status_ = exit_status::unreachable;  // the broker does not want us back
    finishing_ = true;
    context_.stop();
  }

  boost::asio::io_context& context_;
  const char* verb_;
  const CommonOptions& options_;
  const Owner owner_;
  boost::asio::signal_set signals_;
  Driver driver_;
  std::uint64_t last_handle_ = 0;
  int status_ = exit_status::done;
  bool finishing_ = false;
  bool had_connection_ = false;
};

Session::Session(boost::asio::io_context& context, const char* verb, const CommonOptions& options,
                 Owner owner)
    : body_(std::make_unique<Body>(context, verb, options, std::move(owner))) {}
Session::~Session() = default;
int Session::run() { return body_->run(); }
void Session::finish(int status) { body_->finish(status); }
bool Session::finishing() const { return body_->finishing(); }
Driver& Session::driver() { return body_->driver(); }
Handle Session::next_handle() { return body_->next_handle(); }
void Session::error(const std::string& text) { body_->error(text); }
void Session::debug(const std::string& text) { body_->debug(text); }

}  // namespace mq::client
