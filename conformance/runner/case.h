// A conformance case as a file says it (conformance/cases/README.md is the language): a script of
// steps over named connections, and what it is evidence for. Values still hold their
// placeholders; play.h fills them in while the case runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "protocol/packet.h"

namespace mq::conformance {

struct Place {
  std::size_t line = 1;    // from 1
  std::size_t column = 1;  // from 1, in bytes
};

// One of the alternatives of a value, `a|b`. To be sent, a value has exactly one, compared by
// `equal`.
struct Alternative {
  enum class Is : std::uint8_t {
    equal,
    unequal,
    less,
    at_most,
    more,
    at_least,
    between,
    any,
    absent
  };
  Is is = Is::equal;
  std::string text;        // for between: the lower end
  std::string upper;       // for between
  bool is_quoted = false;  // certainly text, never hex:, size:, any or absent
};

struct Value {
  std::vector<Alternative> alternatives;  // none: whatever it is, it is captured
  std::string capture;                    // `?name`; empty: none
  Place place;
};

struct Field {
  std::string name;
  Value value;
  bool is_twist = false;  // `!name`: bends the bytes of the packet after it was built
  Place place;
};

enum class Verb : std::uint8_t {
  open,
  send,
  send_bytes,
  expect,   // the next packet
  await,    // a later packet: those before it are passed over
  find,     // a packet that is there or comes; those before it stay
  receive,  // the next packet, a PUBLISH, and acknowledge it as its QoS wants
  nothing,
  closed,
  refused,
  accepted,
  close,
  cut,
  half_close,
  vanish,  // the link carries nothing any more, and nobody is told
  automatic,
  wait,
  either,
  any_order,
  repeat,
  check,
  // Of the role client, in which the script is the broker.
  accept,   // the client opens a connection
  start,    // the client program is started and connects
  tell,     // `do`: it is told to do something
  hear,     // its application is told something
  unheard,  // `hear no`: its application is not told this
};

struct Step;
struct Branch {
  std::string name;
  std::vector<Step> steps;
};

struct Step {
  Verb verb = Verb::wait;
  Place place;
  std::string source;               // the line, for reports
  std::optional<Version> only_for;  // `v5:`, `v3:`
  bool is_advice = false;           // `should`: a miss is non-strict, and the case goes on
  std::vector<std::string> who;     // connections; several: any one of them
  std::optional<Kind> packet;
  std::vector<Field> fields;
  std::vector<Value> bytes;     // send_bytes
  std::optional<Value> within;  // durations
  std::optional<Value> not_before;
  std::optional<Value> lasting;  // of wait, nothing
  std::optional<Value> count;    // of repeat
  std::vector<Value> compared;   // of check: left, right
  Alternative::Is comparison{};  // of check
  bool is_on = true;             // of automatic
  std::string word;              // of tell, hear: what is to be done, what is told
  std::vector<Branch> branches;  // of either; any_order, repeat and `start ... then` have one
};

// Who is tested: a broker, and we are its clients, or a client, and we are its broker.
enum class Role : std::uint8_t { broker, client };
const char* name(Role role);

enum class CaseKind : std::uint8_t { direct, negative, time, cfg };
const char* name(CaseKind kind);

enum class Level : std::uint8_t { must, should, may };
const char* name(Level level);

struct StatementId {
  Version version = Version::v5;
  std::string clause;  // "MQTT-4.3.2-1"
  bool operator==(const StatementId&) const = default;
  auto operator<=>(const StatementId&) const = default;
};
// "v3/" is short for "v3.1.1/"; capitals and the standard's square brackets do not matter.
std::optional<StatementId> statement_named(std::string_view text);
std::string to_text(const StatementId& id);  // "v5/MQTT-4.3.2-1", "v3.1.1/MQTT-4.3.2-1"

// One case in one version, as it runs. A case for both versions is two of these, and one with a
// table as many as the table has rows.
struct Case {
  std::string id;  // "v5/qos1-is-acknowledged", "v5/property-in-packet/will-delay",
                   // "v5/client/puback-id/255"
  std::string title;
  Version version = Version::v5;
  Role role = Role::broker;
  std::vector<StatementId> asserts;  // of this version
  CaseKind kind = CaseKind::direct;
  std::optional<Level> level;  // else that of its statements
  std::vector<std::string> tags;
  std::vector<std::string> needs;   // what a target must have
  std::vector<std::string> config;  // how a target must be configured, "maximum_qos=1"
  bool runs_alone = false;          // it would see what other cases do
  std::string file;
  Place place;
  std::vector<Step> steps;
};

// Whether this word is among its `needs:`.
bool needs(const Case& one, std::string_view what);

// The time that a case takes at least: all of its waiting. `quiet` is how long a silence is that
// does not say how long it lasts.
Duration least_duration(const Case& one, Duration quiet);
// The same, and all that it is ready to wait for something, where it says how long that is.
Duration longest_duration(const Case& one, Duration quiet);

// What a case asks of those who play many at a time.
struct Demand {
  Duration least{};  // as least_duration() and longest_duration()
  Duration longest{};
  // Client ids that are not the case's own: no two such cases are played against a broker at the
  // same time, or one would take the session of the other.
  std::set<std::string> common_ids;

  // It waits most of the time, and is no load for anybody.
  bool is_idle() const { return least > std::chrono::seconds(5); }
};
Demand demand_of(const Case& one, Duration quiet);

}  // namespace mq::conformance
