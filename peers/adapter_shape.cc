#include "peers/adapter_shape.h"

#include <array>

#include "scenarios/language/grammar_files.h"
#include "scenarios/language/grammar_scalars.h"

namespace mq::peers {
namespace {

using scenario::a_name;
using scenario::Choice;
using scenario::Is;
using scenario::Key;
using scenario::line_of_text;
using scenario::long_text;
using scenario::Shape;

constexpr Shape names{.is = Is::list, .item = &a_name, .entries_max = 100};
constexpr Shape command_list{.is = Is::list, .item = &words, .entries_max = 100};
constexpr Shape variables{.is = Is::named_map, .item = &word, .entries_max = 100};
constexpr Shape patience{.is = Is::duration, .min = "10ms", .max = "5min"};

constexpr std::array file_keys = {
    Key{.name = "name", .shape = &line_of_text, .is_required = true},
    Key{.name = "text", .shape = &long_text, .is_required = true},
};
constexpr Shape files{.is = Is::list, .item = &file_shape, .entries_max = 100};

constexpr std::array listener_words = {
    Choice{"mqtt", "plain TCP"},
    Choice{"mqtts", "TLS"},
    Choice{"ws", "WebSocket"},
    Choice{"wss", "WebSocket over TLS"},
};
constexpr Shape listener{.is = Is::choice, .choices = listener_words};
constexpr Shape listeners{.is = Is::list, .item = &listener, .entries_max = 4};

constexpr std::array signals = {Choice{"TERM", ""}, Choice{"INT", ""}, Choice{"KILL", ""}};
constexpr Shape signal{.is = Is::choice, .choices = signals};
constexpr std::array stop_keys = {
    Key{.name = "signal", .shape = &signal, .fallback = "TERM"},
    Key{.name = "within", .shape = &patience, .fallback = "5s"},
};
constexpr Shape stop{.is = Is::map, .title = "the end of a broker", .keys = stop_keys};

constexpr std::array login_keys = {
    Key{.name = "user", .shape = &line_of_text, .is_required = true},
    Key{.name = "password", .shape = &line_of_text, .is_required = true},
};
constexpr Shape login{.is = Is::map, .title = "a login", .keys = login_keys};

constexpr std::array protocol_words = {Choice{"3.1", ""}, Choice{"3.1.1", ""}, Choice{"5.0", ""}};
constexpr Shape protocol{.is = Is::choice, .choices = protocol_words};
constexpr Shape protocols{.is = Is::list, .item = &protocol, .entries_max = 3};
constexpr std::array capability_keys = {
    Key{.name = "versions", .shape = &protocols},
    Key{.name = "qos", .shape = &scenario::qos, .fallback = "2"},
    Key{.name = "retain", .shape = &scenario::yes_no, .fallback = "true"},
    Key{.name = "wildcards", .shape = &scenario::yes_no, .fallback = "true"},
    Key{.name = "shared_subscriptions", .shape = &scenario::yes_no, .fallback = "true"},
};
constexpr Shape capabilities{.is = Is::map, .title = "capabilities", .keys = capability_keys};

constexpr std::array virtual_modes = {
    Choice{"auto", "token, and threads if it turns out to start one"},
    Choice{"token", "a program of one thread"},
    Choice{"threads", "any program"},
    Choice{"none", "it cannot be run in virtual time"},
};
constexpr Shape virtual_mode{.is = Is::choice, .choices = virtual_modes};
constexpr Shape settling{.is = Is::duration, .min = "0", .max = "5min"};
constexpr std::array virtual_keys = {
    Key{.name = "mode", .shape = &virtual_mode, .fallback = "auto"},
    Key{.name = "why", .shape = &line_of_text},
    Key{.name = "command", .shape = &words},
    Key{.name = "environment", .shape = &variables},
    Key{.name = "settles", .shape = &settling, .fallback = "0"},
};
constexpr Shape in_virtual_time{.is = Is::map, .title = "`virtual`", .keys = virtual_keys};

constexpr std::array adapter_keys = {
    Key{.name = "version", .shape = &scenario::version_of_a_file, .is_required = true},
    Key{.name = "name", .shape = &a_name, .is_required = true},
    Key{.name = "title", .shape = &line_of_text, .is_required = true},
    Key{.name = "program", .shape = &one_or_words, .is_required = true},
    Key{.name = "install", .shape = &line_of_text, .is_required = true},
    Key{.name = "release", .shape = &words},
    Key{.name = "present", .shape = &words},
    Key{.name = "command", .shape = &words, .is_required = true},
    Key{.name = "environment", .shape = &variables},
    Key{.name = "files", .shape = &files},
    Key{.name = "prepare", .shape = &command_list},
    Key{.name = "helpers", .shape = &command_list},
    Key{.name = "listeners", .shape = &listeners, .is_required = true},
    Key{.name = "settings", .shape = &names},
    Key{.name = "ready_within", .shape = &patience, .fallback = "10s"},
    Key{.name = "stop", .shape = &stop},
    Key{.name = "login", .shape = &login},
    Key{.name = "capabilities", .shape = &capabilities},
    Key{.name = "virtual", .shape = &in_virtual_time},
    Key{.name = "untested", .shape = &line_of_text},
};

}  // namespace

const Shape file_shape{.is = Is::map, .title = "a file", .keys = file_keys};
const Shape adapter_shape{.is = Is::map, .title = "an adapter", .keys = adapter_keys};

}  // namespace mq::peers
