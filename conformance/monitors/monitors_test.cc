// Every rule is broken once, alone, and kept in what is around it.
#include "conformance/monitors/monitors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace mq::monitors {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using trace::ClientIndex;
using trace::CloseCause;
using trace::End;

constexpr auto qos0 = Qos::at_most_once;
constexpr auto qos1 = Qos::at_least_once;
constexpr auto qos2 = Qos::exactly_once;

PacketId id(int number) { return static_cast<PacketId>(number); }

Properties with(PropertyId property, PropertyValue value) {
  Properties all;
  all.add(property, std::move(value));
  return all;
}

Connect hello(Properties properties = {}) {
  Connect connect;
  connect.client_id = "a";
  connect.properties = std::move(properties);
  return connect;
}

// With a session that outlives the connection.
Connect again(Properties properties = {}) {
  Connect connect = hello(std::move(properties));
  connect.clean_start = false;
  connect.properties.add(PropertyId::session_expiry_interval, 100U);
  return connect;
}

Publish message(int packet_id, Qos qos, std::string_view payload = "x") {
  Publish publish;
  publish.topic = "t";
  publish.packet_id = id(packet_id);
  publish.qos = qos;
  publish.payload = Bytes::copy(payload);
  return publish;
}

Publish repeated(Publish publish) {
  publish.dup = true;
  return publish;
}

Subscribe subscription(int packet_id, SubscriptionOptions options = {.qos = qos2}) {
  return {id(packet_id), {}, {{"t", options}}};
}
SubAck granted(int packet_id, int qos = 2) {
  return {id(packet_id), {}, {static_cast<ReasonCode>(qos)}};
}
ConnAck resumed() { return {.session_present = true}; }

// Two clients and a broker; what one side sends reaches the other 10 ms later.
class Story {
 public:
  explicit Story(Version version = Version::v5) : version_(version) {
    run_.broker = "ours";
    run_.clients = {{.id = "a"}, {.id = "b"}};
    monitors_.emplace(run_);
  }

