// The rules, for one side of connections: told what that side has sent and what it has heard, it
// notes what the standard forbids. A fold: no I/O, no clock, nothing but what it was told.
//
// It may watch where the side itself is (`exact`), or where its peer is. There, what "it has heard"
// has only been sent to it: a rule is silent wherever that makes a difference, and times have
// slack.
#pragma once

#include <algorithm>
#include <chrono>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "base/time.h"
#include "conformance/monitors/link.h"
#include "conformance/monitors/notebook.h"
#include "protocol/codec.h"

namespace mq::monitors {

struct View {
  bool exact = true;
  Duration slack = std::chrono::seconds(1);  // of times that the standard sets
};

// How long an answer, or the end of a connection, may take before it is said to be missing. Time
// in which the link was full does not count: what is awaited may stand behind what it carries.
inline constexpr Duration patience = std::chrono::seconds(60);
// So much on its way fills a link, as far as anybody can tell: the buffers of TCP are larger.
inline constexpr std::uint32_t bytes_that_fill = 16 * 1024;
inline constexpr std::size_t assigned_ids_max = 4096;  // remembered; later ones are not compared

struct Seen {
  const Packet& packet;
  Version version;
  std::size_t bytes;
  Instant at;
};

class Watcher {
 public:
  // `notebook` outlives it.
  Watcher(Role role, View view, Notebook& notebook)
      : role_(role), view_(view), notebook_(notebook) {}
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // `link` stays where it is until it is closed. Without a session, the one of the client id in its
  // CONNECT is taken, which the watcher keeps.
  void opened(Link& link, Instant at);
  void sent(Link& link, const Seen& seen);   // by the watched side
  void heard(Link& link, const Seen& seen);  // by the watched side
  // `wire` as far as it has come.
  void sent_malformed(Link& link, const Malformed& fault, std::span<const std::byte> wire,
                      Version version, Instant at);
  void heard_malformed(Link& link) { link.provoked = true; }
  // The peer got so much of what the watched side had sent.
  static void arrived(Link& link, std::size_t bytes, Instant at) {
    if (link.in_flight >= bytes_that_fill) link.full_until = at;
    link.in_flight -= static_cast<std::uint32_t>(std::min<std::size_t>(link.in_flight, bytes));
  }
  void closed(Link& link, Instant at, bool by_watched, bool is_reset);
  // The watched side cannot work, or can again: what it has to do in time counts from then.
  void cannot_work() { cannot_work_ = true; }
  void works_again(Instant at) {
    cannot_work_ = false;
    works_since_ = at;
  }
  // Nothing of what a session held is certain any longer.
  static void may_be_anything(Session& session);
  // The run is over; the connection is still open.
  void ended(Link& link, Instant at);

 private:
  void broken(Link& link, Watch watch, Instant at, std::string text);
  void tried(const Link& link, Watch watch) {
    if (!link.provoked) notebook_.tried(watch, role_, link.version);
  }
  // Puts a rule to the test.
  template <class Text>
  void require(Link& link, Watch watch, bool holds, Instant at, Text&& text) {
    if (holds) [[likely]]
      tried(link, watch);
    else
      broken(link, watch, at, text());
  }
  Watch either(Watch of_client, Watch of_broker) const {
    return watches_client() ? of_client : of_broker;
  }
  bool watches_client() const { return role_ == Role::client; }

  // watcher.cc: form, size, and what is overdue.
  void note_form(const Link& link, const Seen& seen);
  void check_size(Link& link, const Seen& seen);
  void check_problem_information(Link& link, const Seen& seen);
  void check_course(Link& link, const Seen& seen);
  void check_time(Link& link, Instant at);
  void check_overdue(Link& link, Instant at);
  void check_answers(Link& link, Instant at);
  void note_size(Link& link, const Seen& seen) const;
  void owe_close(Link& link, Watch watch, Instant at);

  // watcher_connect.cc
  void sent_connect(Link& link, const Connect& connect, Instant at);
  void heard_connect(Link& link, const Connect& connect, Instant at);
  void take_connect(Link& link, const Connect& connect);
  void sent_conn_ack(Link& link, const ConnAck& conn_ack, Instant at);
  void heard_conn_ack(Link& link, const ConnAck& conn_ack, Instant at);
  void check_conn_ack_properties(Link& link, const ConnAck& conn_ack, Instant at);
  void check_session_present(Link& link, bool present, Instant at);
  void check_takeover(Link& link, Instant at);
  void accept(Link& link, const ConnAck& conn_ack, Instant at);
  void resume(Link& link, Instant at);
  void sent_disconnect(Link& link, const Disconnect& disconnect, Instant at);
  void heard_disconnect(Link& link, const Disconnect& disconnect);
  void sent_auth(Link& link, const Auth& auth, Instant at);
  void heard_auth(Link& link, const Auth& auth);
  void leave_session(Link& link, Instant at);

  // watcher_exchanges.cc
  void sent_publish(Link& link, const Publish& publish, Instant at);
  void check_new_message(Link& link, const Publish& publish, Instant at);
  void check_open_message(Link& link, const Publish& publish, Open& open, Instant at);
  void check_alias(Link& link, const Publish& publish, Instant at);
  void check_quota(Link& link, const Publish& publish, Instant at);
  void check_again_in_order(Link& link, const Open& open, PacketId packet_id, Instant at);
  void reused(Link& link, const Publish& publish, Instant at);
  void heard_publish(Link& link, const Publish& publish, Instant at);
  void heard_pub_ack(Link& link, PacketId packet_id);
  void heard_pub_rec(Link& link, const PubRec& pub_rec, Instant at);
  void heard_pub_comp(Link& link, PacketId packet_id);
  void sent_pub_rel(Link& link, const PubRel& pub_rel, Instant at);
  void sent_acknowledgement(Link& link, Kind kind, PacketId packet_id, Instant at);
  bool was_left(Link& link, Kind kind, PacketId packet_id) const;
  void finished(Link& link, PacketId packet_id);

  // watcher_requests.cc
  void sent_request(Link& link, Kind kind, PacketId packet_id, Instant at);
  void heard_subscribe(Link& link, const Subscribe& subscribe, Instant at);
  void heard_unsubscribe(Link& link, const Unsubscribe& unsubscribe, Instant at);
  void sent_sub_ack(Link& link, const SubAck& sub_ack, Instant at);
  void sent_unsub_ack(Link& link, const UnsubAck& unsub_ack, Instant at);
  void check_delivery(Link& link, const Publish& publish, Instant at);

  // At the instant at which it works again it has been told more than it can have looked at.
  bool is_exact(Instant at) const {
    return view_.exact && (works_since_ == Instant{} || at > works_since_);
  }
  // How long the watched side has had since then.
  Duration since(Instant then, Instant at) const { return at - std::max(then, works_since_); }
  // And how long what it had to say since then could have left.
  Duration free_since(const Link& link, Instant then, Instant at) const {
    return since(std::max(then, link.full_until), at);
  }

  Role role_;
  View view_;
  bool cannot_work_ = false;
  Instant works_since_{};
  Notebook& notebook_;
  std::unordered_map<std::string, Session> sessions_;  // by client id, where nobody gives any
  std::unordered_set<std::string> assigned_;
};

// The packets of these traits.
Traits traits_of(const Packet& packet);

}  // namespace mq::monitors
