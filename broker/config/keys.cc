#include "broker/config/keys.h"

#include <algorithm>
#include <cstdint>

#include "base/nearest_word.h"
#include "broker/config/settings_keys.h"
#include "protocol/codec.h"

namespace mq::broker {
namespace {

using enum ConfigKey::Standing;
using enum ConfigKey::Reload;

// ---- The store --------------------------------------------------------------------------------

void set_store_file(Reading& reading, const ConfigEntry& entry) {
  const auto value = reading.text(entry);
  if (!value) return;
  if (value->find('/') != std::string::npos)
    return reading.error(entry.value_at,
                         "persistence_file: expected a name; the folder is persistence_location");
  reading.config.store.file = *value;
}

void set_durability(Reading& reading, const ConfigEntry& entry) {
  const auto value = reading.one_of(entry, {"power", "process"});
  if (!value) return;
  reading.config.store.durability = *value == "power" ? Durability::power : Durability::process;
  reading.config.store.durability_is_said = true;
}

// ---- Logs and operation -----------------------------------------------------------------------

void add_log_dest(Reading& reading, const ConfigEntry& entry) {
  LogConfig& log = reading.config.log;
  if (!reading.seen_before(entry)) log.to_stderr = false;
  const auto words = words_of(entry.value);
  const std::string where = words.empty() ? "" : words[0];
  if (where == "file") {
    const auto from = entry.value.find_first_not_of(" \t", 4);
    if (from == std::string::npos)
      return reading.error(entry.value_at, "log_dest: expected a path behind file");
    if (!log.file.empty())
      return reading.error(entry.value_at, "log_dest: there is a file already: " + log.file);
    log.file = entry.value.substr(from);
    return;
  }
  if (where == "dlt")
    return reading.warning(entry.value_at, "log_dest dlt is not supported: no log there");
  const auto value = reading.one_of(entry, {"stderr", "stdout", "syslog", "topic", "file", "none"});
  if (value == "stderr") log.to_stderr = true;
  if (value == "stdout") log.to_stdout = true;
  if (value == "syslog") log.to_syslog = true;
  if (value == "topic") log.to_topic = true;
}

void add_log_type(Reading& reading, const ConfigEntry& entry) {
  LogConfig::Types& types = reading.config.log.types;
  if (!reading.seen_before(entry)) types = {false, false, false, false, false, false, false};
  const auto value =
      reading.one_of(entry, {"error", "warning", "notice", "information", "debug", "subscribe",
                             "unsubscribe", "websockets", "internal", "all", "none"});
  if (!value || value == "websockets" || value == "internal") return;
  if (value == "all") types = {true, true, true, true, true, true, true};
  if (value == "none") types = {false, false, false, false, false, false, false};
  if (value == "error") types.error = true;
  if (value == "warning") types.warning = true;
  if (value == "notice") types.notice = true;
  if (value == "information") types.information = true;
  if (value == "debug") types.debug = true;
  if (value == "subscribe") types.subscribe = true;
  if (value == "unsubscribe") types.unsubscribe = true;
}

void set_log_timestamp(Reading& reading, const ConfigEntry& entry) {
  const auto value = reading.boolean(entry);
  if (!value) return;
  LogConfig& log = reading.config.log;
  if (!*value)
    log.time = LogConfig::Time::none;
  else if (log.time == LogConfig::Time::none)
    log.time = LogConfig::Time::iso8601;
}

void set_time_format(Reading& reading, const ConfigEntry& entry) {
  if (const auto value = reading.text(entry)) {
    reading.config.log.time_format = *value;
    if (reading.config.log.time != LogConfig::Time::none)
      reading.config.log.time = LogConfig::Time::custom;
  }
}

template <void (*Set)(Reading&, const ConfigEntry&)>
void shared(Reading& reading, const ConfigEntry& entry) {
  reading.is_for_all(entry);
  Set(reading, entry);
}

// ---- The table --------------------------------------------------------------------------------

constexpr ConfigKey supported_keys[] = {
    // Limits
    {"global_max_connections",
     supported,
     "connections at once, over all listeners",
     set_limit<&Limits::links>,
     {},
     yes},
    {"max_inflight_messages", supported,
     "QoS 1 and 2 messages under way to and from a client; 0 means 65535", set_inflight},
    {"max_inflight_bytes",
     supported,
     "bytes under way to a client, from which on no further message is sent to it; 0: any",
     set_limit_or_none<&Limits::inflight_bytes>,
     {},
     yes},
    {"queue_qos0_messages", supported,
     "whether QoS 0 waits for clients that are away, within the limits of their queues",
     set_choice<&Settings::queues_qos0>},
    {"upgrade_outgoing_qos", supported,
     "`true`: messages come at the QoS of the subscription, also those that were published at a "
     "lower one, against both standards",
     set_choice<&Settings::upgrades_qos>},
    {"max_queued_messages",
     supported,
     "messages that wait for one client; 0: no limit but that of bytes",
     set_queued_messages,
     {},
     yes},
    {"max_queued_bytes",
     supported,
     "bytes of messages that wait for one client; 0 keeps 4 MiB",
     set_queued_bytes,
     {},
     yes},
    {"max_packet_size", supported, "bytes of a packet from a client", set_packet_size},
    {"message_size_limit",
     supported,
     "bytes of the payload of a PUBLISH or a will; 0: as many as its packet may have",
     set_limit_or_none<&Limits::payload_bytes>,
     {},
     yes},
    {"accept_protocol_versions", supported,
     "the versions that are let in: `3` (3.1), `4` (3.1.1), `5`, with commas between them (all)",
     set_versions},
    {"clientid_prefixes", supported,
     "clients choose ids that begin so, and no others; may be repeated", add_id_prefix},
    {"use_username_as_clientid", supported,
     "`true`: a client's id is its user name, whatever it says; without a user it is refused; for "
     "all listeners",
     shared<set_choice<&Settings::user_is_client_id>>},
    {"max_topic_alias", supported, "topic aliases of one publisher; for all listeners",
     shared<set_limit<&Limits::topic_aliases>>},
    {"max_sessions",
     supported,
     "sessions, connected or not",
     set_limit<&Limits::sessions>,
     {},
     yes},
    {"max_subscriptions",
     supported,
     "subscriptions of one session",
     set_limit<&Limits::subscriptions_per_session>,
     {},
     yes},
    {"max_retained_messages",
     supported,
     "retained messages",
     set_limit<&Limits::retained_messages>,
     {},
     yes},
    {"max_retained_bytes",
     supported,
     "bytes of retained messages",
     set_limit<&Limits::retained_bytes>,
     {},
     yes},
    {"max_packet_size_before_connect",
     supported,
     "bytes of a CONNECT",
     set_limit<&Limits::packet_bytes_before_connect>,
     {},
     yes},
    {"max_backlog_bytes",
     supported,
     "bytes that wait to be sent to a client that does not read",
     set_limit<&Limits::backlog_bytes>,
     {},
     yes},
    {"max_verifications",
     supported,
     "passwords that wait to be verified",
     set_limit<&Limits::verifications_waiting>,
     {},
     yes},
    {"max_topic_levels",
     supported,
     "levels of a topic or filter",
     set_limit<&Limits::topic_levels>,
     {},
     yes},
    {"max_topic_bytes",
     supported,
     "bytes of a topic or filter",
     set_limit<&Limits::topic_bytes>,
     {},
     yes},
    {"connect_timeout",
     supported,
     "seconds from a connection to its CONNECT",
     set_connect_timeout,
     {},
     yes},
    {"persistent_client_expiration", supported,
     "how long a session without its client is kept at most: `2h`, `14d`, `3w`, `2m`, `1y`",
     set_client_expiration},
    {"max_keepalive", supported,
     "the longest keep alive; 0: any. 5.0 clients are given it, older ones that want longer "
     "refused",
     set_keep_alive},
    {"max_qos", supported, "the highest QoS that a client may publish with; for all listeners",
     shared<set_max_qos>},
    {"retain_available", supported, "whether messages may be retained",
     set_offer<&Offers::retained_messages>},
    {"wildcard_subscriptions", supported, "whether filters may have + and #",
     set_offer<&Offers::wildcard_subscriptions>},
    {"shared_subscriptions", supported, "whether `$share/...` may be subscribed to",
     set_offer<&Offers::shared_subscriptions>},
    {"allow_zero_length_clientid", supported, "whether a client without an id is given one",
     set_offer<&Offers::empty_client_ids>},
    {"response_information", supported, "told to 5.0 clients that ask for it; %c is the client id",
     set_words<&Settings::response_information>},
    {"server_reference", supported,
     "HOST:PORT where 5.0 clients are sent when the broker stops or has no room",
     set_words<&Settings::server_reference>},
    {"server_moved", supported, "`true`: nobody is let in, 5.0 clients hear where to go",
     set_choice<&Settings::server_moved>},
    {"validate_payload_format", supported,
     "whether payloads that are said to be text must be UTF-8",
     set_choice<&Settings::validates_payload_format>},
    {"close_on_refusal", supported,
     "whether a 3.1.1 publisher is closed, not acknowledged, when nobody had room (true)",
     set_choice<&Settings::closes_on_refusal_3_1_1>},
    {"hold_publishers",
     supported,
     "milliseconds that a publisher waits for full subscribers who are there; 0: not",
     set_milliseconds<&Limits::hold>,
     {},
     yes},
    {"max_unstored_bytes",
     supported,
     "bytes of records that are not on disk yet; then publishers wait",
     set_limit<&Limits::unstored_bytes>,
     {},
     yes},
    {"write_stall_timeout",
     supported,
     "milliseconds that a full connection may take nothing",
     set_milliseconds<&Limits::write_stall>,
     {},
     yes},
    {"max_connections_per_address",
     supported,
     "connections of one address; 0: any number",
     set_limit_or_none<&Limits::links_per_address>,
     {},
     yes},
    {"max_connection_rate",
     supported,
     "new connections of one address in a second; 0: any number",
     set_limit_or_none<&Limits::links_per_second>,
     {},
     yes},
    {"max_topic_alias_broker", supported, "topic aliases towards a subscriber; 0: none",
     set_limit_or_none<&Limits::topic_aliases_out>},
    {"max_open_qos2",
     supported,
     "QoS 2 messages of one session that are not released",
     set_limit<&Limits::open_qos2_messages>,
     {},
     yes},
    {"auto_id_prefix", supported, "how the ids begin that the broker gives (auto-)", set_id_prefix},
    // The store
    {"persistence", supported, "`true`: what was acknowledged survives a restart",
     [](Reading& r, const ConfigEntry& e) {
       if (const auto value = r.boolean(e)) r.config.store.persistence = *value;
     }},
    {"persistence_location", supported, "the folder of the store",
     [](Reading& r, const ConfigEntry& e) {
       if (const auto value = r.text(e)) r.config.store.location = *value;
     }},
    {"persistence_file", supported, "the name of the store in its folder (mqttlab.db)",
     set_store_file},
    {"durability", supported, "with persistence: `power` (default) or `process`", set_durability},
    // Operation
    {"include_dir", supported,
     "reads every `*.conf` of this directory, in the order of their names; only in the main file",
     [](Reading& r, const ConfigEntry& e) {
       r.error(e.key_at, "include_dir stands in the main file only");
     }},
    {"sys_interval",
     supported,
     "seconds between updates of `$SYS`; 0: no `$SYS`",
     [](Reading& r, const ConfigEntry& e) {
       if (const auto value = r.number(e, 0, 65535))
         r.config.sys_interval = std::chrono::seconds(*value);
     },
     {},
     yes},
    {"shutdown_timeout",
     supported,
     "seconds that SIGTERM waits for clients to take their goodbyes and leave (10)",
     [](Reading& r, const ConfigEntry& e) {
       if (const auto value = r.number(e, 0, 3600))
         r.config.shutdown_timeout = std::chrono::seconds(*value);
     },
     {},
     yes},
    {"pid_file", supported, "a file that holds the process id while the broker runs",
     [](Reading& r, const ConfigEntry& e) {
       if (const auto value = r.text(e)) r.config.pid_file = *value;
     }},
    {"user", supported, "whom to become when started by root, after the listeners are open",
     [](Reading& r, const ConfigEntry& e) {
       if (const auto value = r.text(e)) r.config.user = *value;
     }},
    {"metrics", supported, "HOST:PORT or PORT of /metrics, /healthz and /readyz (HTTP)",
     [](Reading& r, const ConfigEntry& e) {
       if (const auto value = r.text(e)) r.config.metrics = *value;
     }},
    // Logs
    {"log_dest",
     supported,
     "`stderr`, `stdout`, `syslog`, `topic`, `file PATH`, `none`; may be repeated",
     add_log_dest,
     {},
     yes},
    {"log_type",
     supported,
     "`error`, `warning`, `notice`, `information`, `debug`, `subscribe`, `unsubscribe`, `all`, "
     "`none`; may be repeated",
     add_log_type,
     {},
     yes},
    {"log_timestamp", supported, "whether a line begins with the time", set_log_timestamp, {}, yes},
    {"log_timestamp_format",
     supported,
     "of strftime; ISO 8601 with milliseconds otherwise",
     set_time_format,
     {},
     yes},
    {"log_facility", supported, "of syslog: 0 to 7 for local0 to local7; daemon otherwise",
     [](Reading& r, const ConfigEntry& e) {
       if (const auto value = r.number(e, 0, 7))
         r.config.log.syslog_facility = static_cast<int>(*value);
     }},
    {"log_format",
     supported,
     "`text` (key=value) or `json`",
     [](Reading& r, const ConfigEntry& e) {
       if (const auto value = r.one_of(e, {"text", "json"}))
         r.config.log.form = *value == "json" ? LogConfig::Form::json : LogConfig::Form::text;
     },
     {},
     yes},
    {"connection_messages",
     supported,
     "whether coming and going of clients is logged",
     [](Reading& r, const ConfigEntry& e) {
       if (const auto value = r.boolean(e)) r.config.log.connection_messages = *value;
     },
     {},
     yes},
};

bool is_named(const ConfigKey& key, std::string_view name) {
  if (!key.name.ends_with('*')) return key.name == name;
  return name.starts_with(key.name.substr(0, key.name.size() - 1));
}

constexpr std::size_t guesses_max = 50;

std::string suggestion(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& keys : {config_keys(), listener_config_keys(), foreign_config_keys()})
    for (const ConfigKey& key : keys)
      if (!key.name.ends_with('*')) names.emplace_back(key.name);
  return did_you_mean(name, names);
}

void append_rows(ConfigKey::Standing standing, std::string& out) {
  std::vector<const ConfigKey*> rows;
  for (const auto& keys : {config_keys(), listener_config_keys(), foreign_config_keys()})
    for (const ConfigKey& key : keys)
      if (key.standing == standing) rows.push_back(&key);
  std::sort(rows.begin(), rows.end(), [](auto* a, auto* b) { return a->name < b->name; });
  for (const ConfigKey* key : rows) {
    out += "| `" + std::string(key->name) + "` | " + std::string(key->says);
    if (!key->harmless.empty()) out += " (`" + std::string(key->harmless) + "` is taken)";
    if (standing == supported) out += key->reload == yes ? " | yes" : " | restart";
    out += " |\n";
  }
}

}  // namespace

