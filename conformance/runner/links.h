// The connections of a case: what was sent, what came and waits to be looked at, and how each
// ended. Writes the transcript, and has the monitors watch.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "conformance/runner/endurance.h"
#include "conformance/runner/play.h"
#include "conformance/runner/watched.h"
#include "conformance/runner/web_socket.h"

namespace mq::conformance {

struct Link {
  Link(LinkNumber number_given, std::string name_given, Sender peer, Version version)
      : number(number_given),
        name(std::move(name_given)),
        reader(peer, version),
        peers_reader(peer == Sender::server ? Sender::client : Sender::server, version) {}

  LinkNumber number;
  std::string name;
  PacketReader reader;
  PacketReader peers_reader;  // what it makes of our bytes, if they break no rule
  std::deque<Packet> inbox;
  std::deque<std::vector<std::byte>> inbox_wire;  // of each, as it came
  bool is_open = false;
  bool ended_by_us = false;
  bool has_left = false;             // a client has said DISCONNECT
  bool was_heard = false;            // something came
  bool was_spoken_to = false;        // something was sent
  std::optional<std::string> ended;  // how
  std::optional<Kind> last_sent;
  std::optional<WebSocket> web_socket;   // carries the packets
  std::optional<std::string> malformed;  // what the peer sent wrong: nothing more is read
};

// Of a name, over all of its connections.
struct Party {
  std::optional<LinkNumber> current;
  std::string client_id;
  std::uint16_t keep_alive = 0;
  bool names_keep_alive = false;  // the script does
  std::uint16_t next_id = 1;
  std::optional<std::uint16_t> sent_id;      // of the last packet with one
  std::optional<std::uint16_t> received_id;  // of the last packet with one that was looked at
  std::optional<Packet> hello;  // what the peer said of itself: CONNACK, or of a client CONNECT
  std::string subprotocol;      // of its WebSocket, as the server chose
  bool is_automatic = false;    // acknowledges by itself; to a client: answers everything
  bool answers_pings = true;    // of a client, which the script does not see then
  std::string asked;            // by the last SUBSCRIBE or UNSUBSCRIBE: reasons that grant it
  bool keeps_session = false;   // as its last CONNECT wished
  // Ids of messages that it has sent on this connection, and whose exchange is not over.
  std::set<PacketId> unacknowledged;
};

class Links {
 public:
  // With a place, the connections are WebSockets. `watched` and `endurance` outlive this.
  Links(const Case& one, WatchedPeer& watched, Endurance& endurance,
        std::optional<WebSocketPlace> place)
      : version_(one.version),
        role_(one.role),
        watched_(watched),
        endurance_(endurance),
        place_(std::move(place)) {}

  Party& party(const std::string& name) { return parties_[name]; }
  const Party* find_party(std::string_view name) const;
  Link* current(const std::string& name);  // null: it was never opened
  Link* find(LinkNumber number);
  std::vector<std::string> names() const;

  // Of WebSockets: which subprotocols are offered.
  Link& open(const std::string& name, const std::string& offers = "mqtt");
  // A client has opened one; it waits until the script accepts it under a name.
  Link& arrive();
  Link* accept(const std::string& name);  // the one that waits longest; null: none waits
  // Whatever the state of the connection: what cannot leave is noted.
  void send(const std::string& name, std::optional<Kind> packet, std::vector<std::byte> bytes,
            std::size_t piece_bytes = 0, bool as_text_frame = false);
  void end(const std::string& name, HowToEnd how);

  void on_open(Link& link);
  void on_bytes(Link& link, std::span<const std::byte> bytes);
  void on_end(Link& link, const std::string& how);

  // The packet was looked at and is what was expected.
  Packet take(Link& link, std::size_t at);

  void note(const std::string& name, std::string text, Said::What what = Said::What::event,
            std::span<const std::byte> bytes = {});

  Instant now{};
  std::deque<Action> actions;
  std::vector<Said> transcript;
  Leftovers leftovers;
  bool was_turned_away = false;  // see Outcome

 private:
  void read(Link& link);
  void tell_of_web_socket(const Link& link);
  static void learn(Party& party, const Packet& packet);  // what a client tells of itself
  void remember(Link& link, std::span<const std::byte> sent, const Decoded& decoded);
  void remember(Link& link, const Packet& sent);
  bool acknowledge(Link& link, const Packet& packet);  // whether it is no matter of the script
  bool serve(Link& link, const Packet& packet);        // the same, where we are the broker
  void answer(Link& link, Kind kind, std::uint16_t id);
  void read(Link& link, std::span<const std::byte> bytes);

  Sender peer() const { return role_ == Role::client ? Sender::client : Sender::server; }
  Sender us() const { return role_ == Role::client ? Sender::server : Sender::client; }

  const Version version_;
  const Role role_;
  WatchedPeer& watched_;
  Endurance& endurance_;
  const std::optional<WebSocketPlace> place_;
  std::map<std::string, Party, std::less<>> parties_;
  std::map<LinkNumber, Link> links_;
  std::deque<LinkNumber> arrived_;
  std::uint32_t last_ = 0;
};

HowToEnd way_to_end(Verb verb);  // of close, cut, half_close or vanish

std::uint16_t id_of(const Packet& packet);  // 0: it has none

}  // namespace mq::conformance
