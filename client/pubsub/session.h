// What the commands have in common while they run: one driver, signals, what is told on stderr, and
// how the process ends.
#pragma once

#include <functional>
#include <string>

#include "client/driver/driver.h"
#include "client/pubsub/options.h"

namespace mq::client {

// What became of a message that did not go out, or was not taken, in a sentence.
std::string failure_of(const Completed& completed);

class Session {
 public:
  struct Owner {
    std::function<void(const Connected&)> connected;
    std::function<void(const Output&)> told;  // Message, Completed, Subscribed, Unsubscribed
    std::function<void()> drained;
  };

  Session(boost::asio::io_context& context, const char* verb, const CommonOptions& options,
          Owner owner);
  ~Session();

  // Connects and works until finish(); the exit status.
  int run();
  // Says goodbye to the broker and ends run(). The first status counts.
  void finish(int status);
  bool finishing() const;

  Driver& driver();
  Handle next_handle();
  void error(const std::string& text);
  void debug(const std::string& text);

 private:
  class Body;
  std::unique_ptr<Body> body_;
};

}  // namespace mq::client