std::span<const ConfigKey> config_keys() { return supported_keys; }

const ConfigKey* find_config_key(std::string_view name) {
  for (const auto& keys : {config_keys(), listener_config_keys(), foreign_config_keys()})
    for (const ConfigKey& key : keys)
      if (is_named(key, name)) return &key;
  return nullptr;
}

void apply_entry(Reading& reading, const ConfigEntry& entry) {
  const ConfigKey* key = find_config_key(entry.key);
  // A file of something else altogether is not worth guessing at.
  const bool is_worth_it = reading.problems.size() < guesses_max;
  const std::string guess = key == nullptr && is_worth_it ? suggestion(entry.key) : "";
  if (key == nullptr)
    return reading.warning(entry.key_at, "\"" + entry.key + "\" is not known" + guess);
  if (key->standing == supported) return key->apply(reading, entry);
  if (!key->harmless.empty() && entry.value == key->harmless) return;
  const std::string text = entry.key + ": " + std::string(key->says);
  if (key->standing == no_effect)
    reading.warning(entry.key_at, text + "; it has no effect");
  else
    reading.error(entry.key_at, text);
}

std::string config_keys_as_markdown() {
  std::string out = "| key | what it does | on SIGHUP |\n| --- | --- | --- |\n";
  append_rows(supported, out);
  out += "\nAccepted with a warning:\n\n| key | why it has no effect |\n| --- | --- |\n";
  append_rows(no_effect, out);
  out += "\nRefused with an error:\n\n| key | why |\n| --- | --- |\n";
  append_rows(refused, out);
  return out;
}

}  // namespace mq::broker
