// Groups, what they publish and what they subscribe to.
#include <array>

#include "scenarios/language/grammar.h"
#include "scenarios/language/grammar_scalars.h"
#include "scenarios/language/limits.h"

namespace mq::scenario {
namespace {

constexpr std::array protocols = {
    Choice{"3.1.1", "MQTT 3.1.1"},
    Choice{"5", "MQTT 5.0"},
};
constexpr std::array transports = {
    Choice{"tcp", "plain, as everybody on the way can read it"},
    Choice{"tls", "TLS 1.3, with the certificate of the broker checked"},
    Choice{"websocket", "WebSocket, plain"},
    Choice{"wss", "WebSocket over TLS 1.3"},
};
constexpr Shape transport{.is = Is::choice, .choices = transports};
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

constexpr Shape message_expiry{
    .is = Is::duration, .min = "1s", .max = "366d", .is_whole_seconds = true};

constexpr std::array publish_keys = {
    Key{.name = "topic",
        .shape = &topic,
        .is_required = true,
        .description =
            "`{id}` is the client's id, `{n}` the number of its message, all topics counted."},
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
    Key{.name = "expiry",
        .shape = &message_expiry,
        .description = "After so long it is not passed on any more (5.0)."},
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

constexpr Shape program_word{.is = Is::text, .is_one_line = true, .entries_max = 2'000};
constexpr std::size_t program_words_max = 200;

constexpr Shape publishes{.is = Is::list, .item = &publish_shape, .entries_max = publishes_max};
constexpr Shape subscribes{.is = Is::list, .item = &subscribe_shape, .entries_max = subscribes_max};

constexpr Shape program_words{
    .is = Is::list, .item = &program_word, .entries_max = program_words_max};
constexpr std::array program_keys = {
    Key{.name = "command",
        .shape = &program_words,
        .is_required = true,
        .description = "The program and its arguments. `{host}` and `{port}` are where the broker "
                       "is, `{id}` is the client's id, `{n}` which start of the program it is, "
                       "`{folder}` where this file lies; a payload that begins with `{stamp}`, or "
                       "with `{mark}`, a number of its own in base 36 and `;`, is followed by the "
                       "judges."},
    Key{.name = "environment",
        .shape = &program_words,
        .description = "Variables as NAME=value, beside those of mqttlab."},
    Key{.name = "every",
        .shape = &span_of_time,
        .description = "Start it again so often, whenever it has ended; without it, once."},
};

// ---- Members that speak HTTP --------------------------------------------------------------------

constexpr Shape value_size{.is = Is::size, .min = "16B", .max = "1MiB"};
constexpr Shape token_size{.is = Is::size, .min = "0B", .max = "4KiB"};
constexpr Shape request_timeout{.is = Is::duration, .min = "1s", .max = "1h"};
constexpr Shape value_path{.is = Is::text, .is_one_line = true, .entries_max = path_bytes_max};
constexpr std::array rest_connections = {
    Choice{"kept", "one for all requests, until one of both ends closes it"},
    Choice{"each", "a new one for each request"},
};
constexpr Shape rest_connection{.is = Is::choice, .choices = rest_connections};
constexpr Key path_key{
    .name = "path",
    .shape = &value_path,
    .is_required = true,
    .description = "`/`, then letters, digits and `/` `-` `.` `_` `~`; `{id}` is the member's id."};

constexpr std::array put_keys = {
    path_key,
    Key{.name = "payload",
        .shape = &value_size,
        .fallback = "64B",
        .description = "How long the value is, with a mark as messages have it."},
    Key{.name = "text", .shape = &long_text, .description = "As with `publish`."},
    Key{.name = "every", .shape = &span_of_time, .description = "As with `publish`."},
    Key{.name = "at", .shape = &moment, .description = "As with `publish`."},
    Key{.name = "times", .shape = &message_count, .description = "As with `publish`."},
};
constexpr std::array get_keys = {
    path_key,
    Key{.name = "every",
        .shape = &span_of_time,
        .is_required = true,
        .description = "How often it is asked for; first at a random moment of the first time."},
    Key{.name = "if_changed",
        .shape = &yes_no,
        .fallback = "false",
        .description = "Say which value is known already (`If-None-Match`): the answer has none "
                       "then if there is no newer one."},
};
constexpr Shape puts{.is = Is::list, .item = &put_shape, .entries_max = publishes_max};
constexpr Shape gets{.is = Is::list, .item = &get_shape, .entries_max = subscribes_max};
constexpr std::array rest_keys = {
    Key{.name = "connection",
        .shape = &rest_connection,
        .fallback = "kept",
        .description = "What requests go over."},
    Key{.name = "token",
        .shape = &token_size,
        .fallback = "0B",
        .description = "Of an access token that goes with each request, as clouds want it."},
    Key{.name = "timeout",
        .shape = &request_timeout,
        .fallback = "30s",
        .description = "How long an answer is waited for, connecting included. Then it is asked "
                       "again over a new connection, with waits that grow from 1 s to 1 min."},
    Key{.name = "put", .shape = &puts, .description = "The values that each member puts."},
    Key{.name = "get", .shape = &gets, .description = "The values that each member reads."},
};

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
    Key{.name = "transport",
        .shape = &transport,
        .fallback = "tcp",
        .description = "What carries MQTT over the link; the broker listens for each of them."},
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
    Key{.name = "receive_maximum",
        .shape = &receive_maximum,
        .description = "How many messages of QoS 1 and 2 the broker may have under way to a member "
                       "at once (5.0)."},
    Key{.name = "username",
        .shape = &line_of_text,
        .description = "The user as which each member connects."},
    Key{.name = "password",
        .shape = &line_of_text,
        .description = "With `username`: right or wrong, it is what they send."},
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
    Key{.name = "program",
        .shape = &program_shape,
        .description = "An unmodified client program as each member, in virtual time, instead of "
                       "our client. `protocol`, `keep_alive`, `will` and the like say what the "
                       "judges are to expect of it; its command line must agree."},
    Key{.name = "rest",
        .shape = &rest_shape,
        .description = "Members that speak HTTP with a store of values at the broker's site, "
                       "instead of MQTT: what polling costs beside it. Nothing of what MQTT "
                       "promises is asked of them."},
};

}  // namespace

const Shape will_shape{.is = Is::map, .title = "a will", .keys = will_keys};
const Shape publish_shape{.is = Is::map, .title = "an entry of `publish`", .keys = publish_keys};
const Shape subscribe_shape{
    .is = Is::map, .title = "an entry of `subscribe`", .keys = subscribe_keys};
const Shape program_shape{.is = Is::map, .title = "`program`", .keys = program_keys};
const Shape rest_shape{.is = Is::map, .title = "`rest`", .keys = rest_keys};
const Shape put_shape{.is = Is::map, .title = "an entry of `put`", .keys = put_keys};
const Shape get_shape{.is = Is::map, .title = "an entry of `get`", .keys = get_keys};
const Shape group_shape{.is = Is::map, .title = "a group", .keys = group_keys};

}  // namespace mq::scenario
