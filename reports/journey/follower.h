// Follows one client through a trace, in bounded state.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

#include "conformance/checks/attempts.h"
#include "reports/journey/journey.h"
#include "reports/sequence/exchanges.h"

namespace mq::report {

class JourneyFollower {
 public:
  // `named` are messages that are kept before all others; it must outlive this.
  JourneyFollower(trace::ClientIndex client, const std::set<trace::Stamp>& named,
                  const JourneyLimits& limits);

  // Events of the client, or of the whole run; `attempts` knows those up to this event.
  void observe(const trace::Event& event, const checks::Attempts& attempts);
  Journey finish();

 private:
  struct Key {
    trace::Stamp message;
    bool published;  // by this client; else received
    auto operator<=>(const Key&) const = default;
  };
  struct Followed {
    Key key;
    JourneyMessage message;
    bool settled = false;  // nothing is owed any more
  };
  struct Sent {  // a packet on its way
    Key key;
    std::size_t packet;
  };

  void on_link(const trace::Event& event);
  void on_packet(const trace::PacketSeen& seen, Instant at);
  void on_session(const trace::PacketSeen& seen, Instant at);
  void on_delivery(const trace::Delivered& delivery, Instant at, const checks::Attempts& attempts);
  void on_application(const trace::Event& event);
  JourneyConnection* connection(std::uint32_t number);
  Followed* find(const Key& key);
  Followed& follow(const Key& key, Instant at);
  void let_go(std::list<Followed>::iterator which);
  void keep(const Key& key, JourneyMessage message);

  struct Kept {
    std::tuple<bool, bool, Duration> weight;  // named, in trouble, how long it took
    JourneyMessage message;
  };

  trace::ClientIndex client_;
  const std::set<trace::Stamp>& named_;
  JourneyLimits limits_;
  Journey journey_;
  std::deque<JourneyConnection> last_connections_;
  std::vector<Kept> kept_;
  std::list<Followed> followed_;  // the oldest first
  std::map<Key, std::list<Followed>::iterator> by_key_;
  Exchanges exchanges_;
  OnTheWay<Sent> on_the_way_;
};

}  // namespace mq::report
