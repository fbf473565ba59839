// Keys about where the broker listens, what is spoken there, and who is let in.
#include <algorithm>

#include "broker/config/keys.h"
#include "protocol/topic.h"

namespace mq::broker {
namespace {

using enum ConfigKey::Standing;
using enum ConfigKey::Reload;

constexpr std::uint64_t any_number = std::uint64_t{1} << 62;

// ---- Listeners --------------------------------------------------------------------------------

void set_port(Reading& reading, const ConfigEntry& entry) {
  if (!reading.first(entry)) return;
  if (const auto value = reading.number(entry, 0, 0xFFFF))
    reading.default_listener(entry).options.address.port = static_cast<std::uint16_t>(*value);
}

void set_bind_address(Reading& reading, const ConfigEntry& entry) {
  if (!reading.first(entry)) return;
  if (const auto value = reading.text(entry))
    reading.default_listener(entry).options.address.host = *value;
}

void set_domain(Reading& reading, const ConfigEntry& entry) {
  if (const auto value = reading.one_of(entry, {"ipv4", "ipv6"}))
    reading.listener(entry).options.family =
        *value == "ipv4" ? ListenerOptions::Family::ipv4 : ListenerOptions::Family::ipv6;
}

void set_interface(Reading& reading, const ConfigEntry& entry) {
  if (entry.value.empty() || entry.value.size() > interface_bytes_max)
    return reading.error(entry.value_at, "bind_interface: expected the name of an interface");
  ListenerConfig& listener = reading.listener(entry);
  if (!listener.options.address.unix_path.empty())
    return reading.error(entry.key_at, "bind_interface: a Unix socket has no interface");
  listener.options.interface = entry.value;
}

// mosquitto's -1 is "as many as you like"; the limit over all listeners holds anyway.
void set_connections(Reading& reading, const ConfigEntry& entry) {
  ListenerOptions& options = reading.listener(entry).options;
  if (entry.value == "-1")
    options.connections_max = ListenerOptions{}.connections_max;
  else if (const auto value = reading.number(entry, 1, any_number))
    options.connections_max = static_cast<std::size_t>(*value);
}

template <std::string transport::TlsServerOptions::*Member>
void set_tls_text(Reading& reading, const ConfigEntry& entry) {
  if (const auto value = reading.text(entry)) reading.tls(entry).*Member = *value;
}

// The n-th certificate belongs to the n-th key, in whatever order they stand.
template <std::string transport::TlsPair::*Member>
void add_to_pairs(Reading& reading, const ConfigEntry& entry) {
  const auto value = reading.text(entry);
  if (!value) return;
  auto& pairs = reading.tls(entry).pairs;
  auto pair = std::find_if(pairs.begin(), pairs.end(),
                           [](const transport::TlsPair& made) { return (made.*Member).empty(); });
  if (pair == pairs.end()) pair = pairs.emplace(pairs.end());
  (*pair).*Member = *value;
}

void set_require_certificate(Reading& reading, const ConfigEntry& entry) {
  using enum transport::TlsServerOptions::ClientCertificate;
  const auto value = reading.boolean(entry);
  if (value && *value) reading.tls(entry).client_certificate = required;
}

void set_identity(Reading& reading, const ConfigEntry& entry) {
  const auto value = reading.boolean(entry);
  if (!value || !*value) return;
  reading.tls(entry);
  reading.listener(entry).options.certificate_is_user = true;
}

void set_tls_version(Reading& reading, const ConfigEntry& entry) {
  if (const auto value = reading.one_of(entry, {"tlsv1.2", "tlsv1.3"}))
    reading.tls(entry).version_min =
        *value == "tlsv1.3" ? transport::TlsVersion::v1_3 : transport::TlsVersion::v1_2;
}

void set_protocol(Reading& reading, const ConfigEntry& entry) {
  const auto value = reading.one_of(entry, {"mqtt", "websockets"});
  auto& websocket = reading.listener(entry).options.websocket;
  if (value == "websockets" && !websocket) websocket.emplace();
  if (value == "mqtt") websocket.reset();
}

void add_origin(Reading& reading, const ConfigEntry& entry) {
  const auto value = reading.text(entry);
  auto& websocket = reading.listener(entry).options.websocket;
  if (value && websocket) return websocket->origins.push_back(*value);
  if (value) reading.error(entry.key_at, "websockets_origin stands behind protocol websockets");
}

void set_proxy(Reading& reading, const ConfigEntry& entry) {
  if (reading.one_of(entry, {"2"})) reading.listener(entry).options.proxy_protocol = true;
}

// With per_listener_settings a listener has such a file or none.
template <std::string AccessOptions::*OfAll, std::string OwnAccess::*OfListener>
void set_file(Reading& reading, const ConfigEntry& entry) {
  const auto value = reading.text(entry);
  if (!value) return;
  std::string& file = reading.per_listener()
                          ? (*reading.listener(entry).options.own_access).*OfListener
                          : reading.config.access.*OfAll;
  if (!file.empty() && file != *value)
    return reading.error(entry.value_at,
                         entry.key + ": it was " + file + " before" +
                             (reading.per_listener() ? ""
                                                     : "; listeners have files of their own only "
                                                       "with per_listener_settings true"));
  file = *value;
}

void set_mount_point(Reading& reading, const ConfigEntry& entry) {
  const bool is_sound = entry.value.size() <= 1024 && entry.value.ends_with('/') &&
                        !topic_name_breaks(entry.value) && !entry.value.starts_with('$');
  if (!is_sound)
    return reading.error(entry.value_at,
                         "mount_point: expected the beginning of a topic, up to a /, and of at "
                         "most 1024 bytes, such as site-a/");
  reading.listener(entry).options.mount_point = entry.value;
}

void set_subject(Reading& reading, const ConfigEntry& entry) {
  const auto value = reading.boolean(entry);
  if (!value || !*value) return;
  reading.tls(entry);
  reading.listener(entry).options.subject_is_user = true;
}

constexpr ConfigKey keys_of_listeners[] = {
    // Listeners
    {"listener", supported,
     "PORT [ADDRESS], or 0 /PATH of a Unix socket: listens there; the keys of a listener follow it",
     [](Reading& r, const ConfigEntry& e) { r.begin_listener(e); }},
    {"port", supported, "the port of the listener that has no `listener` line", set_port},
    {"bind_address", supported, "the address of the listener that has no `listener` line",
     set_bind_address},
    {"bind_interface", supported,
     "of a listener: the interface, as eth0, whose connections alone are taken", set_interface},
    {"socket_domain", supported, "of a listener: `ipv4` or `ipv6`, not both", set_domain},
    {"max_connections", supported, "of a listener: connections at once; -1: no limit of its own",
     set_connections},
    {"protocol", supported, "of a listener: `mqtt` or `websockets`", set_protocol},
    {"websockets_origin", supported,
     "of a listener with WebSocket: an origin that is let in; may be repeated; without, every one",
     add_origin},
    {"proxy_protocol_version", supported,
     "of a listener: `2`, every connection begins with a PROXY header", set_proxy},
    {"certfile", supported,
     "of a listener: its certificate (PEM); with it, it speaks TLS. Repeated, each with its "
     "keyfile: the client's SNI chooses, the first serves everybody else",
     add_to_pairs<&transport::TlsPair::certificate_file>},
    {"keyfile", supported, "the key of the certificate (PEM)",
     add_to_pairs<&transport::TlsPair::key_file>},
    {"cafile", supported, "who signs clients' certificates (PEM)",
     set_tls_text<&transport::TlsServerOptions::ca_file>},
    {"capath", supported, "the same as a folder of OpenSSL",
     set_tls_text<&transport::TlsServerOptions::ca_path>},
    {"crlfile", supported, "which clients' certificates are revoked (PEM)",
     set_tls_text<&transport::TlsServerOptions::crl_file>},
    {"ciphers", supported, "of TLS 1.2, in OpenSSL's words",
     set_tls_text<&transport::TlsServerOptions::ciphers>},
    {"ciphers_tls1.3", supported, "of TLS 1.3",
     set_tls_text<&transport::TlsServerOptions::ciphers_13>},
    {"tls_version", supported, "the lowest: `tlsv1.2` (default) or `tlsv1.3`", set_tls_version},
    {"require_certificate", supported, "whether clients must show a certificate",
     set_require_certificate},
    {"use_identity_as_username", supported,
     "the common name of the client's certificate, or the identity of its pre-shared key, is its "
     "user name",
     set_identity},
    {"use_subject_as_username", supported,
     "the whole subject of the client's certificate, as RFC 2253 writes it, is its user name",
     set_subject},
    {"mount_point", supported,
     "of a listener: put before every topic that its clients name, and taken off those they get; "
     "they see nothing else, neither `$SYS`. Rules name the whole topic",
     set_mount_point},
    {"psk_hint", supported,
     "of a listener: clients prove themselves by keys of psk_file, not by certificates; TLS 1.2 "
     "tells them this beforehand",
     [](Reading& r, const ConfigEntry& e) {
       if (const auto value = r.text(e)) r.tls(e).psk_hint = *value;
     }},
    {"psk_file", supported,
     "lines of IDENTITY:KEY, the key in hexadecimal; for all listeners with a psk_hint, or with "
     "`per_listener_settings` for the one that it stands behind",
     [](Reading& r, const ConfigEntry& e) {
       if (r.per_listener() && !r.config.listeners.empty()) return r.set_own_keys(e);
       if (r.first(e) && r.text(e)) r.psk_file = e;
     }},
    {"handshake_timeout", supported,
     "seconds for TLS, WebSocket and PROXY together, before CONNECT (10)",
     [](Reading& r, const ConfigEntry& e) {
       if (const auto value = r.number(e, 1, 3600))
         r.config.handshake_timeout = std::chrono::seconds(*value);
     }},
    // Users and rights
    {"password_file",
     supported,
     "users and their passwords, as `mqttlab passwd` and `mosquitto_passwd` write them",
     set_file<&AccessOptions::password_file, &OwnAccess::password_file>,
     {},
     yes},
    {"unknown_users_key_file",
     supported,
     "at least 16 random bytes that decide what SCRAM answers users who do not exist; the same for "
     "all brokers of a fleet. Without, the password file decides it",
     [](Reading& r, const ConfigEntry& e) {
       if (const auto value = r.text(e)) r.config.access.unknown_users_key_file = *value;
     },
     {},
     yes},
    {"acl_file",
     supported,
     "who may read and write which topics; without, everybody may",
     set_file<&AccessOptions::acl_file, &OwnAccess::acl_file>,
     {},
     yes},
    {"allow_anonymous",
     supported,
     "whether clients may come without a user; by default over loopback and Unix sockets, if there "
     "is no password_file",
     [](Reading& r, const ConfigEntry& e) {
       const auto value = r.boolean(e);
       if (!value) return;
       if (r.per_listener())
         r.listener(e).options.anonymous = *value;
       else
         r.config.access.anonymous = *value;
     },
     {},
     yes},
    {"listener_allow_anonymous", supported, "of a listener: the same for it alone",
     [](Reading& r, const ConfigEntry& e) {
       if (const auto value = r.boolean(e)) r.listener(e).options.anonymous = *value;
     }},
    {"per_listener_settings", supported,
     "`true`: `allow_anonymous`, `password_file` and `acl_file` are of the listener that they "
     "stand behind: one without has no users, or no rules. Users of different files are different "
     "people, whatever their names",
     [](Reading& r, const ConfigEntry& e) { r.boolean(e); }},
    {"check_retain_source",
     supported,
     "whether a retained message needs its author's right when it is handed on (true)",
     [](Reading& r, const ConfigEntry& e) {
       if (const auto value = r.boolean(e)) r.config.settings.access.retained_needs_author = *value;
     },
     {},
     yes},
    {"strict_subscriptions",
     supported,
     "refuses a subscription unless all that it matches may be read (false)",
     [](Reading& r, const ConfigEntry& e) {
       if (const auto value = r.boolean(e)) r.config.settings.access.strict_subscriptions = *value;
     },
     {},
     yes},
    {"close_on_denied_publish",
     supported,
     "ends the connection of a 3.1.1 client whose PUBLISH is denied (false)",
     [](Reading& r, const ConfigEntry& e) {
       if (const auto value = r.boolean(e))
         r.config.settings.access.closes_on_denied_publish = *value;
     },
     {},
     yes},
};

}  // namespace

std::span<const ConfigKey> listener_config_keys() { return keys_of_listeners; }

}  // namespace mq::broker
