// What sub and rr print on stdout: messages, gathered over one round of events.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <string>

#include "client/pubsub/options.h"
#include "client/pubsub/session.h"

namespace mq::client {

class Printer {
 public:
  // If stdout takes nothing more, that is told and the session ends as a fault.
  Printer(boost::asio::io_context& context, const PrintOptions& options)
      : context_(context), options_(options) {}

  void print(const Publish& message, Session& session);
  // False: stdout does not take it. To be called once more after the last message.
  bool print_now(Session& session);

 private:
  boost::asio::io_context& context_;
  const PrintOptions options_;
  std::string text_;
  bool is_due_ = false;
};

}  // namespace mq::client
