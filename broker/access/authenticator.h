// Answers the broker core's Authenticate on a real machine: passwords are hashed on threads of
// their own, away from the one that serves the links.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "broker/access/credentials.h"
#include "broker/core/broker.h"

namespace boost::asio {
class io_context;
}

namespace mq::broker {

class Authenticator {
 public:
  // `answer` is called from `loop`, once for every ask(). As many threads as are needed, at most
  // `threads`.
  Authenticator(boost::asio::io_context& loop, std::size_t threads,
                std::function<void(const Authenticated&)> answer);
  ~Authenticator();

  // The sets of users by the realms that questions name; one without a name is asked whatever the
  // question names. Who is who from now on, also for what is being verified at the moment.
  using Realms = std::map<std::string, Credentials>;
  void use(Realms realms);
  void use(Credentials everybody) { use(Realms{{"", std::move(everybody)}}); }
  void ask(Authenticate question);
  void forget(LinkId link);

 private:
  class Body;
  std::shared_ptr<Body> body_;
};

// Random bytes of the operating system; printable ones.
std::string random_bytes(std::size_t count);
std::string random_nonce();

}  // namespace mq::broker
