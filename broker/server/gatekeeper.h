// Who may come in and do what, on a real machine: the files that say it, read at the start and
// again on demand, and the one who answers when the core asks who a client is.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "broker/access/access_options.h"
#include "broker/access/authenticator.h"
#include "broker/access/file_fault.h"
#include "broker/core/broker.h"

namespace mq::broker {

class Gatekeeper {
 public:
  // Reads the files; throws FileFault. `policy` is what the files do not say. `answer` is called
  // from the loop, once for every ask(). `anonymous_somewhere`: a listener lets in clients without
  // a user whatever the rest says.
  Gatekeeper(boost::asio::io_context& loop, AccessOptions options, AccessPolicy policy,
             bool anonymous_somewhere, std::size_t threads,
             std::function<void(const Authenticated&)> answer);

  const AccessPolicy& policy() const { return policy_; }
  // What the core is to hear of: the files as they are now. Throws FileFault, and then nothing has
  // changed.
  AccessChanged reload(AccessOptions options, AccessPolicy policy);
  // Whether a connection of a listener that says `listener` may be anonymous.
  bool anonymous_allowed(std::optional<bool> listener, bool is_local, bool has_users = true) const;

  void ask(Authenticate question) { authenticator_.ask(std::move(question)); }
  void forget(LinkId link) { authenticator_.forget(link); }

 private:
  struct Read {
    AccessPolicy policy;
    Credentials credentials;
  };
  Read read(const AccessOptions& options, AccessPolicy policy) const;

  AccessOptions options_;
  const bool anonymous_somewhere_;
  AccessPolicy policy_;
  Authenticator authenticator_;
};

}  // namespace mq::broker
