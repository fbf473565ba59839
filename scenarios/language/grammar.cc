// The file itself and its expectations; grammar_links.cc, grammar_fleet.cc and grammar_faults.cc
// have the rest.
#include "scenarios/language/grammar.h"

#include <array>

#include "scenarios/language/grammar_scalars.h"
#include "scenarios/language/limits.h"
#include "sim/trace/sometimes.h"

namespace mq::scenario {
namespace {

constexpr Shape faults{.is = Is::list, .item = &fault_shape, .entries_max = faults_max};

// ---- Expectations -------------------------------------------------------------------------------

template <const Choice& choice>
constexpr Shape only{.is = Is::choice, .choices = std::span<const Choice>(&choice, 1)};

constexpr Choice at_most_once{"at-most-once", "no QoS 0 message arrives twice"};
constexpr Choice at_least_once{"at-least-once", "every acknowledged QoS 1 message arrives"};
constexpr Choice exactly_once{"exactly-once", "every acknowledged QoS 2 message arrives once"};
constexpr Choice resumed{"resumed", "present when it must be, gone when it has expired"};
constexpr Choice when_gone{"when-gone", "published when a client is lost, and only then"};
constexpr Choice last_value{"last-value", "a new subscription brings each topic's last value"};
constexpr Choice one_member{"one-member", "each message goes to one member, and none is lost"};
constexpr Choice in_time{"in-time", "nothing is passed on when its time is over"};
constexpr Choice as_allowed{"as-allowed", "nobody gets what they may not read"};
constexpr Choice per_publisher{"per-publisher", "per publisher, topic and QoS nothing overtakes"};

constexpr std::array calls_words = {
    Choice{"unanswered", "nobody outside can begin a connection to a device"},
    Choice{"answered", "everybody outside can"}};
constexpr Shape calls{.is = Is::choice, .choices = calls_words};

constexpr auto sometimes_choices = [] {
  std::array<Choice, trace::sometimes_states.size()> all{};
  for (std::size_t at = 0; at < all.size(); ++at)
    all[at] = {trace::sometimes_states[at].phrase, trace::sometimes_states[at].meaning};
  return all;
}();
constexpr Shape sometimes{.is = Is::choice, .choices = sometimes_choices};

constexpr Shape percentile{.is = Is::decimal, .min = "1", .max = "100"};
constexpr std::array latency_keys = {
    Key{.name = "percentile",
        .shape = &percentile,
        .is_required = true,
        .description = "99 means: of 100 messages 99 were faster; 100 is the slowest one."},
    Key{.name = "below",
        .shape = &span_of_time,
        .is_required = true,
        .description = "From the publishing application to the subscribing one."},
    Key{.name = "qos",
        .shape = &qos,
        .description = "Only messages of this QoS; without it, of every one."},
};

constexpr std::array bytes_directions = {Choice{"both", "up and down together"},
                                         Choice{"up", "from the device to the broker"},
                                         Choice{"down", "from the broker to the device"}};
constexpr Shape bytes_direction{.is = Is::choice, .choices = bytes_directions};
constexpr Shape some_bytes{.is = Is::size, .min = "1B", .max = "1000000MB"};
constexpr Shape some_energy{.is = Is::energy, .min = "1 uJ", .max = "1000000 kJ"};
constexpr Shape some_times{.is = Is::whole, .min = "1", .max = "1000000000"};
constexpr Key of_group{.name = "of",
                       .shape = &a_name,
                       .description = "Each client of this group; without it, everyone."};
constexpr std::array bytes_keys = {
    Key{.name = "below",
        .shape = &some_bytes,
        .is_required = true,
        .description = "On the air, headers of IP and TCP and all of TLS included."},
    Key{.name = "direction",
        .shape = &bytes_direction,
        .fallback = "both",
        .description = "Which of them."},
    of_group,
};
constexpr std::array radio_limit_keys = {
    Key{.name = "below",
        .shape = &span_of_time,
        .is_required = true,
        .description = "That the radio is connected to its network, over the whole run."},
    of_group,
};
constexpr std::array energy_keys = {
    Key{.name = "below",
        .shape = &some_energy,
        .is_required = true,
        .description = "Of the radio, over the whole run."},
    of_group,
};
constexpr std::array reconnects_keys = {
    Key{.name = "below",
        .shape = &some_times,
        .is_required = true,
        .description = "Connections that the broker accepted, after the first."},
    of_group,
};
constexpr std::array first_message_keys = {
    Key{.name = "percentile",
        .shape = &percentile,
        .is_required = true,
        .description = "99 means: of 100 times 99 were shorter; 100 is the longest one."},
    Key{.name = "below", .shape = &span_of_time, .is_required = true, .description = "The limit."},
};

constexpr std::array age_measures = {
    Choice{"most", "its oldest age"},
    Choice{"mean", "its mean over time"},
};
constexpr Shape age_measure{.is = Is::choice, .choices = age_measures};
constexpr std::array age_keys = {
    Key{.name = "below",
        .shape = &span_of_time,
        .is_required = true,
        .description = "Since the newest value that is there was taken; until the storm ends."},
    Key{.name = "measure", .shape = &age_measure, .fallback = "most", .description = "Of the age."},
    of_group,
};

constexpr std::array expectation_keys = {
    Key{.name = "qos0", .shape = &only<at_most_once>, .description = "QoS 0 keeps its promise."},
    Key{.name = "qos1", .shape = &only<at_least_once>, .description = "QoS 1 keeps its promise."},
    Key{.name = "qos2", .shape = &only<exactly_once>, .description = "QoS 2 keeps its promise."},
    Key{.name = "session", .shape = &only<resumed>, .description = "Sessions are kept."},
    Key{.name = "will", .shape = &only<when_gone>, .description = "Wills are published."},
    Key{.name = "retained", .shape = &only<last_value>, .description = "Last values are kept."},
    Key{.name = "order", .shape = &only<per_publisher>, .description = "Order is kept."},
    Key{.name = "shared", .shape = &only<one_member>, .description = "Shared subscriptions share."},
    Key{.name = "expiry", .shape = &only<in_time>, .description = "Messages expire."},
    Key{.name = "access", .shape = &only<as_allowed>, .description = "Rights are kept."},
    Key{.name = "calls",
        .shape = &calls,
        .description = "What becomes of connections that are begun from outside (`call` in "
                       "`faults`)."},
    Key{.name = "latency", .shape = &latency_shape, .description = "Messages arrive in time."},
    Key{.name = "bytes", .shape = &bytes_shape, .description = "So much goes over the air."},
    Key{.name = "radio",
        .shape = &radio_limit_shape,
        .description = "So long the radio is on; of links whose `radio` has states."},
    Key{.name = "energy",
        .shape = &energy_shape,
        .description = "So much the radio needs; of links that say what it draws (`power`)."},
    Key{.name = "reconnects",
        .shape = &reconnects_shape,
        .description = "So often a client connects again."},
    Key{.name = "first_message",
        .shape = &first_message_shape,
        .description = "From the end of a fault until the client's next message comes through."},
    Key{.name = "staleness",
        .shape = &first_message_shape,
        .description = "The age of a retained value when a new subscription brings it."},
    Key{.name = "age",
        .shape = &age_shape,
        .description = "How old the values are that a client holds, subscribed to or polled."},
    Key{.name = "sometimes",
        .shape = &sometimes,
        .description = "The run came to this state at least once: it is worth something."},
};
constexpr Shape expectations{
    .is = Is::list, .item = &expectation_shape, .entries_max = expectations_max};

// ---- The file -----------------------------------------------------------------------------------

constexpr Shape seed{.is = Is::whole, .min = "0", .max = "9007199254740991"};
constexpr Shape language_version{.is = Is::whole, .min = "1", .max = "1"};

constexpr Shape idle_timeout{.is = Is::duration, .min = "1s", .max = "366d"};
constexpr std::array store_keys = {
    Key{.name = "idle_timeout",
        .shape = &idle_timeout,
        .fallback = "75s",
        .description = "It closes a connection over which nobody has asked for so long."},
};

constexpr std::array worlds = {
    Choice{"ns3", "packets over the TCP of ns-3: slow start, loss, retransmission, queues"},
    Choice{"memory", "latency and cuts only, no TCP: for thousands of fast runs"},
};
constexpr Shape world{.is = Is::choice, .choices = worlds};

constexpr std::array durabilities = {
    Choice{"none", "what the broker knew is gone after a crash"},
    Choice{"process", "it survives a crash of the broker, not of its machine"},
    Choice{"power", "it survives a power failure: acknowledged only when on the disk"},
};
constexpr Shape durability{.is = Is::choice, .choices = durabilities};
constexpr std::array service_times = {
    Choice{"measured",
           "the processor time that its work takes on this machine: no two runs are the same"},
};
constexpr Shape service_time{
    .is = Is::duration, .choices = service_times, .min = "1ns", .max = "1min"};
constexpr Shape links{.is = Is::named_map, .item = &link_shape, .entries_max = links_max};
constexpr Shape fleet{.is = Is::named_map, .item = &group_shape, .entries_max = groups_max};

constexpr Shape topic_list{.is = Is::one_or_list, .item = &topic, .entries_max = 100};
constexpr std::array user_keys = {
    Key{.name = "password",
        .shape = &line_of_text,
        .is_required = true,
        .description = "In no report, event or log; a capture of a plain link shows it, as anybody "
                       "on the way could see it."},
    Key{.name = "publish",
        .shape = &topic_list,
        .description = "What the user may publish to, as topic filters; nothing without."},
    Key{.name = "subscribe",
        .shape = &topic_list,
        .description = "What the user may read, as topic filters; nothing without."},
};
constexpr Shape user_shape_of_broker{.is = Is::named_map, .item = &user_shape, .entries_max = 1000};

constexpr std::array broker_keys = {
    Key{.name = "external",
        .shape = &line_of_text,
        .description =
            "Another broker instead of ours, unmodified and in virtual time: the name of "
            "an adapter (`mosquitto`, `aedes`, ...) or the path of an adapter file. "
            "`--broker` wins over it."},
    Key{.name = "users",
        .shape = &user_shape_of_broker,
        .description = "Who is let in, by name, and what they may do. Without it everybody is, and "
                       "may do everything."},
    Key{.name = "durability",
        .shape = &durability,
        .fallback = "power",
        .description = "What of the broker's state survives a crash."},
    Key{.name = "sync",
        .shape = &moment,
        .fallback = "0ms",
        .description = "How long its disk takes until what was written is safe. The broker must "
                       "not acknowledge before; a crash loses what was under way."},
    Key{.name = "receive_maximum",
        .shape = &receive_maximum,
        .description = "How many QoS 1 and 2 messages it takes from a publisher before it has "
                       "answered one (5.0)."},
    Key{.name = "service_time",
        .shape = &service_time,
        .description = "How long each packet that comes or goes keeps the broker busy: what comes "
                       "meanwhile waits. Without it the broker works in no time."},
};

constexpr Shape tag_list{.is = Is::one_or_list, .item = &a_name, .entries_max = 10};

constexpr std::array scenario_keys = {
    Key{.name = "version",
        .shape = &language_version,
        .is_required = true,
        .description = "Of this language: 1."},
    Key{.name = "name", .shape = &line_of_text, .is_required = true, .description = "One line."},
    Key{.name = "description", .shape = &long_text, .description = "What it shows, and why."},
    Key{.name = "tags",
        .shape = &tag_list,
        .description = "Words under which somebody would look for it."},
    Key{.name = "duration",
        .shape = &span_of_time,
        .is_required = true,
        .description = "The storm: the time in which messages are published and faults happen."},
    Key{.name = "calm",
        .shape = &span_of_time,
        .fallback = "5min",
        .description = "After the storm nothing is published and every fault is over: all that "
                       "is owed must arrive now."},
    Key{.name = "seed",
        .shape = &seed,
        .fallback = "1",
        .description = "The same seed gives the same run, to the byte."},
    Key{.name = "world", .shape = &world, .fallback = "ns3", .description = "What carries bytes."},
    Key{.name = "broker", .shape = &broker_shape, .description = "The broker of the run."},
    Key{.name = "store",
        .shape = &store_shape,
        .description = "The store of values with which groups with `rest` speak."},
    Key{.name = "links", .shape = &links, .description = "The networks, by name."},
    Key{.name = "fleet",
        .shape = &fleet,
        .is_required = true,
        .description = "Groups of like clients, by name."},
    Key{.name = "faults", .shape = &faults, .description = "What goes wrong, and when."},
    Key{.name = "expect",
        .shape = &expectations,
        .description = "What must hold. The promises of the standard are judged always; those "
                       "named here must also have been put to the test."},
};

}  // namespace

const Shape user_shape{.is = Is::map, .title = "a user", .keys = user_keys};
const Shape broker_shape{.is = Is::map, .title = "`broker`", .keys = broker_keys};
const Shape bytes_shape{.is = Is::map, .title = "`bytes`", .keys = bytes_keys};
const Shape radio_limit_shape{
    .is = Is::map, .title = "a limit on `radio`", .keys = radio_limit_keys};
const Shape energy_shape{.is = Is::map, .title = "`energy`", .keys = energy_keys};
const Shape reconnects_shape{.is = Is::map, .title = "`reconnects`", .keys = reconnects_keys};
const Shape first_message_shape{
    .is = Is::map, .title = "a limit on a percentile", .keys = first_message_keys};
const Shape age_shape{.is = Is::map, .title = "`age`", .keys = age_keys};
const Shape store_shape{.is = Is::map, .title = "`store`", .keys = store_keys};
const Shape latency_shape{.is = Is::map, .title = "`latency`", .keys = latency_keys};
const Shape expectation_shape{.is = Is::map,
                              .title = "an entry of `expect`",
                              .keys = expectation_keys,
                              .takes_one_key = true};
const Shape scenario_shape{.is = Is::map, .title = "a scenario", .keys = scenario_keys};

const Key* find(const Shape& map, std::string_view key) {
  for (const Key& candidate : map.keys)
    if (candidate.name == key) return &candidate;
  return nullptr;
}

}  // namespace mq::scenario