  Story& wait(Duration time) {
    now_ += time;
    return *this;
  }
  Story& as(int client) {
    client_ = ClientIndex{static_cast<std::uint32_t>(client)};
    return *this;
  }
  Story& open() {
    ++numbers_[static_cast<std::size_t>(client_)];
    for (End end : {End::client, End::broker}) say(trace::LinkOpened{connection(), end});
    return *this;
  }
  // Over an earlier connection: 1 is the first.
  Story& over(std::uint32_t number) {
    number_ = number;
    return *this;
  }
  Story& c(const Packet& packet) { return from(End::client, packet, true); }
  Story& b(const Packet& packet) { return from(End::broker, packet, true); }
  Story& lost(End sender, const Packet& packet) { return from(sender, packet, false); }
  // One end alone hears it: whoever sent that is not watched.
  Story& hears(End receiver, const Packet& packet) {
    note_version(packet);
    std::vector<std::byte> wire;
    encode(packet, version_, wire);
    say(trace::PacketSeen{connection(), receiver, false, version_, &packet, wire});
    return *this;
  }
  // The client comes, the broker accepts.
  Story& connect(Connect connect = hello(), ConnAck answer = {}) {
    connect.version = version_;
    return open().c(connect).b(answer);
  }
  Story& close(bool by_client = true) {
    say(trace::LinkClosed{connection(), End::client, CloseCause::closed, by_client});
    say(trace::LinkClosed{connection(), End::broker, CloseCause::closed, !by_client});
    number_ = 0;
    return *this;
  }
  std::vector<trace::FaultInfo>& faults() { return run_.faults; }
  Story& happens(trace::What what) {
    say(std::move(what));
    return *this;
  }
  Story& reset() {
    for (End end : {End::client, End::broker})
      say(trace::LinkClosed{connection(), end, CloseCause::reset, false});
    number_ = 0;
    return *this;
  }
  Story& crash() {
    say(trace::BrokerDown{});
    return *this;
  }
  Story& bytes(End sender, const std::string& hex) {
    PacketReader reader(sender == End::client ? Sender::client : Sender::server, version_);
    std::vector<std::byte> raw;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
      raw.push_back(static_cast<std::byte>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    reader.feed(raw);
    const Decoded decoded = reader.next();
    const auto* fault = std::get_if<Malformed>(&decoded);
    if (fault == nullptr) {
      ADD_FAILURE() << hex << " is not malformed";
      return *this;
    }
    const auto version = reader.version();
    say(trace::MalformedSeen{connection(), sender, *fault, true, version, reader.wire()});
    const End other = sender == End::client ? End::broker : End::client;
    say(trace::MalformedSeen{connection(), other, *fault, false, version, reader.wire()});
    return *this;
  }

  std::vector<std::string> broken() {
    monitors_->finish(now_);
    std::set<std::string> names;
    for (const Breach& breach : monitors_->notebook().breaches())
      names.insert(std::string(name(breach.role)) + "/" + std::string(info(breach.watch).name));
    return {names.begin(), names.end()};
  }
  const Monitors& monitors() const { return *monitors_; }
  Report finish() { return monitors_->finish(now_); }

 private:
  trace::Connection connection() const {
    return {client_, number_ != 0 ? number_ : numbers_[static_cast<std::size_t>(client_)]};
  }
  void say(trace::What what) { monitors_->observe({now_, std::move(what)}); }
  void note_version(const Packet& packet) {
    if (const auto* connect = std::get_if<Connect>(&packet)) version_ = connect->version;
  }
  Story& from(End sender, const Packet& packet, bool arrives) {
    note_version(packet);
    std::vector<std::byte> wire;
    encode(packet, version_, wire);
    now_ += 1ms;
    say(trace::PacketSeen{connection(), sender, true, version_, &packet, wire});
    now_ += 9ms;
    const End other = sender == End::client ? End::broker : End::client;
    if (arrives) say(trace::PacketSeen{connection(), other, false, version_, &packet, wire});
    return *this;
  }

  trace::RunInfo run_;
  std::optional<Monitors> monitors_;
  Version version_;
  Instant now_{};
  ClientIndex client_{};
  std::uint32_t number_ = 0;
  std::array<std::uint32_t, 2> numbers_{};
};

struct Breaking {
  std::vector<std::string> breaks;
  std::function<void(Story&)> story;
  Version version = Version::v5;
};

// ---- Form ---------------------------------------------------------------------------------------

std::vector<Breaking> about_form() {
  const auto client = [](std::vector<std::string> breaks, std::string hex,
                         Version version = Version::v5) {
    return Breaking{std::move(breaks),
                    [hex, version](Story& s) {
                      if (!hex.starts_with("10")) {
                        Connect connect = hello();
                        connect.version = version;
                        s.connect(connect);
                      } else {
                        s.open();
                      }
                      s.bytes(End::client, hex);
                    },
                    version};
  };
  const auto broker = [](std::vector<std::string> breaks, std::string hex) {
    return Breaking{std::move(breaks), [hex](Story& s) {
                      if (hex.starts_with("20"))
                        s.open().c(hello());
                      else
                        s.connect();
                      s.bytes(End::broker, hex);
                    }};
  };
  return {
      client({"client/packet_is_well_formed"}, "00"),
      client({"client/text_is_utf8", "client/topic_is_utf8"}, "30050002c32800"),
      client({"client/text_has_no_null", "client/topic_has_no_null"}, "30040001000000"),
      client({"client/text_is_utf8", "client/user_property_is_text"},
             "300c0001610726000161"
             "0001ff78"),
      client({"client/client_id_is_utf8", "client/text_is_utf8"},
             "100e00044d5154540502000000"
             "0001ff"),
      client({"client/text_is_utf8", "client/will_topic_is_utf8"},
             "101500044d515454050600000000"
             "0161000001ff000170"),
      client({"client/text_is_utf8", "client/user_name_is_utf8"},
             "101100044d515454058200000000"
             "01610001ff"),
      client({"client/response_topic_is_utf8", "client/text_is_utf8"},
             "30080001610408"
             "0001ff"),
      client({"client/response_topic_has_no_wildcard"},
             "30080001610408"
             "000123"),
      client({"client/content_type_is_utf8", "client/text_is_utf8"},
             "30080001610403"
             "0001ff"),
      client({"client/subscribe_filter_is_utf8", "client/text_is_utf8"},
             "8207000100"
             "0001ff00"),
      client({"client/text_is_utf8", "client/unsubscribe_filter_is_utf8"},
             "a206000100"
             "0001ff"),
      client({"client/integer_is_minimal"}, "30050001618000"),
      client({"client/properties_have_a_length"}, "300400016109"),
      client({"client/flags_are_reserved"}, "c100"),
      client({"client/flags_are_reserved", "client/pub_rel_flags"}, "60020001"),
      client({"client/flags_are_reserved", "client/subscribe_flags"},
             "8007000100"
             "00016100"),
      client({"client/flags_are_reserved", "client/unsubscribe_flags"},
             "a006000100"
             "000161"),
      client({"client/auth_flags", "client/flags_are_reserved"}, "f100"),
      client({"client/client_packet_id_is_nonzero"},
             "3206000161"
             "000000"),
      broker({"broker/broker_packet_id_is_nonzero"},
             "3206000161"
             "000000"),
      client({"client/qos_is_below_three"},
             "3606000161"
             "000100"),
      client({"client/qos_0_has_no_dup"}, "380400016100"),
      client({"client/protocol_is_mqtt"},
             "100e00044d515458"
             "0502000000000161"),
      client({"client/connect_is_as_flagged", "client/user_name_is_as_flagged",
              "client/will_is_as_flagged"},
             "100e00044d515454"
             "0582000000000161"),
      client({"client/without_will_no_will_flags"},
             "100e00044d515454"
             "0522000000000161"),
      client({"client/will_qos_is_below_three"},
             "101400044d515454051e00000000016100000177"
             "0000"),
      client({"client/password_needs_user_name"},
             "1010"
             "00044d5154540442000000016100"
             "0170",
             Version::v3_1_1),
      broker({"broker/conn_ack_flags"}, "2003020000"),
      broker({"broker/refusal_has_no_session"}, "2003018700"),
      client({"client/topic_is_not_empty"}, "30020000", Version::v3_1_1),
      client({"client/topic_has_no_wildcard"}, "300400012b00"),
      client({"client/topic_alias_is_nonzero"}, "300700016103230000"),
      client({"client/client_sends_no_subscription_identifier"}, "3006000161020b01"),
      client({"client/subscribe_names_a_filter"}, "8203000100"),
      client({"client/unsubscribe_names_a_filter"}, "a203000100"),
      client({"client/filter_is_not_empty"},
             "82060001000000"
             "00"),
      client({"client/wildcards_stand_alone"},
             "8208000100"
             "0002612b00"),
      client({"client/shared_filter_is_well_formed"},
             "820e000100"
             "00082473686172652f2f00"),
      client({"client/shared_takes_local"},
             "8211000100"
             "000b2473686172652f672f612f04"),
      broker({"broker/conn_ack_reason"}, "2003000100"),
      client({"client/pub_ack_reason"}, "4003000101"),
      client({"client/pub_rec_reason"}, "5003000101"),
      client({"client/pub_rel_reason"}, "6203000101"),
      client({"client/pub_comp_reason"}, "7003000101"),
      broker({"broker/sub_ack_reason"}, "900400010003"),
      broker({"broker/unsub_ack_reason"}, "b00400010003"),
      client({"client/disconnect_reason"}, "e00101"),
      client({"client/auth_reason"}, "f00101"),
      broker({"broker/broker_disconnect_has_no_expiry"}, "e00700051100000001"),
  };
}

Properties small_packets() { return with(PropertyId::maximum_packet_size, 30U); }
Properties long_reason() { return with(PropertyId::reason_string, std::string(40, 'r')); }
Properties long_user_property() {
  Properties all;
  all.add_user("key", std::string(40, 'v'));
  return all;
}

// ---- Sizes --------------------------------------------------------------------------------------

// What a side answers when it is told that its packets are to be small.
std::vector<Breaking> about_size() {
  std::vector<Breaking> all = {
      {{"broker/broker_packet_fits"},
       [](Story& s) {
         s.connect(hello(small_packets())).c(subscription(1)).b(granted(1));
         s.b(message(0, qos0, std::string(40, 'x')));
       }},
      {{"client/client_packet_fits"},
       [](Story& s) {
         s.connect(hello(), {.properties = small_packets()});
         s.c(message(0, qos0, std::string(40, 'x')));
       }},
      {{"broker/broker_packet_fits", "broker/conn_ack_reason_string_fits"},
       [](Story& s) { s.connect(hello(small_packets()), {.properties = long_reason()}); }},
      {{"broker/broker_packet_fits", "broker/conn_ack_user_property_fits"},
       [](Story& s) { s.connect(hello(small_packets()), {.properties = long_user_property()}); }},
  };
  const auto add = [&](const std::string& what, std::function<void(Story&, Properties)> story) {
    all.push_back({{"broker/broker_packet_fits", "broker/" + what + "_reason_string_fits"},
                   [story](Story& s) {
                     s.connect(hello(small_packets()));
                     story(s, long_reason());
                   }});
    all.push_back({{"broker/broker_packet_fits", "broker/" + what + "_user_property_fits"},
                   [story](Story& s) {
                     s.connect(hello(small_packets()));
                     story(s, long_user_property());
                   }});
  };
  add("pub_ack", [](Story& s, Properties p) { s.c(message(1, qos1)).b(PubAck{id(1), {}, p}); });
  add("pub_rec", [](Story& s, Properties p) { s.c(message(1, qos2)).b(PubRec{id(1), {}, p}); });
  add("pub_rel", [](Story& s, Properties p) {
    s.c(subscription(1)).b(granted(1)).b(message(1, qos2)).c(PubRec{id(1), {}, {}});
    s.b(PubRel{id(1), {}, p});
  });
  add("pub_comp", [](Story& s, Properties p) {
    s.c(message(1, qos2)).b(PubRec{id(1), {}, {}}).c(PubRel{id(1), {}, {}});
    s.b(PubComp{id(1), {}, p});
  });
  add("sub_ack", [](Story& s, Properties p) {
    s.c(subscription(1)).b(SubAck{id(1), p, {ReasonCode::success}});
  });
  add("unsub_ack", [](Story& s, Properties p) {
    s.c(Unsubscribe{id(1), {}, {"t"}}).b(UnsubAck{id(1), p, {ReasonCode::success}});
  });
  add("disconnect", [](Story& s, Properties p) {
    s.b(Disconnect{ReasonCode::unspecified_error, p});
  });
  for (const bool reason : {true, false})
    all.push_back(
        {{"broker/auth_" + std::string(reason ? "reason_string" : "user_property") + "_fits",
          "broker/broker_packet_fits"},
         [reason](Story& s) {
           Connect connect = hello(small_packets());
           connect.properties.add(PropertyId::authentication_method, std::string("m"));
           Properties p = reason ? long_reason() : long_user_property();
           p.add(PropertyId::authentication_method, std::string("m"));
           s.open().c(connect);
           s.b(Auth{ReasonCode::continue_authentication, p});
         }});
  return all;
}

// ---- How connections begin and end --------------------------------------------------------------

Properties method(const std::string& name) { return with(PropertyId::authentication_method, name); }
Auth asks(ReasonCode reason = ReasonCode::continue_authentication) { return {reason, method("m")}; }
Connect nameless(bool clean, Version version = Version::v5) {
  Connect connect;
  connect.version = version;
  connect.clean_start = clean;
  return connect;
}
ConnAck named(const std::string& name) {
  return {.properties = with(PropertyId::assigned_client_identifier, name)};
}

std::vector<Breaking> about_beginnings() {
  return {
      {{"client/connect_comes_first"}, [](Story& s) { s.open().c(PingReq{}); }},
      {{"broker/second_connect_is_not_answered"},
       [](Story& s) { s.connect().c(hello()).b(ConnAck{}); }},
      {{"broker/conn_ack_comes_first"},
       [](Story& s) { s.open().c(hello()).c(PingReq{}).b(PingResp{}); }},
      {{"broker/conn_ack_comes_once"}, [](Story& s) { s.connect().b(ConnAck{}); }},
      {{"broker/clean_start_has_no_session"},
       [](Story& s) { s.open().c(hello()).lost(End::broker, resumed()); }},
      {{"client/unknown_session_ends_the_connection"},
       [](Story& s) {
         s.open().lost(End::client, hello()).hears(End::client, resumed()).wait(2min);
       }},
      {{"broker/session_present_is_right"},
       [](Story& s) { s.connect(again()).close().connect(again()); }},
      {{"broker/session_present_is_right"},  // it has expired
       [](Story& s) { s.connect(again()).close().wait(2min).connect(again(), resumed()); }},
      {{"broker/connect_is_answered"}, [](Story& s) { s.open().c(hello()).wait(2min); }},
      {{"client/empty_client_id_is_clean"},
       [](Story& s) { s.open().c(nameless(false, Version::v3_1_1)); }},
      {{"broker/empty_client_id_with_session_is_refused"},
       [](Story& s) {
         s.open().hears(End::broker, nameless(false, Version::v3_1_1)).b(ConnAck{});
       }},
      {{"broker/assigned_client_id_is_told"}, [](Story& s) { s.connect(nameless(true)); }},
      {{"broker/assigned_client_id_is_unique"},
       [](Story& s) {
         s.connect(nameless(true), named("n")).as(1).connect(nameless(true), named("n"));
       }},
      {{"broker/no_response_information_unasked"},
       [](Story& s) {
         s.connect(hello(),
                   {.properties = with(PropertyId::response_information, std::string("r"))});
       }},
      {{"broker/no_problem_information_unwanted"},
       [](Story& s) {
         s.connect(hello(with(PropertyId::request_problem_information, 0U)));
         s.c(message(1, qos1)).b(PubAck{id(1), {}, long_reason()});
       }},
      {{"client/nothing_but_auth_before_conn_ack"},
       [](Story& s) { s.open().c(hello(method("m"))).c(PingReq{}); }},
      {{"client/no_auth_without_method_by_client"}, [](Story& s) { s.connect().c(asks()); }},
      {{"broker/no_auth_without_method_by_broker"},
       [](Story& s) { s.open().c(hello()).b(asks()); }},
      {{"broker/no_auth_without_method_by_broker"},
       [](Story& s) { s.connect(hello(), {.properties = method("m")}); }},
      {{"broker/auth_repeats_the_method"},
       [](Story& s) { s.connect(hello(method("m")), {.properties = method("n")}); }},
      {{"client/auth_repeats_the_method"},
       [](Story& s) {
         s.open().c(hello(method("m"))).b(asks());
         s.c(Auth{ReasonCode::continue_authentication, method("n")});
       }},
      {{"broker/broker_asks_by_continue"},
       [](Story& s) { s.open().c(hello(method("m"))).b(asks(ReasonCode::success)); }},
      {{"client/client_answers_by_continue"},
       [](Story& s) {
         s.open().c(hello(method("m"))).b(asks()).c(asks(ReasonCode::re_authenticate));
       }},
      {{"client/lost_session_is_forgotten"},
       [](Story& s) {
         s.connect(again()).lost(End::client, message(1, qos1)).close().crash();
         s.connect(again()).c(repeated(message(1, qos1)));
       }},
      {{"broker/older_connection_is_closed"},
       [](Story& s) {
         s.connect(again()).c(PingReq{}).connect(again(), resumed()).over(1).b(PingResp{});
       }},
      {{"broker/older_connection_is_closed"},
       [](Story& s) { s.connect(again()).connect(again(), resumed()).wait(2min); }},
  };
}

Story& listening(Story& s, Connect connect = again()) {
  return s.connect(std::move(connect)).c(subscription(9)).b(granted(9));
}

std::vector<Breaking> about_ends() {
  return {
      {{"broker/refusal_closes"},
       [](Story& s) { s.connect(hello(), {.reason = ReasonCode::not_authorized}).wait(2min); }},
      {{"broker/broker_closes_after_disconnect", "broker/error_closes"},
       [](Story& s) {
         s.connect().b(Disconnect{ReasonCode::server_busy, {}}).wait(2min);
       }},
      {{"client/nothing_after_disconnect"},
       [](Story& s) { s.connect().c(Disconnect{}).c(PingReq{}).close(); }},
      {{"broker/nothing_after_disconnect"},
       [](Story& s) {
         listening(s).b(Disconnect{ReasonCode::server_busy, {}}).b(message(0, qos0));
       }},
      {{"client/client_closes_after_disconnect"},
       [](Story& s) { s.connect().c(Disconnect{}).wait(2min); }},
      {{"broker/broker_closes_after_disconnect"},
       [](Story& s) {
         s.connect().b(Disconnect{ReasonCode::success, {}}).wait(2min);
       }},
      {{"broker/disconnect_needs_acceptance"},
       [](Story& s) {
         s.open().c(hello()).b(Disconnect{ReasonCode::server_busy, {}});
       }},
      {{"broker/silence_closes"},
       [](Story& s) {
         Connect connect = hello();
         connect.keep_alive = 10;
         s.connect(connect).lost(End::client, PingReq{}).wait(9s).lost(End::client, PingReq{});
         s.wait(8s);
       }},
      {{"client/client_is_not_silent"},
       [](Story& s) {
         Connect connect = hello();
         connect.keep_alive = 10;
         s.connect(connect).wait(12s).c(PingReq{}).b(PingResp{});
       }},
      {{"client/client_obeys_server_keep_alive"},
       [](Story& s) {
         s.connect(hello(), {.properties = with(PropertyId::server_keep_alive, 10U)});
         s.wait(12s).c(PingReq{}).b(PingResp{});
       }},
  };
}

// ---- Exchanges ----------------------------------------------------------------------------------

std::vector<Breaking> about_identifiers() {
  return {
      {{"client/client_packet_id_is_free", "client/qos_1_id_is_new"},
       [](Story& s) { s.connect().c(message(1, qos1)).c(message(1, qos1, "y")); }},
      {{"client/client_packet_id_is_free"},
       [](Story& s) { s.connect().c(message(1, qos1)).c(subscription(1)); }},
      {{"broker/broker_packet_id_is_free", "broker/qos_2_id_is_new"},
       [](Story& s) { listening(s).b(message(1, qos2)).b(message(1, qos2, "y")); }},
      {{"client/qos_1_first_has_no_dup"},
       [](Story& s) { s.connect().c(repeated(message(1, qos1))); }},
      {{"broker/qos_2_first_has_no_dup"},
       [](Story& s) { listening(s).b(repeated(message(1, qos2))); }},
      {{"broker/qos_1_first_has_no_dup"},  // it was acknowledged
       [](Story& s) {
         listening(s).b(message(1, qos1)).c(PubAck{id(1), {}, {}}).close(false);
         s.connect(again(), resumed()).b(repeated(message(1, qos1)));
       }},
      {{"client/again_has_dup"},
       [](Story& s) {
         s.connect(again()).c(message(1, qos1)).close();
         s.connect(again(), resumed()).c(message(1, qos1));
       }},
      {{"broker/again_has_dup"},
       [](Story& s) {
         listening(s).b(message(1, qos2)).close();
         s.connect(again(), resumed()).b(message(1, qos2));
       }},
      {{"broker/again_only_after_reconnect"},
       [](Story& s) { listening(s).b(message(1, qos1)).b(repeated(message(1, qos1))); }},
      {{"client/again_in_order"},
       [](Story& s) {
         s.connect(again()).c(message(1, qos1)).c(message(2, qos1, "y")).close();
         s.connect(again(), resumed()).c(repeated(message(2, qos1, "y")));
         s.c(repeated(message(1, qos1)));
       }},
      {{"broker/again_all"},
       [](Story& s) {
         listening(s).b(message(1, qos1)).close();
         s.connect(again(), resumed()).wait(2min);
       }},
      {{"broker/no_publish_after_pub_rel"},
       [](Story& s) {
         listening(s).b(message(1, qos2)).c(PubRec{id(1), {}, {}}).b(PubRel{id(1), {}, {}});
         s.close().connect(again(), resumed()).b(repeated(message(1, qos2)));
       }},
      {{"client/pub_rel_answers_pub_rec"},
       [](Story& s) {
         s.connect().c(message(1, qos2)).c(PubRel{id(1), {}, {}});
       }},
      {{"broker/acknowledgement_answers"},
       [](Story& s) {
         s.connect().c(message(1, qos1)).b(PubAck{id(2), {}, {}});
       }},
      {{"broker/acknowledgement_answers"},  // twice
       [](Story& s) {
         s.connect().c(message(1, qos1)).b(PubAck{id(1), {}, {}}).b(PubAck{id(1), {}, {}});
       }},
  };
}

std::vector<Breaking> about_answers() {
  return {
      {{"client/pub_acks_in_order"},
       [](Story& s) {
         listening(s).b(message(1, qos1)).b(message(2, qos1));
         s.c(PubAck{id(2), {}, {}}).c(PubAck{id(1), {}, {}});
       }},
      {{"client/pub_recs_in_order"},
       [](Story& s) {
         listening(s).b(message(1, qos2)).b(message(2, qos2));
         s.c(PubRec{id(2), {}, {}}).c(PubRec{id(1), {}, {}});
       }},
      {{"client/pub_rels_in_order"},
       [](Story& s) {
         s.connect().c(message(1, qos2)).c(message(2, qos2));
         s.b(PubRec{id(1), {}, {}}).b(PubRec{id(2), {}, {}});
         s.c(PubRel{id(2), {}, {}}).c(PubRel{id(1), {}, {}});
       }},
      {{"broker/qos_1_is_acknowledged"},
       [](Story& s) { s.connect().c(message(1, qos1)).wait(2min); }},
      {{"client/client_acknowledges_everything", "client/qos_2_is_acknowledged"},
       [](Story& s) { listening(s).b(message(1, qos2)).wait(2min); }},
      {{"broker/pub_rec_is_answered"},
       [](Story& s) {
         listening(s).b(message(1, qos2)).c(PubRec{id(1), {}, {}}).wait(2min);
       }},
      {{"broker/pub_rel_is_answered"},
       [](Story& s) {
         s.connect().c(message(1, qos2)).b(PubRec{id(1), {}, {}}).c(PubRel{id(1), {}, {}});
         s.wait(2min);
       }},
      {{"broker/broker_keeps_the_quota"},
       [](Story& s) {
         listening(s, hello(with(PropertyId::receive_maximum, 1U)));
         s.b(message(1, qos1)).b(message(2, qos1));
       }},
      {{"client/client_keeps_the_quota"},
       [](Story& s) {
         s.connect(hello(), {.properties = with(PropertyId::receive_maximum, 1U)});
         s.c(message(1, qos1)).c(message(2, qos2));
       }},
  };
}

Publish aliased(std::uint32_t alias, std::string topic = "t") {
  Publish publish = message(0, qos0);
  publish.topic = std::move(topic);
  publish.properties = with(PropertyId::topic_alias, alias);
  return publish;
}
Properties aliases(std::uint32_t max) { return with(PropertyId::topic_alias_maximum, max); }

std::vector<Breaking> about_contents() {
  return {
      {{"client/client_alias_is_within_maximum"},
       [](Story& s) { s.connect(hello(), {.properties = aliases(1)}).c(aliased(2)); }},
      {{"broker/broker_alias_is_within_maximum"},
       [](Story& s) { listening(s, hello(aliases(1))).b(aliased(2)); }},
      {{"client/client_uses_no_alias_unasked"}, [](Story& s) { s.connect().c(aliased(1)); }},
      {{"broker/broker_uses_no_alias_unasked"}, [](Story& s) { listening(s).b(aliased(1)); }},
      {{"client/alias_was_set_here"},
       [](Story& s) {
         s.connect(hello(), {.properties = aliases(1)}).c(aliased(1)).close();
         s.connect(hello(), {.properties = aliases(1)}).c(aliased(1, ""));
       }},
      {{"client/qos_is_within_maximum"},
       [](Story& s) {
         s.connect(hello(), {.properties = with(PropertyId::maximum_qos, 1U)});
         s.c(message(1, qos2));
       }},
      {{"client/retain_is_available"},
       [](Story& s) {
         s.connect(hello(), {.properties = with(PropertyId::retain_available, 0U)});
         Publish publish = message(0, qos0);
         publish.retain = true;
         s.c(publish);
       }},
      {{"broker/sub_ack_answers"}, [](Story& s) { s.connect().c(subscription(1)).b(granted(2)); }},
      {{"broker/sub_ack_has_a_code_each"},
       [](Story& s) {
         s.connect().c(subscription(1));
         s.b(SubAck{id(1), {}, {ReasonCode::success, ReasonCode::success}});
       }},
      {{"broker/subscribe_is_answered"},
       [](Story& s) { s.connect().c(subscription(1)).wait(2min); }},
      {{"broker/unsub_ack_answers"},
       [](Story& s) {
         s.connect().b(UnsubAck{id(1), {}, {}});
       }},
      {{"broker/unsub_ack_has_a_code_each"},
       [](Story& s) {
         s.connect().c(Unsubscribe{id(1), {}, {"t"}}).b(UnsubAck{id(1), {}, {}});
       }},
      {{"broker/unsubscribe_is_answered"},
       [](Story& s) {
         s.connect().c(Unsubscribe{id(1), {}, {"t"}}).wait(2min);
       }},
      {{"broker/ping_is_answered"}, [](Story& s) { s.connect().c(PingReq{}).wait(2min); }},
      {{"broker/ping_is_answered"}, [](Story& s) { s.connect().b(PingResp{}); }},
      {{"broker/delivery_matches_a_filter"}, [](Story& s) { s.connect().b(message(0, qos0)); }},
      {{"broker/delivery_is_within_granted_qos"},
       [](Story& s) { s.connect().c(subscription(1)).b(granted(1, 0)).b(message(1, qos1)); }},
      {{"broker/delivery_clears_retain"},
       [](Story& s) {
         s.connect();
         s.c(subscription(1, {.retain_handling = RetainHandling::do_not_send})).b(granted(1));
         Publish publish = message(0, qos0);
         publish.retain = true;
         s.b(publish);
       }},
      {{"broker/subscription_identifier_is_given"},
       [](Story& s) {
         Publish publish = message(0, qos0);
         publish.properties = with(PropertyId::subscription_identifier, 7U);
         listening(s).b(publish);
       }},
  };
}

std::vector<Breaking> all_breakings() {
  std::vector<Breaking> all;
  for (const auto& some : {about_form(), about_size(), about_beginnings(), about_ends(),
                           about_identifiers(), about_answers(), about_contents()})
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

TEST(Monitors, EachRuleIsBrokenAlone) {
  for (const Breaking& one : all_breakings()) {
    Story story(one.version);
    one.story(story);
    EXPECT_EQ(story.broken(), one.breaks);
  }
}

TEST(Monitors, NoRuleIsWithoutAStoryThatBreaksIt) {
  std::set<std::string> broken;
  for (const Breaking& one : all_breakings())
    for (const std::string& rule : one.breaks) broken.insert(rule.substr(rule.find('/') + 1));
  for (const WatchInfo& row : all_watches())
    EXPECT_TRUE(broken.contains(std::string(row.name))) << row.name;
}

// ---- Clean ones ---------------------------------------------------------------------------------

void talk(Story& s) {
  s.connect(again(aliases(3)), {.properties = aliases(3)}).c(subscription(1)).b(granted(1));
  s.c(message(2, qos1)).b(PubAck{id(2), {}, {}}).b(message(1, qos2));
  s.c(PubRec{id(1), {}, {}}).b(PubRel{id(1), {}, {}}).c(PubComp{id(1), {}, {}});
  s.c(aliased(1)).c(aliased(1, "")).b(aliased(3)).b(aliased(3, ""));
  s.c(PingReq{}).b(PingResp{}).c(message(3, qos2)).b(PubRec{id(3), {}, {}});
  s.close().wait(50s).connect(again(), resumed());
  s.c(PubRel{id(3), {}, {}}).b(PubComp{id(3), {}, {}}).b(message(4, qos1)).close();
  s.connect(again(), resumed()).b(repeated(message(4, qos1))).c(PubAck{id(4), {}, {}});
  s.c(Unsubscribe{id(5), {}, {"t"}}).b(UnsubAck{id(5), {}, {ReasonCode::success}});
  s.c(Disconnect{}).close().wait(2min).connect(again()).c(Disconnect{}).close();
}

TEST(Monitors, WhatTheStandardAllowsIsClean) {
  Story story;
  talk(story);
  EXPECT_THAT(story.broken(), IsEmpty());
  const Report report = story.finish();
  EXPECT_EQ(report.overall.verdict, checks::Verdict::held);
  EXPECT_GT(report.rules.size(), 60u);
}

// v5 MQTT-3.2.2-4: the broker began it, though its CONNACK was lost with the connection.
TEST(Monitors, ASessionBegunByAnUnansweredConnectIsKnown) {
  Story story;
  story.open().c(again()).lost(End::broker, ConnAck{}).close().connect(again(), resumed()).close();
  story.wait(2min).open().c(again()).close().connect(again(), resumed()).wait(2min);  // expired
  EXPECT_THAT(story.broken(), IsEmpty());
}

// Its CONNACK never left the broker.
TEST(Monitors, ASessionMayBePresentAfterAConnectThatTheBrokerDidNotAnswer) {
  Story story;
  story.open().c(again()).close().connect(again(), resumed()).wait(1s);
  EXPECT_THAT(story.broken(), IsEmpty());
}

TEST(Monitors, WhoHearsDisconnectMayAnswerWhatItHadHeardBeforeAndNeedNot) {
  for (const bool answers : {true, false}) {
    Story story;
    listening(story).b(message(1, qos1)).hears(End::client, Disconnect{});
    if (answers) story.c(PubAck{id(1), {}, {}});
    EXPECT_THAT(story.wait(2min).broken(), IsEmpty());
  }
}

TEST(Monitors, WhatAnOlderConnectionIsOwedMayWaitForTheDisk) {
  Story story;
  story.connect(again()).c(message(1, qos1)).connect(again(), resumed()).over(1);
  EXPECT_THAT(story.b(PubAck{id(1), {}, {}}).broken(), IsEmpty());
}

TEST(Monitors, WhoseClockIsSetMayBeSilentForLonger) {
  for (const char* kind : {"clock", "slow"}) {
    Story story;
    story.faults() = {{.kind = kind, .target = "a", .clients = {0}}};
    Connect alive = hello();
    alive.keep_alive = 60;
    story.connect(alive).wait(50s).happens(trace::FaultBegan{0}).wait(12s);
    story.c(PingReq{}).b(PingResp{});
    EXPECT_EQ(story.broken().empty(), std::string(kind) == "clock");
  }
}

// v5 MQTT-3.3.1-1: the first time went to a connection that was gone.
TEST(Monitors, WhatWasWrittenToAConnectionThatWasCutOffCountsAsSent) {
  for (const bool cut_off : {true, false}) {
    Story story;
    listening(story, again());
    cut_off ? story.reset() : story.close(/*by_client=*/false);
    story.connect(again(), resumed()).b(repeated(message(1, qos1))).c(PubAck{id(1), {}, {}});
    EXPECT_EQ(story.broken().empty(), cut_off);
  }
}

// One that was to end with its connection cannot be there afterwards.
TEST(Monitors, ASessionThatCannotHaveOutlivedItsConnectIsUnknown) {
  Story story;
  story.open().c(hello()).lost(End::broker, ConnAck{}).close();
  story.open().lost(End::client, again()).hears(End::client, resumed()).wait(2min);
  EXPECT_THAT(story.broken(), ElementsAre("client/unknown_session_ends_the_connection"));
}

// Its keep alive runs from CONNACK, which a slow link may hold back.
TEST(Monitors, AClientThatWaitsForItsConnAckIsNotSilent) {
  Story story;
  Connect connect = hello();
  connect.keep_alive = 10;
  story.open().c(connect).wait(8s).b(ConnAck{}).wait(4500ms).c(PingReq{}).b(PingResp{});
  EXPECT_THAT(story.broken(), IsEmpty());
}

TEST(Monitors, ARunWithoutPacketsProvesNothing) {
  Story story;
  EXPECT_EQ(story.finish().overall.verdict, checks::Verdict::not_tried);
}

// A broker is not accused of what it does because its client broke a rule.
TEST(Monitors, WhoIsProvokedIsExcused) {
  Story story;
  story.connect().c(message(1, qos1)).c(message(1, qos1, "y"));
  story.b(PubAck{id(1), {}, {}}).b(PubAck{id(1), {}, {}}).b(PubAck{id(1), {}, {}});
  EXPECT_THAT(story.broken(),
              ElementsAre("client/client_packet_id_is_free", "client/qos_1_id_is_new"));
}

// After a crash nobody can tell what a broker may still know.
TEST(Monitors, ACrashedBrokerMayHaveForgotten) {
  Story story;
  listening(story).b(message(1, qos1)).close().crash();
  story.connect(again()).close().connect(again(), resumed());
  EXPECT_THAT(story.broken(), IsEmpty());
  Story other;
  listening(other).b(message(1, qos1)).close().crash();
  other.connect(again(), resumed()).b(message(1, qos1)).b(repeated(message(2, qos1)));
  EXPECT_THAT(other.broken(), IsEmpty());
}

TEST(Monitors, EvidenceTellsWhoWhenAndWhat) {
  Story story;
  story.connect().b(PubAck{id(7), {}, {}});
  const Report report = story.finish();
  ASSERT_EQ(report.overall.evidence.size(), 1u);
  EXPECT_EQ(report.overall.evidence[0].text,
            "The broker to a, connection 1, at 00:00:00.021: PUBACK id=7 answers nothing.");
  EXPECT_THAT(report.overall.clauses, ElementsAre("v5/MQTT-2.2.1-5", "v5/MQTT-3.3.4-1"));
}

TEST(Monitors, WhatIsRememberedOfASessionIsBounded) {
  Story story;
  story.connect();
  for (int i = 0; i < static_cast<int>(filters_watched_max) + 1; ++i) {
    Subscribe subscribe = subscription(1);
    subscribe.entries[0].filter = "f/" + std::to_string(i);
    story.c(subscribe).b(granted(1));
  }
  story.b(message(0, qos0));  // matches none of them: the rule is silent by now
  EXPECT_THAT(story.broken(), IsEmpty());
}

TEST(Monitors, AtTheBoundOfFiltersTheyAreStillWatched) {
  Story story;
  story.connect();
  for (int i = 0; i < static_cast<int>(filters_watched_max); ++i) {
    Subscribe subscribe = subscription(1);
    subscribe.entries[0].filter = "f/" + std::to_string(i);
    story.c(subscribe).b(granted(1));
  }
  story.b(message(0, qos0));
  EXPECT_THAT(story.broken(), ElementsAre("broker/delivery_matches_a_filter"));
}

}  // namespace
}  // namespace mq::monitors
