// Keys of mosquitto that this broker does not act on. A key whose absence would let somebody in,
// lose a message or send it astray is refused; the others are accepted with a warning.
#include "broker/config/keys.h"

namespace mq::broker {
namespace {

using enum ConfigKey::Standing;

constexpr std::string_view no_bridges =
    "bridges are not supported; their messages would stay here unseen";
constexpr std::string_view no_plugins =
    "plugins are not supported; what they would refuse would be let in";

constexpr ConfigKey foreign_keys[] = {
    {"allow_duplicate_messages", no_effect,
     "a client with overlapping subscriptions gets a message once"},
    {"auth_plugin_deny_special_chars", no_effect,
     "client ids and user names never act as wildcards here", nullptr, "true"},
    {"autosave_interval", no_effect,
     "every acknowledged message is stored before its acknowledgement"},
    {"autosave_on_changes", no_effect,
     "every acknowledged message is stored before its acknowledgement"},
    {"dhparamfile", no_effect, "only key exchange with elliptic curves is offered"},
    {"memory_limit", no_effect,
     "memory is bounded by the limits of queues, sessions and retained messages", nullptr, "0"},
    {"packet_buffer_size", no_effect, "buffers grow with what a connection needs"},
    {"set_tcp_nodelay", no_effect, "TCP_NODELAY is always set", nullptr, "true"},
    {"websockets_headers_size", no_effect, "the headers of a WebSocket request have a fixed limit"},
    {"websockets_log_level", no_effect, "WebSocket is no library with a log of its own"},
    {"enable_control_api", no_effect, "there is no control API", nullptr, "false"},
    {"http_dir", refused, "the broker serves no files"},
    {"tls_engine", refused, "engines of OpenSSL are not supported"},
    {"tls_engine_kpass_sha1", refused, "engines of OpenSSL are not supported"},
    {"tls_keyform", refused, "keys are PEM files", nullptr, "pem"},
    {"disable_client_cert_date_checks", refused, "certificates out of date are never taken",
     nullptr, "false"},
    {"plugin", refused, no_plugins},
    {"global_plugin", refused, no_plugins},
    {"auth_plugin", refused, no_plugins},
    {"plugin_load", refused, no_plugins},
    {"plugin_use", refused, no_plugins},
    {"plugin_opt_*", refused, no_plugins},
    {"auth_opt_*", refused, no_plugins},
    {"connection", refused, no_bridges},
    {"address", refused, no_bridges},
    {"addresses", refused, no_bridges},
    {"cleansession", refused, no_bridges},
    {"clientid", refused, no_bridges},
    {"local_cleansession", refused, no_bridges},
    {"keepalive_interval", refused, no_bridges},
    {"idle_timeout", refused, no_bridges},
    {"local_clientid", refused, no_bridges},
    {"local_password", refused, no_bridges},
    {"local_username", refused, no_bridges},
    {"notifications", refused, no_bridges},
    {"notifications_local_only", refused, no_bridges},
    {"notification_topic", refused, no_bridges},
    {"remote_clientid", refused, no_bridges},
    {"remote_password", refused, no_bridges},
    {"remote_username", refused, no_bridges},
    {"restart_timeout", refused, no_bridges},
    {"round_robin", refused, no_bridges},
    {"start_type", refused, no_bridges},
    {"threshold", refused, no_bridges},
    {"topic", refused, no_bridges},
    {"try_private", refused, no_bridges},
    {"username", refused, no_bridges},
    {"password", refused, no_bridges},
    {"bridge_*", refused, no_bridges},
};

}  // namespace

std::span<const ConfigKey> foreign_config_keys() { return foreign_keys; }

}  // namespace mq::broker
