#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <random>
#include <utility>

#include "client/pubsub/commands.h"
#include "client/pubsub/options.h"
#include "client/pubsub/printer.h"
#include "client/pubsub/session.h"
#include "protocol/topic.h"

namespace mq::client {
namespace {

class Subscriber {
 public:
  explicit Subscriber(SubOptions options)
      : options_(std::move(options)),
        deadline_(context_),
        printer_(context_, options_.print),
        chance_(std::random_device{}()),
        session_(context_, "sub", options_,
                 {.connected = [this](const Connected& connected) { on_connected(connected); },
                  .told = [this](const Output& news) { hear(news); }}) {}

  int run() {
    if (options_.wait) {
      deadline_.expires_after(*options_.wait);
      deadline_.async_wait([this](boost::system::error_code error) {
        const bool got_what_was_asked = !options_.count && printed_ > 0;
        if (!error) session_.finish(got_what_was_asked ? exit_status::done : exit_status::nothing);
      });
    }
    const int status = session_.run();
    return printer_.print_now(session_) ? status : exit_status::fault;
  }

 private:
  void on_connected(const Connected& connected) {
    const bool first = !std::exchange(had_connection_, true);
    if (first && !options_.unsubscribe.empty())
      session_.driver().give(UnsubscribeOrder{session_.next_handle(), options_.unsubscribe,
                                              options_.unsubscribe_properties});
    // A session that this process made still has its subscriptions.
    if (!first && connected.conn_ack.session_present) return;
    if (options_.entries.empty()) return;
    session_.driver().give(
        SubscribeOrder{session_.next_handle(), options_.entries, options_.subscribe_properties});
  }

  void hear(const Output& news) {
    if (const auto* message = std::get_if<Message>(&news)) on_message(message->publish);
    if (const auto* subscribed = std::get_if<Subscribed>(&news)) on_subscribed(*subscribed);
    if (std::holds_alternative<Unsubscribed>(news)) {
      session_.debug("unsubscribed");
      if (options_.entries.empty()) session_.finish(exit_status::done);
    }
  }

  void on_subscribed(const Subscribed& subscribed) {
    std::size_t refused = 0;
    for (std::size_t i = 0; i < subscribed.reasons.size(); ++i) {
      const ReasonCode reason = subscribed.reasons[i];
      const std::string& filter = options_.entries[i].filter;
      const char* text = name(reason, Kind::sub_ack, options_.settings.version);
      if (failed(reason)) {
        ++refused;
        session_.error("the broker refused the subscription to " + filter + ": " + text);
      } else {
        session_.debug("subscribed to " + filter + ": " + text);
      }
    }
    if (refused == subscribed.reasons.size())
      session_.finish(exit_status::refused);
    else if (options_.end_when_subscribed)
      session_.finish(exit_status::done);
  }

  void on_message(const Publish& message) {
    if (options_.retained_only && !message.retain) return session_.finish(exit_status::done);
    const bool is_unwanted =
        std::any_of(options_.filter_out.begin(), options_.filter_out.end(),
                    [&](const std::string& filter) { return matches(filter, message.topic); });
    if (is_unwanted) return;
    if (options_.remove_retained && message.retain && !message.payload.empty())
      session_.driver().give(
          PublishOrder{session_.next_handle(), Publish{.topic = message.topic, .retain = true}});
    if (options_.skip_stale && message.retain) return;
    if (chance_.unit() >= options_.printed_share) return;
    ++printed_;
    printer_.print(message, session_);
    if (options_.count && printed_ == *options_.count) session_.finish(exit_status::done);
  }

  boost::asio::io_context context_;
  const SubOptions options_;
  boost::asio::steady_timer deadline_;
  Printer printer_;
  Rng chance_;
  std::uint64_t printed_ = 0;
  bool had_connection_ = false;
  Session session_;
};

}  // namespace

int sub_main(int argc, char** argv) {
  auto parsed = parse_sub(argc, argv);
  if (const auto* ended = std::get_if<Ended>(&parsed)) return ended->exit_status;
  return Subscriber(std::move(std::get<SubOptions>(parsed))).run();
}

}  // namespace mq::client
