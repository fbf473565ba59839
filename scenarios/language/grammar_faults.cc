// What can go wrong, in `faults`: the kinds first, then when, then what a kind wants to know.
#include <array>

#include "scenarios/language/grammar.h"
#include "scenarios/language/grammar_scalars.h"
#include "scenarios/language/limits.h"

namespace mq::scenario {
namespace {

constexpr Shape targets{.is = Is::one_or_list, .item = &a_name, .entries_max = 1'000};
constexpr std::array crash_targets = {
    Choice{"broker", "its process is gone at once"},
    Choice{"machine", "the power of the broker's machine fails: what was not synced may be lost"},
};
constexpr Shape crash_target{.is = Is::choice, .choices = crash_targets};
constexpr std::array pause_targets = {Choice{"broker", "its process stands still"}};
constexpr Shape pause_target{.is = Is::choice, .choices = pause_targets};
constexpr std::array disk_states = {Choice{"full", "nothing more can be written"}};
constexpr Shape disk_state{.is = Is::choice, .choices = disk_states};
constexpr std::array fault_directions_words = {
    Choice{"both", "of both directions"},
    Choice{"up", "of what goes from the device to the broker"},
    Choice{"down", "of what goes from the broker to the device"},
};
constexpr Shape fault_directions{.is = Is::choice, .choices = fault_directions_words};
constexpr std::array then_words = {
    Choice{"silent", "its packets vanish"},
    Choice{"reset", "who sends is answered by RST"},
    Choice{"rebind", "what the device sends comes from another address, and is answered by RST"},
};
constexpr Shape rebind_then{.is = Is::choice, .choices = then_words};
constexpr std::array store_words = {
    Choice{"kept", "what its session needs is there again"},
    Choice{"lost", "it begins a new session"},
};
constexpr Shape store{.is = Is::choice, .choices = store_words};
constexpr std::array jump_words = {Choice{"ahead", "into the future"},
                                   Choice{"back", "into the past"}};
constexpr Shape jump{.is = Is::choice, .choices = jump_words};
constexpr Shape packet_text{.is = Is::text, .is_one_line = true, .entries_max = 40};
constexpr Shape fault_share{.is = Is::percentage, .min = "0.001%", .max = "100%"};
constexpr Shape some_rate{.is = Is::rate, .min = "100 bit/s", .max = "1000 Gbit/s"};
constexpr Shape payload{.is = Is::size, .min = "16B", .max = "16MiB"};

constexpr std::array fault_keys = {
    Key{.name = "cut", .shape = &targets, .description = "Nothing passes any more, silently."},
    Key{.name = "slow",
        .shape = &targets,
        .description = "Before the link is a slower one, of this `rate`, with a queue as long as "
                       "the link's."},
    Key{.name = "bloat",
        .shape = &targets,
        .description = "Somebody else keeps the queue full: each packet waits longer, `by` so "
                       "much."},
    Key{.name = "lose", .shape = &targets, .description = "A `share` of the packets is lost."},
    Key{.name = "duplicate",
        .shape = &targets,
        .description = "A `share` of the packets arrives twice (in the world `memory`: is traffic "
                       "twice)."},
    Key{.name = "reorder",
        .shape = &targets,
        .description = "A `share` of the packets is held back, `by` so much, and overtaken (in "
                       "the world `memory`: delays what follows)."},
    Key{.name = "corrupt",
        .shape = &targets,
        .description = "A `share` of the packets arrives damaged: TCP's checksum finds out, and "
                       "they are sent again."},
    Key{.name = "half_open",
        .shape = &targets,
        .description = "The device loses its connection and connects again; the broker does not "
                       "learn of it."},
    Key{.name = "reset",
        .shape = &targets,
        .description = "Somebody between ends the connection for both sides, by RST."},
    Key{.name = "nat",
        .shape = &targets,
        .description = "The carrier's address translator forgets what is open; `then` says what "
                       "becomes of it."},
    Key{.name = "move",
        .shape = &targets,
        .description = "The device has another address; what it had open is cut off, silently."},
    Key{.name = "call",
        .shape = &targets,
        .description = "Somebody outside begins a TCP connection to the device, where a service "
                       "listens. Whether it was answered stands in the trace, and is judged by "
                       "`calls` of `expect`."},
    Key{.name = "reboot",
        .shape = &targets,
        .description = "The device is switched off at once, and on `restart_after` so long."},
    Key{.name = "clock",
        .shape = &targets,
        .description = "The clock of the device is set, `by` so much."},
    Key{.name = "storm",
        .shape = &targets,
        .description = "All connections are reset, and all connect again at once, whatever their "
                       "back-off says."},
    Key{.name = "push",
        .shape = &targets,
        .description = "These clients publish a message besides: firmware for a whole fleet."},
    Key{.name = "crash",
        .shape = &crash_target,
        .description = "The broker's process, or the power of its machine, is gone at once, and "
                       "with it every connection: a process's are ended by its system, of the "
                       "machine nobody hears until it is back."},
    Key{.name = "pause",
        .shape = &pause_target,
        .description = "The broker's process stands still, as for a long collection of garbage; "
                       "its system takes connections and bytes meanwhile."},
    Key{.name = "disk",
        .shape = &disk_state,
        .description = "The disk of the broker's store is full (our own broker)."},
    Key{.name = "at",
        .shape = &moment,
        .description = "When it begins, counted from the start of the run. With `after`: from when "
                       "on the packet counts."},
    Key{.name = "after",
        .shape = &packet_text,
        .description = "In place of an instant: a packet and where it is, such as `PUBREC sent`. "
                       "Each client named is struck when it comes to its first one, with `every` "
                       "again and again."},
    Key{.name = "of",
        .shape = &targets,
        .description =
            "With `after`: whose packet; then all named are struck. Faults of the broker "
            "look at everybody's without it."},
    Key{.name = "every",
        .shape = &span_of_time,
        .description = "Again and again, from beginning to beginning, as long as it ends before "
                       "the calm."},
    Key{.name = "chance",
        .shape = &fault_share,
        .fallback = "100%",
        .description = "How likely it happens, each time."},
    Key{.name = "swizzle",
        .shape = &span_of_time,
        .description = "Not to all at once: to one after another in so long, and healed so, both "
                       "in random order."},
    Key{.name = "for", .shape = &span_of_time, .description = "How long."},
    Key{.name = "directions",
        .shape = &fault_directions,
        .fallback = "both",
        .description = "What it befalls: with `cut`, `slow`, `bloat`, `lose`, `duplicate`, "
                       "`reorder` and `corrupt`."},
    Key{.name = "restart_after",
        .shape = &span_of_time,
        .description = "With `crash` and `reboot`: how long until it runs again."},
    Key{.name = "rate", .shape = &some_rate, .description = "With `slow`."},
    Key{.name = "share",
        .shape = &fault_share,
        .description = "With `lose`, `duplicate`, `reorder` and `corrupt`: of all packets, each by "
                       "itself."},
    Key{.name = "by",
        .shape = &span_of_time,
        .description = "With `bloat` and `reorder`: how much later. With `clock`: how far."},
    Key{.name = "jump",
        .shape = &jump,
        .fallback = "ahead",
        .description = "With `clock`: which way it is set."},
    Key{.name = "then",
        .shape = &rebind_then,
        .fallback = "silent",
        .description = "With `nat`: what becomes of what was open."},
    Key{.name = "store",
        .shape = &store,
        .fallback = "kept",
        .description = "With `reboot`: of its client's session, if that outlives a connection."},
    Key{.name = "topic", .shape = &topic, .description = "With `push`; `{id}` is the client's id."},
    Key{.name = "payload", .shape = &payload, .description = "With `push`: how long it is."},
    Key{.name = "qos", .shape = &qos, .fallback = "1", .description = "With `push`."},
};
constexpr std::size_t kinds = 19;
static_assert(fault_keys[kinds - 1].name == "disk" && fault_keys[kinds].name == "at");

}  // namespace

const Shape fault_shape{
    .is = Is::map, .title = "a fault", .keys = fault_keys, .one_of_first = kinds};

}  // namespace mq::scenario
