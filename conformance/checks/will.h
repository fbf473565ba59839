// Wills are published exactly when they should be: after an end of the connection that the client
// did not announce, when the will's delay or the session is over; once; not after a DISCONNECT, and
// not if the client was back in time. Serves 3.1.2.5 of both standards and 3.1.3.2 of 5.0.
//
// What counts is what the broker knew: its end of the connection and the packets that reached it.
// Around the instant at which a delay ends, both outcomes are right.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/fetch.h"
#include "conformance/checks/check.h"
#include "conformance/checks/fleet.h"
#include "conformance/checks/tally.h"

namespace mq::checks {

class WillCheck final : public Check {
 public:
  // `fleet` outlives it and has observed every event before it.
  explicit WillCheck(Fleet& fleet) : fleet_(fleet), clients_(fleet.size()) {}

  void observe(const trace::Event& event) override;
  std::vector<Finding> finish(Instant end) override;

  std::uint64_t published() const { return published_; }
  std::uint64_t cancelled() const { return cancelled_; }
  std::size_t held() const;  // wills in memory, for tests of the bound

  // Asks for what the next event of this client will touch.
  void fetch(ClientIndex client) const { mq::fetch(&clients_[static_cast<std::size_t>(client)]); }

  // Settled wills that are remembered per client, to know a second copy when it comes.
  static constexpr std::size_t settled_wills_max = 4;

 private:
  enum class Owed : std::uint8_t { undecided, must, must_not, may };
  enum class Why : std::uint8_t { disconnected, resumed, refused };
  struct Observer {  // that had to get it
    ClientIndex client;
    Qos qos;
    std::uint32_t connection;
  };
  struct Copy {
    ClientIndex client;
    std::uint32_t live = 0;
  };
  // The will of one connection.
  struct Will {
    std::uint32_t connection = 0;
    TopicId topic{};
    Qos qos = Qos::at_most_once;
    bool perishable = false;
    std::uint32_t delay = 0;   // asked for, in seconds
    std::uint32_t expiry = 0;  // of the session: its end is the end of the delay, too
    bool is_v5 = false;
    bool armed = false;         // the broker accepted the CONNECT
    bool broker_heard = false;  // the trace shows what reached the broker
    bool exact = false;         // the broker closed its end when the trace says so
    std::uint16_t keep_alive = 0;
    Instant heard_at;  // when the broker heard of the client last
    bool disconnect_sent = false;
    std::optional<Instant> discarded;  // DISCONNECT reached the broker
    std::optional<Instant> closed;     // the broker's end, at the latest
    std::optional<Instant> back;       // the broker accepted the next connection
    bool back_resumed = false;         // ... and its session went on
    bool back_clean = false;           // ... with a clean start
    std::optional<Instant> seen;       // published
    Instant due;
    Owed owed = Owed::undecided;
    Why why = Why::disconnected;
    bool blamed = false;
    // A packet that the client sent after its will was published: an answer to it proves that the
    // broker still serves the connection.
    std::optional<std::pair<Kind, PacketId>> probe;
    std::uint32_t pings_open = 0;
    bool crashed_since = false;
    std::vector<Observer> observers;
    std::vector<Copy> copies;
  };
  struct Client {
    std::vector<Will> wills;                                     // ascending connections
    std::vector<std::pair<ClientIndex, std::uint32_t>> watches;  // wills that it must get
  };

  void on(const trace::PacketSeen& seen, Instant at);
  void on(const trace::LinkClosed& closed, Instant at);
  void on(const trace::Delivered& delivered, Instant at);
  void on_broker_down(Instant at);
  void on_changes();

  void on_connect(ClientIndex client, std::uint32_t connection, const Connect& connect);
  void on_conn_ack(ClientIndex client, std::uint32_t connection, const ConnAck& conn_ack,
                   Instant at);
  void on_disconnect(ClientIndex client, std::uint32_t connection, const Disconnect& disconnect,
                     trace::End end, Instant at);
  void on_client_packet(ClientIndex client, Will& will, const Packet& packet, bool sent,
                        Instant at);
  void on_closed_at_broker(ClientIndex client, Will& will, Instant at);
  void on_back(ClientIndex client, Will& will, Instant at);
  bool is_coming_back(ClientIndex client, const Will& will) const;
  void on_published(ClientIndex client, Will& will, Instant at);
  void on_copy(ClientIndex owner, Will& will, const trace::Delivered& delivered, Instant at);
  void decide(ClientIndex client, Will& will, Owed owed, Instant at, Why why = Why::disconnected);
  void decide_what_is_due(Instant at);
  std::vector<Observer> observers_of(ClientIndex owner, const Will& will, Instant at) const;
  void no_longer_watches(ClientIndex observer, std::optional<FilterId> filter);
  Will* find(ClientIndex client, std::uint32_t connection);
  bool is_silent(const Will& will, Instant when) const;
  void blame_wrong(ClientIndex client, Will& will);
  void blame_early(ClientIndex client, Will& will);
  void blame(ClientIndex owner, Will& will, Instant at, std::string text,
             std::optional<ClientIndex> observer);
  bool had_to_come(const Will& will, const Observer& observer, Instant end) const;
  std::string end_text(ClientIndex owner, const Will& will) const;

  Fleet& fleet_;
  std::vector<Client> clients_;
  std::multimap<Instant, std::pair<ClientIndex, std::uint32_t>> due_;
  Tally tally_;
  std::uint64_t published_ = 0;
  std::uint64_t cancelled_ = 0;
};

}  // namespace mq::checks
