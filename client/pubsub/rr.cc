#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <random>
#include <utility>

#include "client/pubsub/commands.h"
#include "client/pubsub/message_source.h"
#include "client/pubsub/options.h"
#include "client/pubsub/printer.h"
#include "client/pubsub/session.h"
#include "protocol/topic.h"

namespace mq::client {
namespace {

constexpr std::size_t correlation_bytes = 20;

// Text, so that scripts can answer.
Bytes random_correlation() {
  static constexpr char letters[] = "0123456789abcdefghijklmnopqrstuv";
  std::random_device chance;
  std::string text;
  while (text.size() < correlation_bytes) text += letters[chance() % 32];
  return Bytes::copy(text);
}

// Subscribes to where the response will come, then asks (5.0, 4.10).
class Requester {
 public:
  Requester(RrOptions options, Bytes payload)
      : options_(std::move(options)),
        payload_(std::move(payload)),
        response_topic_(options_.response_topic),
        deadline_(context_),
        printer_(context_, options_.print),
        session_(context_, "rr", options_,
                 {.connected = [this](const Connected& connected) { on_connected(connected); },
                  .told = [this](const Output& news) { hear(news); }}) {}

  int run() {
    if (options_.wait) {
      deadline_.expires_after(*options_.wait);
      deadline_.async_wait([this](boost::system::error_code error) {
        if (!error) session_.finish(exit_status::nothing);
      });
    }
    const int status = session_.run();
    return printer_.print_now(session_) ? status : exit_status::fault;
  }

 private:
  void on_connected(const Connected& connected) {
    const bool first = !std::exchange(had_connection_, true);
    if (!first && connected.conn_ack.session_present) return;
    if (response_topic_.empty() && !choose_topic(connected.conn_ack)) return;
    session_.driver().give(SubscribeOrder{session_.next_handle(),
                                          {{response_topic_, {.qos = options_.qos}}},
                                          options_.subscribe_properties});
  }

  // A topic of our own below what the broker gives.
  bool choose_topic(const ConnAck& ack) {
    const std::string* information = ack.properties.text(PropertyId::response_information);
    if (information != nullptr) response_topic_ = *information;
    if (!response_topic_.empty() && response_topic_.back() != '/') response_topic_ += '/';
    if (!response_topic_.empty()) {
      const std::string* assigned = ack.properties.text(PropertyId::assigned_client_identifier);
      response_topic_ += assigned != nullptr ? *assigned : options_.settings.client_id;
    }
    if (!response_topic_.empty() && !topic_name_breaks(response_topic_)) return true;
    session_.error(
        "the broker gives no response information that a topic could be made of: say -e TOPIC");
    session_.finish(exit_status::refused);
    return false;
  }

  void hear(const Output& news) {
    if (const auto* message = std::get_if<Message>(&news)) on_message(message->publish);
    if (const auto* subscribed = std::get_if<Subscribed>(&news)) on_subscribed(*subscribed);
    if (const auto* completed = std::get_if<Completed>(&news)) on_completed(*completed);
  }

  void on_subscribed(const Subscribed& subscribed) {
    const ReasonCode reason = subscribed.reasons.at(0);
    const char* text = name(reason, Kind::sub_ack, options_.settings.version);
    if (failed(reason)) {
      session_.error("the broker refused the subscription to " + response_topic_ + ": " + text);
      return session_.finish(exit_status::refused);
    }
    session_.debug("subscribed to " + response_topic_ + ": " + text);
    if (!std::exchange(asked_, true)) ask();
  }

  void ask() {
    Properties properties = options_.publish_properties;
    if (options_.settings.version == Version::v5) {
      const Bytes* given = properties.binary(PropertyId::correlation_data);
      correlation_ = given != nullptr ? *given : random_correlation();
      if (given == nullptr) properties.add(PropertyId::correlation_data, correlation_);
      properties.add(PropertyId::response_topic, response_topic_);
    }
    session_.driver().give(
        PublishOrder{session_.next_handle(), Publish{.topic = options_.topic,
                                                     .qos = options_.qos,
                                                     .properties = std::move(properties),
                                                     .payload = payload_}});
  }

  void on_completed(const Completed& completed) {
    using enum Completed::Outcome;
    switch (completed.outcome) {
      case acknowledged:
      case received:
        session_.debug("the request was published");
        return;
      case session_lost:
        return;  // it is sent anew, or the broker has it
      default:
        session_.error(failure_of(completed));
        session_.finish(exit_status::refused);
    }
  }

  // A response repeats the correlation data of its request; who knows of none may leave it out.
  bool is_response(const Publish& message) const {
    if (message.topic != response_topic_ || !asked_) return false;
    if (message.retain && options_.skip_stale) return false;
    const Bytes* correlation = message.properties.binary(PropertyId::correlation_data);
    return correlation == nullptr || correlation->text() == correlation_.text();
  }

  void on_message(const Publish& message) {
    if (!is_response(message)) return session_.debug("a message that is no response");
    printer_.print(message, session_);
    session_.finish(exit_status::done);
  }

  boost::asio::io_context context_;
  const RrOptions options_;
  const Bytes payload_;
  std::string response_topic_;
  Bytes correlation_;
  boost::asio::steady_timer deadline_;
  Printer printer_;
  bool asked_ = false;
  bool had_connection_ = false;
  Session session_;
};

}  // namespace

int rr_main(int argc, char** argv) {
  auto parsed = parse_rr(argc, argv);
  if (const auto* ended = std::get_if<Ended>(&parsed)) return ended->exit_status;
  auto& options = std::get<RrOptions>(parsed);
  auto payload = read_message(options.source, "rr");
  if (!payload) return exit_status::usage;
  return Requester(std::move(options), std::move(*payload)).run();
}

}  // namespace mq::client
