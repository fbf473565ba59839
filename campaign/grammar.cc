#include "campaign/grammar.h"

#include <array>

#include "scenarios/language/grammar_scalars.h"

namespace mq::campaign {
namespace {

using scenario::Choice;
using scenario::Is;
using scenario::Key;
using scenario::Shape;

constexpr Shape file_version{.is = Is::whole, .min = "1", .max = "1"};
constexpr Shape seed_count{.is = Is::whole, .min = "1", .max = "1000000"};
constexpr Shape seed{.is = Is::whole, .min = "0", .max = "9007199254740991"};
constexpr Shape brokers{.is = Is::one_or_list, .item = &scenario::line_of_text, .entries_max = 100};
constexpr Shape points{.is = Is::whole, .min = "1", .max = "100000"};
constexpr Shape run_time{.is = Is::duration, .min = "1s", .max = "7d"};
constexpr Shape run_memory{.is = Is::size, .min = "16MiB", .max = "1000000MiB"};
// Walked by sweep.cc.
constexpr Shape parameters{.is = Is::text};

constexpr std::array worlds = {
    Choice{"ns3", "packets over the TCP of ns-3"},
    Choice{"memory", "latency and cuts only, no TCP"},
};
constexpr Shape world{.is = Is::choice, .choices = worlds};

constexpr std::array latin_keys = {
    Key{.name = "points", .shape = &points, .is_required = true},
    Key{.name = "seed", .shape = &seed, .fallback = "1"},
    Key{.name = "ranges", .shape = &parameters, .is_required = true},
};
constexpr std::array limits_keys = {
    Key{.name = "time", .shape = &run_time, .fallback = "10min"},
    Key{.name = "memory", .shape = &run_memory, .fallback = "1024MiB"},
};
constexpr std::array campaign_keys = {
    Key{.name = "version", .shape = &file_version, .is_required = true},
    Key{.name = "name", .shape = &scenario::line_of_text},
    Key{.name = "scenario", .shape = &scenario::line_of_text, .is_required = true},
    Key{.name = "world", .shape = &world},
    Key{.name = "seeds", .shape = &seed_count, .fallback = "1"},
    Key{.name = "first_seed", .shape = &seed},
    Key{.name = "brokers", .shape = &brokers},
    Key{.name = "grid", .shape = &parameters},
    Key{.name = "list", .shape = &parameters},
    Key{.name = "latin", .shape = &latin_shape},
    Key{.name = "limits", .shape = &limits_shape},
};

}  // namespace

const Shape latin_shape{.is = Is::map, .title = "`latin`", .keys = latin_keys};
const Shape limits_shape{.is = Is::map, .title = "`limits`", .keys = limits_keys};
const Shape campaign_shape{.is = Is::map, .title = "a campaign", .keys = campaign_keys};

}  // namespace mq::campaign
