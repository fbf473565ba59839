// One case on real sockets: joins a play to connections of this machine and to its clock. All
// cases of a run share one thread and its io_context.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "conformance/runner/address.h"
#include "conformance/runner/play.h"
#include "conformance/runner/socket_link.h"
#include "transport/core_clock.h"
#include "transport/layer.h"
#include "transport/tls.h"

namespace mq::conformance {

// How to get a connection to a target. Outlives the cases.
class Dialer {
 public:
  struct Dialed {
    std::shared_ptr<transport::Link> link;  // not started yet
    std::shared_ptr<SocketLink> socket;     // below it
  };

  // Throws transport::TlsError.
  Dialer(boost::asio::io_context& context, Address address, const transport::TlsClientOptions& tls);
  ~Dialer();  // aborts what is still being closed
  Dialer(const Dialer&) = delete;
  Dialer& operator=(const Dialer&) = delete;

  // Why the name of the host leads nowhere; empty if it does not.
  std::string resolve();
  // `plain`: whoever wants it speaks WebSocket itself, if the target does.
  enum class Over { all_layers, plain };
  Dialed dial(Version version, transport::Link::Owner owner, Over over = Over::all_layers);
  boost::asio::io_context& context() { return context_; }
  std::size_t dialed() const { return dialed_.size(); }          // until now
  std::size_t open() const { return seats_.use_count() - 1UL; }  // now

 private:
  boost::asio::io_context& context_;
  const Address address_;
  std::optional<transport::TlsClient> tls_;
  SocketLink::Endpoints endpoints_;
  std::vector<std::weak_ptr<SocketLink>> dialed_;
  const std::shared_ptr<void> seats_ = std::make_shared<int>();  // each open one has a share
};

class SocketCase final : public std::enable_shared_from_this<SocketCase> {
 public:
  using Done = std::function<void(Outcome, Leftovers)>;

  // `one` and `dialer` outlive this. After `limit` the case is given up.
  SocketCase(Dialer& dialer, const Case& one, Surroundings around, Duration limit, Done done);
  void start();
  void give_up();  // at once, and nobody is told

 private:
  void act();
  void perform(Action& action);
  void open(const OpenLink& open);
  void end(const EndLink& end);
  void on_ended(LinkNumber link, boost::system::error_code error);
  void finish();
  Instant now() const { return clock_.now(); }

  Dialer& dialer_;
  const Version version_;
  const Dialer::Over over_;
  const Duration limit_;
  Play play_;
  Done done_;
  transport::CoreClock clock_;
  boost::asio::steady_timer limit_timer_;
  struct Wire {
    Dialer::Dialed dialed;
    bool was_open = false;
  };
  std::map<LinkNumber, Wire> links_;
  bool is_over_ = false;
};

}  // namespace mq::conformance
