// What the monitors know of one connection and of the session behind it, as the watched side may
// know it. Everything is bounded: what goes over a bound makes the rules that need it silent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "conformance/monitors/exchanges.h"
#include "conformance/monitors/watch.h"
#include "protocol/packet.h"

namespace mq::monitors {

inline constexpr std::size_t filters_watched_max = 64;  // of a session, and of its past
inline constexpr std::size_t requests_open_max = 64;    // SUBSCRIBE without its answer
inline constexpr std::size_t identifiers_max = 16;      // of one filter in its session
inline constexpr std::size_t left_max = 1024;           // answers to earlier connections
inline constexpr std::size_t aliases_watched_max = 65'535;

enum class Known : std::uint8_t { no, maybe, yes };

struct Session;

struct Link {
  // What nearly every packet is held against lies together, before the rest.
  std::uint32_t client = 0;
  std::uint32_t number = 0;
  Session* session = nullptr;  // of the client id of its CONNECT
  Instant accepted_at;
  Instant last_sent;
  Instant last_heard;
  Instant full_until;           // with what the watched side had sent, as far as is known
  std::uint32_t in_flight = 0;  // bytes of whole packets that it has sent, and the peer not got yet
  Version version = Version::v5;

  // The other side broke a rule, or what it did is not known: nothing that depends on it is said.
  bool provoked = false;
  bool provokes = false;  // the watched side broke one
  bool connect_seen = false;
  bool accepted = false;
  bool refused = false;
  bool conn_ack_seen = false;
  bool clean_start = false;
  bool client_id_was_empty = false;
  bool resumed = false;
  bool wants_response_information = false;
  bool wants_problem_information = true;
  bool asked_by_auth = false;  // the client owes an AUTH
  bool disconnect_sent = false;
  bool disconnect_heard = false;
  bool error_sent = false;  // in DISCONNECT
  bool retain_available = true;
  bool server_keep_alive = false;
  bool told_of_silence = false;
  bool clock_was_set = false;  // since it sent something
  bool taken_over = false;
  std::uint8_t maximum_qos = 2;
  std::optional<Watch> must_close;   // since `must_close_since`
  std::uint16_t keep_alive = 0;      // in force, in seconds
  std::uint16_t aliases_max = 0;     // that the watched side may use
  std::uint16_t quota_max = 65'535;  // of its PUBLISH packets of QoS 1 and 2
  std::uint16_t quota = 65'535;
  std::uint32_t packet_bytes_max = 0;  // of its packets; 0: no limit
  std::uint32_t to_send_again = 0;     // open when the session went on, and not sent again yet
  OwedAnswers owed;

  std::uint32_t session_expiry = 0;
  std::uint32_t again_order = 0;  // of what was sent again last
  Instant must_close_since;
  std::string method;                // of authentication
  std::vector<std::string> aliases;  // that the watched side has set

  struct Request {
    PacketId packet_id;
    std::vector<std::size_t> filters;  // positions in Session::filters
  };
  std::vector<Request> requests;
};

// Of one client id.
struct Session {
  struct Filter {
    std::string text;
    int granted = -1;                        // the highest QoS, ever; -1: none
    int asked = -1;                          // while the answer is awaited
    bool keeps_retain = false;               // Retain As Published, ever
    bool asked_for_retained = false;         // Retain Handling other than 2, ever
    std::vector<std::uint32_t> identifiers;  // ever
    bool too_many = false;                   // identifiers
  };

  std::optional<Instant> ends_at;  // while nobody is connected; nothing: never
  OpenExchanges lost;              // of a client whose session was gone: must not come again
  std::vector<Owed> left;          // answers to what came over an earlier connection
  std::vector<Link*> links;        // open ones

  // What nearly every packet is held against lies together, after the rest.
  std::vector<Filter> filters;
  Known exists = Known::no;
  // `open` and `filters` hold all that there may be; else an absent entry says nothing.
  bool is_certain = true;
  bool filters_are_certain = true;
  std::uint32_t next_order = 1;
  OpenExchanges open;

  // All but what was begun on this connection, before it was known whether the session goes on.
  void begin_anew(const Link& link);
};

}  // namespace mq::monitors
