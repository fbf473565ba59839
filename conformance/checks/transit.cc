#include "conformance/checks/transit.h"

#include <algorithm>

#include "base/overloaded.h"
#include "conformance/checks/at.h"
#include "conformance/checks/words.h"

namespace mq::checks {
namespace {

using trace::End;

End opposite(End end) { return end == End::client ? End::broker : End::client; }

const std::string the_broker = "the broker";

template <class Hops>
auto find_id(Hops& hops, PacketId packet_id) {
  return std::find_if(hops.begin(), hops.end(),
                      [&](const auto& hop) { return hop.packet_id == packet_id; });
}

template <class Entries>
auto find_stamp(const Entries& entries, const trace::Stamp& stamp) {
  return std::find_if(entries.rbegin(), entries.rend(), [&](const auto& one) {
    return one.publisher == stamp.publisher && one.number == stamp.number;
  });
}

}  // namespace

Transit::Transit(const Fleet& fleet)
    : fleet_(fleet), clients_(fleet.size() <= clients_max ? fleet.size() : 0) {}

void Transit::observe(const trace::Event& event) {
  if (clients_.empty()) return;
  for (const auto& change : fleet_.changes())
    if (const auto* accepted = std::get_if<Accepted>(&change);
        accepted != nullptr && !accepted->session_present)
      for (Lane& lane : clients_[at(accepted->client)]) lane.hops.clear();
  if (const auto* seen = std::get_if<trace::PacketSeen>(&event.what);
      seen != nullptr && fleet_.knows(seen->connection.client))
    on(*seen, event.at);
}

void Transit::on(const trace::PacketSeen& seen, Instant when) {
  const ClientIndex client = seen.connection.client;
  if (!seen.sent) {
    Lane& heard = lane(client, opposite(seen.end));
    heard.heard = when;
    heard.was_heard = true;
  }
  // What goes from this end is of its own lane, but for the answers to the other's messages.
  const End from = seen.sent ? seen.end : opposite(seen.end);
  Lane& own = lane(client, from);
  Lane& theirs = lane(client, opposite(from));
  std::visit(
      overloaded{
          [&](const Publish& publish) { on_publish(own, seen, publish, when); },
          [&](const PubAck& ack) { on_answer(theirs, !seen.sent, ack.packet_id, true, when); },
          [&](const PubRec& received) {
            on_answer(theirs, !seen.sent, received.packet_id, failed(received.reason), when);
          },
          [&](const PubRel& release) {
            if (seen.sent) on_release(own, release.packet_id, when);
          },
          [&](const PubComp& complete) {
            if (!seen.sent) on_answer(theirs, true, complete.packet_id, true, when);
          },
          [](const auto&) {}},
      *seen.packet);
}

void Transit::on_publish(Lane& lane, const trace::PacketSeen& seen, const Publish& publish,
                         Instant when) {
  if (publish.qos == Qos::at_most_once) return;
  auto known = find_id(lane.hops, publish.packet_id);
  if (!seen.sent) {
    if (known == lane.hops.end() || known->stage != Hop::Stage::sent) return;
    known->stage = Hop::Stage::arrived;
    known->stage_since = when;
    return;
  }
  const auto stamp = trace::stamp_of(publish.payload.text());
  if (!stamp || stamp->origin != trace::Stamp::Origin::publish) return;
  if (known == lane.hops.end() || known->publisher != stamp->publisher ||
      known->number != stamp->number) {
    if (known != lane.hops.end()) lane.hops.erase(known);
    if (lane.hops.size() >= hops_max) lane.hops.erase(lane.hops.begin());
    lane.hops.push_back({.packet_id = publish.packet_id,
                         .publisher = stamp->publisher,
                         .number = stamp->number,
                         .first = when});
    known = std::prev(lane.hops.end());
  }
  known->last = known->stage_since = when;
  known->stage = Hop::Stage::sent;
  ++known->times;
}

void Transit::on_answer(Lane& lane, bool at_sender, PacketId packet_id, bool ends, Instant when) {
  const auto known = find_id(lane.hops, packet_id);
  if (known == lane.hops.end()) return;
  if (!at_sender || !ends) {
    known->stage = at_sender ? Hop::Stage::received : Hop::Stage::answered;
    known->stage_since = when;
    return;
  }
  lane.done.push_back({known->publisher, known->number, when});
  if (lane.done.size() > done_max) lane.done.pop_front();
  lane.hops.erase(known);
}

void Transit::on_release(Lane& lane, PacketId packet_id, Instant when) {
  const auto known = find_id(lane.hops, packet_id);
  if (known == lane.hops.end()) return;
  known->stage = Hop::Stage::released;
  known->stage_since = when;
}

std::size_t Transit::held() const {
  std::size_t count = 0;
  for (const Lanes& lanes : clients_)
    for (const Lane& lane : lanes) count += lane.hops.size() + lane.done.size();
  return count;
}

// ---- Words --------------------------------------------------------------------------------------

std::string Transit::where(const Lane& lane, const trace::Stamp& stamp, const std::string& sender,
                           const std::string& receiver, const std::string& otherwise) const {
  const auto hop = find_stamp(lane.hops, stamp);
  if (hop == lane.hops.rend()) {
    const auto done = find_stamp(lane.done, stamp);
    if (done != lane.done.rend())
      return " At " + time_text(done->at) + " " + sender + " was told by " + receiver +
             " that it has it.";
    std::string text = otherwise;
    if (!lane.hops.empty())
      text.insert(text.size() - 1, "; " + count_text(lane.hops.size(), "other") +
                                       " under way, the oldest since " +
                                       time_text(lane.hops.front().first));
    return text;
  }
  std::string text = (sender == the_broker ? " The broker" : " " + sender) + " sent it at " +
                     time_text(hop->first);
  if (hop->times > 1)
    text += " and, " + count_text(hop->times) + " times in all, last at " + time_text(hop->last);
  text += " (packet " + std::to_string(static_cast<unsigned>(hop->packet_id)) + ")";
  const std::string since = time_text(hop->stage_since);
  switch (hop->stage) {
    case Hop::Stage::sent:
      return text + ", and it has not arrived.";
    case Hop::Stage::arrived:
      return text + "; it arrived at " + since + ", and " + receiver + " has not answered.";
    case Hop::Stage::answered:
      return text + "; the last answer of " + receiver + ", at " + since + ", has not arrived.";
    case Hop::Stage::received:
      return text + "; the answer of " + receiver + " came at " + since +
             ", and nothing has followed.";
    case Hop::Stage::released:
      return text + "; PUBREL was sent at " + since + ", and is not answered.";
  }
  return text;
}

// The state of the connection, as who listens there sees it.
std::string Transit::link_text(ClientIndex client, End listener, Instant end) const {
  const ClientState& state = fleet_.client(client);
  const std::string& name = name_of(fleet_.run(), client);
  if (!state.present()) {
    if (state.stopped()) return " " + name + " has left.";
    std::string text =
        " " + name + " has been without a connection since " + time_text(state.over_at) + ".";
    if (state.refused) text.insert(text.size() - 1, ", and is refused");
    return text;
  }
  const Lane& heard = lane(client, opposite(listener));
  const std::string& from = listener == End::client ? the_broker : name;
  if (!heard.was_heard) return " The link is up; nothing has ever come from " + from + ".";
  return " The link is up; nothing has come from " + from + " for " +
         duration_text(end - heard.heard) + ".";
}

std::string Transit::why_not_delivered(ClientIndex subscriber, const trace::Stamp& stamp,
                                       Instant end) const {
  if (clients_.empty()) return {};
  const std::string& name = name_of(fleet_.run(), subscriber);
  return where(lane(subscriber, End::broker), stamp, the_broker, name,
               " The broker has not sent it to " + name + ".") +
         link_text(subscriber, End::client, end);
}

std::string Transit::why_not_acknowledged(const trace::Stamp& stamp, Instant end) const {
  if (clients_.empty() || !fleet_.knows(stamp.publisher)) return {};
  const std::string& name = name_of(fleet_.run(), stamp.publisher);
  return where(lane(stamp.publisher, End::client), stamp, name, the_broker,
               " " + name + " has not sent it in this session.") +
         link_text(stamp.publisher, End::client, end);
}

}  // namespace mq::checks
