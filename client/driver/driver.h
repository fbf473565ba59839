// One client core on a real socket: resolves, connects, carries bytes and time. It decides nothing
// of MQTT; when to connect again is the core's to say.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "client/core/client.h"

namespace boost::asio {
class io_context;
}

namespace mq::client {

struct Endpoint {
  std::string host;
  std::uint16_t port = 1883;
};

class Driver {
 public:
  // Called from the io_context, one at a time, never from inside give().
  struct Owner {
    std::function<void(const Output&)> told;  // all that is not the driver's to do
    // Why a link could not be had, or what it was without an answer to CONNECT.
    std::function<void(const std::string&)> link_failed;
    std::function<void()> drained;  // backlog_bytes() has become less
  };

  Driver(boost::asio::io_context& context, Endpoint endpoint, Settings settings, std::uint64_t seed,
         Owner owner);
  ~Driver();  // drops the link without a word

  void give(Input input);
  bool connected() const;
  std::size_t queued_messages() const;
  // Of what was given, so much has not left for the network yet.
  std::size_t backlog_bytes() const;

 private:
  class Body;
  std::shared_ptr<Body> body_;
};

}  // namespace mq::client
