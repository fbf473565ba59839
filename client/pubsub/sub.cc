#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "client/pubsub/commands.h"
#include "client/pubsub/format.h"
#include "client/pubsub/options.h"
#include "client/pubsub/session.h"
#include "protocol/topic.h"

namespace mq::client {
namespace {

constexpr std::size_t printed_at_once_bytes = 64 * 1024;

class Subscriber {
 public:
  explicit Subscriber(SubOptions options)
      : options_(std::move(options)),
        deadline_(context_),
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
    return print_now() ? status : exit_status::fault;
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
    if (options_.remove_retained && message.retain && !message.payload.empty())
      session_.driver().give(
          PublishOrder{session_.next_handle(), Publish{.topic = message.topic, .retain = true}});
    if (options_.skip_stale && message.retain) return;
    const bool is_unwanted =
        std::any_of(options_.filter_out.begin(), options_.filter_out.end(),
                    [&](const std::string& filter) { return matches(filter, message.topic); });
    if (is_unwanted) return;
    print(message);
    if (options_.count && printed_ == *options_.count) session_.finish(exit_status::done);
  }

  void print(const Publish& message) {
    ++printed_;
    const std::string_view plain = !options_.verbose         ? "%p"
                                   : message.payload.empty() ? "%t (null)"
                                                             : "%t %p";
    const bool sound = append_formatted(options_.format.empty() ? plain : options_.format, message,
                                        std::chrono::system_clock::now().time_since_epoch(), text_);
    if (!sound) session_.error("the payload is no JSON, on topic " + printable(message.topic));
    if (options_.newline) text_ += '\n';
    if (text_.size() >= printed_at_once_bytes) {
      print_now();
    } else if (!std::exchange(print_is_due_, true)) {
      // Once for all that the present round of events brings.
      boost::asio::post(context_, [this] {
        print_is_due_ = false;
        print_now();
      });
    }
  }

  // For a terminal.
  static std::string printable(std::string text) {
    for (char& c : text)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
    return text;
  }

  // False: stdout does not take it.
  bool print_now() {
    const bool taken = std::fwrite(text_.data(), 1, text_.size(), stdout) == text_.size() &&
                       std::fflush(stdout) == 0;
    text_.clear();
    if (taken || session_.finishing()) return taken;
    session_.error(std::string("cannot write to stdout: ") + std::strerror(errno));
    session_.finish(exit_status::fault);
    return false;
  }

  boost::asio::io_context context_;
  const SubOptions options_;
  boost::asio::steady_timer deadline_;
  std::string text_;
  std::uint64_t printed_ = 0;
  bool print_is_due_ = false;
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
