// A case being played, without I/O: it is told what happened on its connections and what time it
// is, and answers with what should be done. The same for the memory world, ns-3 and real sockets.
//
//   play.start(now);
//   while (auto action = play.poll()) perform(*action);
//   call on_tick(now) at play.deadline(); until play.is_over()
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"
#include "conformance/runner/match.h"
#include "conformance/runner/needs.h"
#include "conformance/runner/verdict.h"
#include "conformance/runner/web_socket.h"
#include "protocol/codec.h"

namespace mq::conformance {

// A connection of the script; opened anew it has a new number.
enum class LinkNumber : std::uint32_t {};

struct OpenLink {
  LinkNumber link;
  std::string name;
};
struct SendOnLink {
  LinkNumber link;
  std::vector<std::byte> bytes;
};
enum class HowToEnd : std::uint8_t {
  close,
  half_close,
  reset,
  vanish,  // nothing passes any more, in either direction, and the peer is not told
};
struct EndLink {
  LinkNumber link;
  HowToEnd how;
};
using Action = std::variant<OpenLink, SendOnLink, EndLink>;

// In the role client: what the client that is tested is to do. The first is `start`.
struct Order {
  using Fields = std::vector<std::pair<std::string, std::string>>;
  std::string verb;  // start, publish, subscribe, ...
  Fields fields;     // of start: of CONNECT
  std::string then;  // of start: the verb of what is to be done first of all
  Fields then_fields;
};
// What its application is told: connected, message, ...
struct Told {
  std::string word;
  Order::Fields fields;
};

struct Patience {
  Duration reply;  // for anything that is expected
  Duration quiet;  // without anything, `expect nothing` holds
  // So much may come before `not before`: the peer counts from when it heard of something, we from
  // when its answer came.
  Duration early{};
  // So much later than `within` says what comes may come: it has been on its way.
  Duration late{};
};

struct Surroundings {
  // Of this case in this run alone: topics begin with `topic`, client ids with `client_id`.
  std::string topic;
  std::string client_id;
  std::map<std::string, std::string> given;  // placeholders of the target: user, password, ...
  Patience patience;
  Abilities abilities = {};                  // of a broker: what it has said that it takes
  WebSocketPlace web_socket = {};            // of cases that need one
  Duration slack = std::chrono::seconds(1);  // of the times that monitors measure
};

// What a case has left at the target that outlives its connections.
struct Leftovers {
  std::set<std::string> topics;      // with a retained message
  std::set<std::string> client_ids;  // whose sessions go on

  bool empty() const { return topics.empty() && client_ids.empty(); }
};

class Play {
 public:
  // How the reason begins if a client says `unsupported`.
  static constexpr std::string_view unable = "the client cannot do this: ";

  // `one` outlives this.
  Play(const Case& one, Surroundings around);
  ~Play();

  void start(Instant now);
  void on_open(LinkNumber link, Instant now);
  void on_bytes(LinkNumber link, std::span<const std::byte> bytes, Instant now);
  // The peer has closed, or the connection broke, or could not be had.
  void on_end(LinkNumber link, const std::string& how, Instant now);
  void on_tick(Instant now);
  // In the role client: it has opened a connection; its application was told something; its program
  // has ended, by itself or by a signal.
  LinkNumber on_arrival(Instant now);
  void on_told(Told told, Instant now);
  enum class Death : std::uint8_t { orderly, by_signal };
  void on_gone(Death death, const std::string& how, Instant now);

  // The driver gives up on it: what is wrong is not the peer's fault.
  void abandon(const std::string& why, Instant now);

  std::optional<Action> poll();
  std::optional<Order> poll_order();
  std::optional<Instant> deadline() const;
  bool is_over() const;
  Leftovers leftovers() const;
  Outcome take_outcome();

 private:
  class Stage;
  std::unique_ptr<Stage> stage_;
};

}  // namespace mq::conformance
