// Who may come in and do what, on a real machine: the files that say it, read at the start and
// again on demand, and the one who answers when the core asks who a client is.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/access/access_options.h"
#include "broker/access/authenticator.h"
#include "broker/access/file_fault.h"
#include "broker/core/broker.h"
#include "broker/server/listener_options.h"

namespace mq::broker {

class Gatekeeper {
 public:
  // Reads the files; throws FileFault. `policy` is what the files do not say. `answer` is called
  // from the loop, once for every ask(). Of the listeners, what they say of users and rules counts.
  Gatekeeper(boost::asio::io_context& loop, AccessOptions options, AccessPolicy policy,
             const std::vector<ListenerOptions>& listeners, std::size_t threads,
             std::function<void(const Authenticated&)> answer);

  const AccessPolicy& policy() const { return policy_; }
  // What the core is to hear of: the files as they are now. Throws FileFault, and then nothing has
  // changed.
  AccessChanged reload(AccessOptions options, AccessPolicy policy);
  // Whether a connection of this listener may be anonymous.
  bool anonymous_allowed(const ListenerOptions& listener, bool is_local) const;
  // By what who comes by this listener is known and judged.
  Origin origin_of(const ListenerOptions& listener) const;

  void ask(Authenticate question) { authenticator_.ask(std::move(question)); }
  void forget(LinkId link) { authenticator_.forget(link); }

 private:
  struct Read {
    AccessPolicy policy;
    Authenticator::Realms users;
  };
  Read read(const AccessOptions& options, AccessPolicy policy) const;
  void read_own(const AccessOptions& options, Read& found) const;

  const std::vector<ListenerOptions> listeners_;
  AccessOptions options_;
  AccessPolicy policy_;
  Authenticator::Realms users_;
  Authenticator authenticator_;
};

}  // namespace mq::broker
