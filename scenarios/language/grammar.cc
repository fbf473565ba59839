#include "scenarios/language/grammar.h"

#include <array>

#include "scenarios/language/limits.h"
#include "sim/trace/sometimes.h"

namespace mq::scenario {
namespace {

// ---- Scalars ------------------------------------------------------------------------------------

constexpr Shape line_of_text{.is = Is::text, .entries_max = 200};
constexpr Shape long_text{.is = Is::text, .entries_max = 10'000};
constexpr Shape a_name{.is = Is::name};
constexpr Shape topic{.is = Is::text, .entries_max = topic_bytes_max};
constexpr Shape yes_no{.is = Is::yes_no};
constexpr Shape qos{.is = Is::whole, .min = "0", .max = "2"};
constexpr Shape seed{.is = Is::whole, .min = "0", .max = "9007199254740991"};
constexpr Shape language_version{.is = Is::whole, .min = "1", .max = "1"};

constexpr Shape span_of_time{.is = Is::duration, .min = "1ms", .max = "366d"};
constexpr Shape moment{.is = Is::duration, .min = "0", .max = "366d"};
constexpr Shape outage_time{.is = Is::duration, .min = "1ms", .max = "366d"};

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

// ---- Links --------------------------------------------------------------------------------------

constexpr std::array unlimited = {Choice{"unlimited", "no limit"}};
constexpr Shape rate_value{
    .is = Is::rate, .choices = unlimited, .min = "1 bit/s", .max = "1000 Gbit/s"};
constexpr Shape delay_value{.is = Is::duration, .min = "0", .max = "1h"};
constexpr Shape loss_value{.is = Is::percentage, .min = "0%", .max = "100%"};
constexpr Shape queue_value{.is = Is::whole, .min = "1", .max = "1000000"};
constexpr Shape rate{.is = Is::sourced, .item = &rate_value};
constexpr Shape delay{.is = Is::sourced, .item = &delay_value};
constexpr Shape loss{.is = Is::sourced, .item = &loss_value};
constexpr Shape queue{.is = Is::sourced, .item = &queue_value};
constexpr Shape outage{.is = Is::sourced, .item = &outage_time};

constexpr std::array tcp_presets = {
    Choice{"linux", "both ends behave as Linux does: CUBIC, SACK, MinRTO 200 ms"},
    Choice{"lwip", "both ends behave as the small stack of microcontrollers"},
    Choice{"ns3-default", "what ns-3 does when nothing is set"},
};
constexpr Shape tcp_preset{.is = Is::choice, .choices = tcp_presets};

constexpr Key rate_key{.name = "rate",
                       .shape = &rate,
                       .description = "Bits per second: `20 kbit/s` (= `20 kb/s` = `20 kbps`)."};
constexpr Key delay_key{
    .name = "delay", .shape = &delay, .description = "One way, per packet: half of the base RTT."};
constexpr Key jitter_key{
    .name = "jitter",
    .shape = &delay,
    .fallback = "0ms",
    .description = "Further delay, uniform between 0 and this; packets stay in order."};
constexpr Key loss_key{.name = "loss",
                       .shape = &loss,
                       .fallback = "0%",
                       .description = "The probability that a packet is lost, each by itself."};
constexpr Key queue_key{
    .name = "queue",
    .shape = &queue,
    .fallback = "100",
    .description = "How many packets wait for the transmitter; further ones are dropped."};

constexpr std::array direction_keys = {rate_key, delay_key, jitter_key, loss_key, queue_key};

constexpr std::array outages_keys = {
    Key{.name = "between",
        .shape = &outage,
        .is_required = true,
        .description = "Mean time (exponential) from the end of one to the beginning of the next."},
    Key{.name = "length",
        .shape = &outage,
        .is_required = true,
        .description = "Mean length (exponential) of one."},
};

constexpr Key up_key{.name = "up",
                     .shape = &direction_shape,
                     .description = "From the device to the broker; wins over the keys beside it."};
constexpr Key down_key{
    .name = "down",
    .shape = &direction_shape,
    .description = "From the broker to the device; wins over the keys beside it."};
constexpr Key tcp_key{.name = "tcp",
                      .shape = &tcp_preset,
                      .fallback = "linux",
                      .description = "How TCP behaves at both ends."};
constexpr Key outages_key{
    .name = "outages",
    .shape = &outages_shape,
    .description =
        "Random times in which nothing passes; each device draws its own, until the "
        "calm."};
constexpr Key link_source_key{
    .name = "source",
    .shape = &line_of_text,
    .description = "Where the numbers come from that have no source of their own."};

constexpr std::array link_keys = {
    Key{.name = "profile",
        .shape = &a_name,
        .description = "A built-in set of numbers (`mqttlab list profiles`); the keys beside it "
                       "override single ones."},
    rate_key,
    delay_key,
    jitter_key,
    loss_key,
    queue_key,
    up_key,
    down_key,
    tcp_key,
    outages_key,
    link_source_key,
};
constexpr std::array profile_file_keys = {
    Key{.name = "name", .shape = &a_name, .is_required = true, .description = "As links name it."},
    Key{.name = "description",
        .shape = &long_text,
        .is_required = true,
        .description = "What network it stands for."},
    rate_key,
    delay_key,
    jitter_key,
    loss_key,
    queue_key,
    up_key,
    down_key,
    outages_key,
};

constexpr Shape links{.is = Is::named_map, .item = &link_shape, .entries_max = links_max};

// ---- The fleet ----------------------------------------------------------------------------------

constexpr std::array protocols = {
    Choice{"3.1.1", "MQTT 3.1.1"},
    Choice{"5", "MQTT 5.0"},
};
constexpr Shape protocol{.is = Is::choice, .choices = protocols};
constexpr Shape protocol_list{.is = Is::one_or_list, .item = &protocol, .entries_max = 100};
constexpr Shape client_count{.is = Is::whole, .min = "1", .max = "100000"};
constexpr std::array never = {Choice{"never", "the session does not end"}};
constexpr Shape session_expiry{.is = Is::duration,
                               .choices = never,
                               .min = "0",
                               .max = "4294967294s",
                               .is_whole_seconds = true};
constexpr Shape keep_alive{
    .is = Is::duration, .min = "0", .max = "65535s", .is_whole_seconds = true};
constexpr Shape will_delay{
    .is = Is::duration, .min = "0", .max = "4294967295s", .is_whole_seconds = true};
constexpr Shape payload_size{.is = Is::size, .min = "16B", .max = "16MiB"};
constexpr Shape message_count{.is = Is::whole, .min = "1", .max = "1000000000"};

constexpr Key qos_key{.name = "qos",
                      .shape = &qos,
                      .fallback = "0",
                      .description = "0 at most once, 1 at least once, 2 exactly once."};
constexpr Key retain_key{.name = "retain",
                         .shape = &yes_no,
                         .fallback = "false",
                         .description = "The broker keeps it as the topic's last value."};

constexpr std::array will_keys = {
    Key{.name = "topic",
        .shape = &topic,
        .is_required = true,
        .description = "`{id}` is the client's id."},
    Key{.name = "payload",
        .shape = &long_text,
        .fallback = "gone",
        .description = "Text; `{id}` is the client's id."},
    qos_key,
    retain_key,
    Key{.name = "delay",
        .shape = &will_delay,
        .fallback = "0s",
        .description = "How long the broker waits for the client to come back (5.0 only)."},
};

constexpr std::array publish_keys = {
    Key{.name = "topic",
        .shape = &topic,
        .is_required = true,
        .description = "`{id}` is the client's id, `{n}` the number of the message."},
    qos_key,
    retain_key,
    Key{.name = "payload",
        .shape = &payload_size,
        .fallback = "64B",
        .description = "How long the payload is. It begins with a mark of up to 16 bytes by which "
                       "messages are told apart."},
    Key{.name = "text",
        .shape = &long_text,
        .description = "What the payload says after the mark, with `{id}` and `{n}`. With "
                       "`payload` beside it, it is filled up to that size; alone, it is as long as "
                       "it is."},
    Key{.name = "every",
        .shape = &span_of_time,
        .description = "The time between two messages; the first comes at a random moment of the "
                       "first one, unless `at` says when."},
    Key{.name = "at",
        .shape = &moment,
        .description = "When the first message comes; without `every` it is the only one."},
    Key{.name = "times",
        .shape = &message_count,
        .description = "With `every`: no more messages than this."},
};

constexpr std::array retain_handlings = {
    Choice{"send", "retained messages come with every subscription"},
    Choice{"send-if-new", "only if the subscription did not exist"},
    Choice{"do-not-send", "not at all"},
};
constexpr Shape retain_handling{.is = Is::choice, .choices = retain_handlings};

constexpr std::array subscribe_keys = {
    Key{.name = "filter",
        .shape = &topic,
        .is_required = true,
        .description = "A topic filter: `+` is one level, `#` all further ones; `{id}` is the "
                       "client's id."},
    qos_key,
    Key{.name = "at",
        .shape = &moment,
        .fallback = "0s",
        .description = "Not before this time of the run."},
    Key{.name = "no_local",
        .shape = &yes_no,
        .fallback = "false",
        .description = "Not what the subscriber itself published (5.0 only)."},
    Key{.name = "retain_as_published",
        .shape = &yes_no,
        .fallback = "false",
        .description = "Messages keep their retain flag (5.0 only)."},
    Key{.name = "retain_handling",
        .shape = &retain_handling,
        .fallback = "send",
        .description = "When retained messages come (5.0 only)."},
};

constexpr Shape publishes{.is = Is::list, .item = &publish_shape, .entries_max = publishes_max};
constexpr Shape subscribes{.is = Is::list, .item = &subscribe_shape, .entries_max = subscribes_max};

constexpr std::array group_keys = {
    Key{.name = "count",
        .shape = &client_count,
        .fallback = "1",
        .description = "How many clients: `sensors` with 3 has `sensors-1` to `sensors-3`; a "
                       "group of one has the id `sensors`."},
    Key{.name = "link",
        .shape = &a_name,
        .fallback = "wired",
        .description = "The link behind which each of them is; `wired` needs no declaration."},
    Key{.name = "protocol",
        .shape = &protocol_list,
        .fallback = "5",
        .description = "The version of MQTT; of a list the members take one after another."},
    Key{.name = "clean_start",
        .shape = &yes_no,
        .fallback = "true",
        .description = "Begin each connection with a new session (Clean Session in 3.1.1)."},
    Key{.name = "session_expiry",
        .shape = &session_expiry,
        .description = "How long the session outlives a connection (5.0). Without it: not at all "
                       "with clean_start, else `never` ending."},
    Key{.name = "keep_alive",
        .shape = &keep_alive,
        .fallback = "60s",
        .description = "The longest silence of the client; 0 turns it off."},
    Key{.name = "start",
        .shape = &moment,
        .fallback = "0s",
        .description = "When the group begins to connect."},
    Key{.name = "start_spread",
        .shape = &moment,
        .fallback = "0s",
        .description = "Each member waits longer by a random time up to this."},
    Key{.name = "stop",
        .shape = &moment,
        .description = "When they disconnect for good, in order."},
    Key{.name = "will",
        .shape = &will_shape,
        .description = "What the broker publishes for a client that is gone without a word."},
    Key{.name = "publish", .shape = &publishes, .description = "What each member publishes."},
    Key{.name = "subscribe",
        .shape = &subscribes,
        .description = "What each member subscribes to."},
};
constexpr Shape fleet{.is = Is::named_map, .item = &group_shape, .entries_max = groups_max};

// ---- Faults -------------------------------------------------------------------------------------

constexpr Shape cut_targets{.is = Is::one_or_list, .item = &a_name, .entries_max = 1'000};
constexpr std::array crash_targets = {Choice{"broker", "its process is gone at once"}};
constexpr Shape crash_target{.is = Is::choice, .choices = crash_targets};
constexpr std::array directions_words = {
    Choice{"both", "nothing passes"},
    Choice{"up", "nothing passes from the device to the broker"},
    Choice{"down", "nothing passes from the broker to the device"},
};
constexpr Shape directions{.is = Is::choice, .choices = directions_words};

constexpr std::array fault_keys = {
    Key{.name = "at",
        .shape = &moment,
        .is_required = true,
        .description = "When it begins, counted from the start of the run."},
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
        .description = "The broker's process is gone at once, and with it every connection."},
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

constexpr std::array broker_keys = {
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

const Shape direction_shape{.is = Is::map, .title = "a direction", .keys = direction_keys};
const Shape outages_shape{.is = Is::map, .title = "outages", .keys = outages_keys};
const Shape link_shape{.is = Is::map, .title = "a link", .keys = link_keys};
const Shape will_shape{.is = Is::map, .title = "a will", .keys = will_keys};
const Shape publish_shape{.is = Is::map, .title = "an entry of `publish`", .keys = publish_keys};
const Shape subscribe_shape{
    .is = Is::map, .title = "an entry of `subscribe`", .keys = subscribe_keys};
const Shape group_shape{.is = Is::map, .title = "a group", .keys = group_keys};
const Shape fault_shape{.is = Is::map, .title = "a fault", .keys = fault_keys};
const Shape latency_shape{.is = Is::map, .title = "`latency`", .keys = latency_keys};
const Shape expectation_shape{.is = Is::map,
                              .title = "an entry of `expect`",
                              .keys = expectation_keys,
                              .takes_one_key = true};
const Shape broker_shape{.is = Is::map, .title = "`broker`", .keys = broker_keys};
const Shape scenario_shape{.is = Is::map, .title = "a scenario", .keys = scenario_keys};
const Shape profile_file_shape{.is = Is::map, .title = "a profile", .keys = profile_file_keys};

std::array<Key, 2> sourced_keys(const Shape& item) {
  return {Key{.name = "value",
              .shape = &item,
              .is_required = true,
              .description = "The number with its unit."},
          Key{.name = "source",
              .shape = &line_of_text,
              .is_required = true,
              .description = "Where it comes from: a reference, or `assumption`."}};
}

const Key* find(const Shape& map, std::string_view key) {
  for (const Key& candidate : map.keys)
    if (candidate.name == key) return &candidate;
  return nullptr;
}

}  // namespace mq::scenario
