#include "client/pubsub/transport_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/nearest_word.h"

namespace mq::client {
namespace {

constexpr std::uint16_t mqtts_port = 8883;

}  // namespace

void TransportFlags::add_to(CLI::App& app) {
  app.add_option("--cafile", tls.ca_file, "TLS: authorities that are trusted, PEM");
  app.add_option("--capath", tls.ca_path, "TLS: a directory of them");
  app.add_flag("--tls-use-os-certs", system_authorities, "TLS: trust what this system trusts");
  app.add_option("--cert", certificate, "TLS: our certificate, PEM");
  app.add_option("--key", key, "TLS: its private key, PEM; refused if everybody may read it");
  app.add_flag("--insecure", insecure,
               "TLS: do not check that the certificate is for this host; who sits in between may\n"
               "then be the broker");
  app.add_option("--tls-version", version, "TLS: tlsv1.2 or tlsv1.3 only");
  app.add_option("--ciphers", tls.ciphers, "TLS 1.2: ciphers, in OpenSSL's words");
  app.add_option("--tls13-ciphers", tls.ciphers_13, "TLS 1.3: ciphers");
  app.add_option("--tls-alpn,--alpn", alpn, "TLS: the protocol to ask for, as mqtt");
  app.add_option("--unix", unix_path, "the broker's Unix socket, instead of host and port");
  app.add_flag("--ws", websocket, "WebSocket; with TLS if a flag of TLS is there");
  app.add_option("--ws-path", path, "path of the WebSocket (/mqtt)");
}

std::optional<std::string> TransportFlags::take_scheme(const std::string& url) {
  const struct {
    std::string_view name;
    bool tls, websocket;
    std::uint16_t port;
  } schemes[] = {{"mqtt://", false, false, 1883},
                 {"mqtts://", true, false, mqtts_port},
                 {"ws://", false, true, 80},
                 {"wss://", true, true, 443}};
  for (const auto& scheme : schemes) {
    if (!url.starts_with(scheme.name)) continue;
    url_has_tls = scheme.tls;
    websocket = websocket || scheme.websocket;
    url_port = scheme.port;
    return url.substr(scheme.name.size());
  }
  return std::nullopt;
}

Endpoint TransportFlags::endpoint(const std::string& host, std::optional<std::uint16_t> port,
                                  Version version_of_mqtt) const {
  if (certificate.empty() != key.empty())
    throw TransportFlagError("--cert and --key belong together");
  const bool has_tls_flag = !tls.ca_file.empty() || !tls.ca_path.empty() || system_authorities ||
                            !certificate.empty() || !version.empty() || !tls.ciphers.empty() ||
                            !tls.ciphers_13.empty() || !alpn.empty();
  const bool has_tls = has_tls_flag || url_has_tls || port == mqtts_port;
  if (insecure && !has_tls)
    throw TransportFlagError("--insecure needs TLS: --cafile, --capath or an mqtts:// URL");
  if (system_authorities && (!tls.ca_file.empty() || !tls.ca_path.empty()))
    throw TransportFlagError("--tls-use-os-certs excludes --cafile and --capath");
  if (!path.empty() && !websocket) throw TransportFlagError("--ws-path needs --ws or a ws:// URL");
  const bool path_is_sound =
      path.empty() || (path.front() == '/' && std::all_of(path.begin(), path.end(), [](char c) {
                         return c > ' ' && c < 0x7F;
                       }));
  if (!path_is_sound) throw TransportFlagError("--ws-path: expected a path as in a URL, \"/mqtt\"");
  Endpoint endpoint{.host = host, .unix_path = unix_path};
  if (has_tls) {
    endpoint.tls = tls;
    endpoint.tls->checks_name = !insecure;
    if (!certificate.empty()) endpoint.tls->pair = transport::TlsPair{certificate, key};
    if (!alpn.empty()) endpoint.tls->alpn = {alpn};
    if (version == "tlsv1.2") endpoint.tls->version = transport::TlsVersion::v1_2;
    if (version == "tlsv1.3") endpoint.tls->version = transport::TlsVersion::v1_3;
    if (!version.empty() && !endpoint.tls->version)
      throw TransportFlagError("--tls-version: expected tlsv1.2 or tlsv1.3, got \"" + version +
                               "\"" + did_you_mean(version, {"tlsv1.2", "tlsv1.3"}));
  }
  if (endpoint.tls) {
    try {
      const transport::TlsClient readable(*endpoint.tls);
    } catch (const transport::TlsError& error) {
      throw TransportFlagError(error.what());
    }
  }
  if (websocket) {
    endpoint.websocket.emplace();
    if (!path.empty()) endpoint.websocket->path = path;
    if (version_of_mqtt == Version::v3_1) endpoint.websocket->subprotocol = "mqttv3.1";
  }
  endpoint.port = port.value_or(url_port.value_or(has_tls ? mqtts_port : 1883));
  return endpoint;
}

}  // namespace mq::client
