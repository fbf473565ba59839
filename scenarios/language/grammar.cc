// The file itself, its faults and its expectations; grammar_links.cc and grammar_fleet.cc have the
// rest.
#include "scenarios/language/grammar.h"

#include <array>

#include "scenarios/language/grammar_scalars.h"
#include "scenarios/language/limits.h"
#include "sim/trace/sometimes.h"

namespace mq::scenario {
namespace {

// ---- Faults -------------------------------------------------------------------------------------

constexpr Shape cut_targets{.is = Is::one_or_list, .item = &a_name, .entries_max = 1'000};
constexpr std::array crash_targets = {
    Choice{"broker", "its process is gone at once"},
    Choice{"machine", "the power of the broker's machine fails: what was not synced may be lost"},
};
constexpr Shape crash_target{.is = Is::choice, .choices = crash_targets};
constexpr std::array directions_words = {
    Choice{"both", "nothing passes"},
    Choice{"up", "nothing passes from the device to the broker"},
    Choice{"down", "nothing passes from the broker to the device"},
};
constexpr Shape directions{.is = Is::choice, .choices = directions_words};

constexpr Shape packet_text{.is = Is::text, .is_one_line = true, .entries_max = 40};

constexpr std::array fault_keys = {
    Key{.name = "at",
        .shape = &moment,
        .description = "When it begins, counted from the start of the run. With `after`: from when "
                       "on the packet counts."},
    Key{.name = "after",
        .shape = &packet_text,
        .description = "With `cut`, in place of an instant: a packet and where it is, such as "
                       "`PUBREC sent`. Each client named is cut when it comes to its first one, "
                       "with `every` again and again."},
    Key{.name = "cut",
        .shape = &cut_targets,
        .description = "Nothing passes any more, silently: a link (all devices behind it), a "
                       "group, a single client by its id, or a list of these."},
    Key{.name = "for", .shape = &span_of_time, .description = "With `cut`: how long."},
    Key{.name = "directions",
        .shape = &directions,
        .fallback = "both",
        .description = "With `cut`: which directions carry nothing."},
    Key{.name = "crash",
        .shape = &crash_target,
        .description = "The broker's process, or the power of its machine, is gone at once, and "
                       "with it every connection."},
    Key{.name = "restart_after",
        .shape = &span_of_time,
        .description = "With `crash`: how long until it runs again."},
    Key{.name = "every",
        .shape = &span_of_time,
        .description = "Again and again, from beginning to beginning, as long as it ends before "
                       "the calm."},
};
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
constexpr Choice per_publisher{"per-publisher", "per publisher, topic and QoS nothing overtakes"};

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

constexpr std::array expectation_keys = {
    Key{.name = "qos0", .shape = &only<at_most_once>, .description = "QoS 0 keeps its promise."},
    Key{.name = "qos1", .shape = &only<at_least_once>, .description = "QoS 1 keeps its promise."},
    Key{.name = "qos2", .shape = &only<exactly_once>, .description = "QoS 2 keeps its promise."},
    Key{.name = "session", .shape = &only<resumed>, .description = "Sessions are kept."},
    Key{.name = "will", .shape = &only<when_gone>, .description = "Wills are published."},
    Key{.name = "retained", .shape = &only<last_value>, .description = "Last values are kept."},
    Key{.name = "order", .shape = &only<per_publisher>, .description = "Order is kept."},
    Key{.name = "latency", .shape = &latency_shape, .description = "Messages arrive in time."},
    Key{.name = "sometimes",
        .shape = &sometimes,
        .description = "The run came to this state at least once: it is worth something."},
};
constexpr Shape expectations{
    .is = Is::list, .item = &expectation_shape, .entries_max = expectations_max};

// ---- The file -----------------------------------------------------------------------------------

constexpr Shape seed{.is = Is::whole, .min = "0", .max = "9007199254740991"};
constexpr Shape language_version{.is = Is::whole, .min = "1", .max = "1"};

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
};

constexpr std::array scenario_keys = {
    Key{.name = "version",
        .shape = &language_version,
        .is_required = true,
        .description = "Of this language: 1."},
    Key{.name = "name", .shape = &line_of_text, .is_required = true, .description = "One line."},
    Key{.name = "description", .shape = &long_text, .description = "What it shows, and why."},
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
const Shape fault_shape{.is = Is::map, .title = "a fault", .keys = fault_keys};
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
