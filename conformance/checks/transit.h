// Where the messages under way are, hop by hop: for a finding that has to say why one did not
// arrive. Judges nothing. In a large fleet it would cost each event another look into memory that
// no cache holds, so there it is silent.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "conformance/checks/check.h"
#include "conformance/checks/fleet.h"
#include "sim/trace/event.h"

namespace mq::checks {

class Transit {
 public:
  // `fleet` outlives it and has observed every event before it.
  explicit Transit(const Fleet& fleet);

  void observe(const trace::Event& event);

  // Why `subscriber` has not got the message, and its publisher no answer for it, as sentences:
  // "The broker sent it at 00:00:12.301 (packet 7), and it has not arrived. The link is up; nothing
  // has come from the broker for 130 s."
  std::string why_not_delivered(ClientIndex subscriber, const trace::Stamp& stamp,
                                Instant end) const;
  std::string why_not_acknowledged(const trace::Stamp& stamp, Instant end) const;

  // What is held, for tests of its bound.
  std::size_t held() const;
  static constexpr std::size_t hops_max = 256;  // per client and direction; the oldest go first
  static constexpr std::size_t done_max = 64;
  static constexpr std::size_t clients_max = 2000;

 private:
  // One QoS 1 or 2 message between a client and the broker.
  struct Hop {
    enum class Stage : std::uint8_t {
      sent,      // PUBLISH is on its way, or was lost
      arrived,   // PUBLISH is at the receiver
      answered,  // its answer is on its way, or was lost
      received,  // PUBREC is at the sender
      released,  // PUBREL is on its way, or was lost
    };
    PacketId packet_id{};
    ClientIndex publisher{};
    std::uint64_t number = 0;
    Instant first;  // sent
    Instant last;
    Instant stage_since;
    std::uint32_t times = 0;
    Stage stage = Stage::sent;
  };
  struct Done {
    ClientIndex publisher{};
    std::uint64_t number = 0;
    Instant at;
  };
  struct Lane {  // from one end of a client's connections to the other
    std::vector<Hop> hops;
    std::deque<Done> done;  // the latest
    Instant heard;          // the last packet, at the receiving end
    bool was_heard = false;
  };
  using Lanes = std::array<Lane, 2>;  // by trace::End that sends PUBLISH

  void on(const trace::PacketSeen& seen, Instant at);
  void on_publish(Lane& lane, const trace::PacketSeen& seen, const Publish& publish, Instant at);
  void on_answer(Lane& lane, bool at_sender, PacketId packet_id, bool ends, Instant at);
  static void on_release(Lane& lane, PacketId packet_id, Instant at);
  Lane& lane(ClientIndex client, trace::End sender) {
    return clients_[static_cast<std::size_t>(client)][static_cast<std::size_t>(sender)];
  }
  const Lane& lane(ClientIndex client, trace::End sender) const {
    return clients_[static_cast<std::size_t>(client)][static_cast<std::size_t>(sender)];
  }
  std::string where(const Lane& lane, const trace::Stamp& stamp, const std::string& sender,
                    const std::string& receiver, const std::string& otherwise) const;
  std::string link_text(ClientIndex client, trace::End listener, Instant end) const;

  const Fleet& fleet_;
  std::vector<Lanes> clients_;
};

}  // namespace mq::checks
