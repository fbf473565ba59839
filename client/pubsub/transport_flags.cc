#include "client/pubsub/transport_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>

#include "base/nearest_word.h"
#include "transport/psk.h"

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
  app.add_option("--psk", psk,
                 "TLS: a key in hexadecimal that the broker has too, instead of\n"
                 "certificates");
  app.add_option("--psk-identity", psk_identity, "TLS: whose key it is");
  app.add_option("--keyform", key_form, "TLS: pem, as keys are files");
  app.add_option("--tls-engine", engine,
                 "refused: keys are files, engines are no part of OpenSSL 3");
  app.add_option("--tls-engine-kpass-sha1", engine_password, "refused likewise");
  app.add_option("-A", bind_address, "a host or address of this machine to come from");
  app.add_option("--proxy", proxy,
                 "by a SOCKS5 proxy, which resolves the broker's name:\n"
                 "socks5h://[user[:password]@]host[:port] (1080)");
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

namespace {

// "%41" as in URLs.
std::string unescaped(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = text[i] == '%' ? transport::psk_of(text.substr(i + 1, 2)) : std::nullopt;
    out += byte ? *byte : text.substr(i, 1);
    if (byte) i += 2;
  }
  return out;
}

}  // namespace

Proxy parse_proxy(const std::string& url) {
  const auto refuse = [](const std::string& why) -> void {
    throw TransportFlagError("--proxy: " + why +
                             "; expected socks5h://[user[:password]@]host[:port]");
  };
  constexpr std::string_view scheme = "socks5h://";
  if (!url.starts_with(scheme)) refuse("only SOCKS5 is spoken, with names left to the proxy");
  std::string rest = url.substr(scheme.size());
  Proxy proxy;
  if (const auto at = rest.rfind('@'); at != std::string::npos) {
    const std::string who = rest.substr(0, at);
    rest.erase(0, at + 1);
    const auto colon = who.find(':');
    proxy.user = unescaped(who.substr(0, colon));
    if (colon != std::string::npos) proxy.password = unescaped(who.substr(colon + 1));
    if (proxy.user.empty() || proxy.user.size() > 255 || proxy.password.size() > 255)
      refuse("user and password have 1 to 255 bytes");
  }
  const auto closing = rest.rfind(']');
  const auto colon = rest.rfind(':');
  if (colon != std::string::npos && (closing == std::string::npos || colon > closing)) {
    const auto [end, error] =
        std::from_chars(rest.data() + colon + 1, rest.data() + rest.size(), proxy.port);
    if (error != std::errc{} || end != rest.data() + rest.size() || proxy.port == 0)
      refuse("\"" + rest.substr(colon + 1) + "\" is no port");
    rest.resize(colon);
  }
  if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
  if (rest.empty() || rest.find('/') != std::string::npos) refuse("the host is missing");
  proxy.host = rest;
  return proxy;
}

std::optional<transport::TlsPsk> TransportFlags::shared_key() const {
  if (psk.empty() != psk_identity.empty())
    throw TransportFlagError("--psk and --psk-identity belong together");
  if (psk.empty()) return std::nullopt;
  const auto secret = transport::psk_of(psk);
  if (!secret)
    throw TransportFlagError(
        "--psk: expected an even number of hexadecimal digits, at most 512");  // never the key
  if (psk_identity.size() > transport::psk_identity_bytes_max)
    throw TransportFlagError("--psk-identity: expected at most 128 bytes");
  const bool by_certificates = !tls.ca_file.empty() || !tls.ca_path.empty() ||
                               !certificate.empty() || system_authorities || insecure;
  if (by_certificates)
    throw TransportFlagError("--psk excludes certificates: --cafile, --capath, --cert, --insecure");
  return transport::TlsPsk{psk_identity, *secret};
}

void TransportFlags::check_support() const {
  if (!engine.empty() || !engine_password.empty())
    throw TransportFlagError(
        "--tls-engine is not supported: keys are PEM files; OpenSSL 3 has given up engines");
  if (!key_form.empty() && key_form != "pem")
    throw TransportFlagError("--keyform: keys are PEM files, expected pem");
  if (unix_path.empty()) return;
  if (!bind_address.empty()) throw TransportFlagError("--unix and -A exclude each other");
  if (!proxy.empty()) throw TransportFlagError("--unix and --proxy exclude each other");
}

Endpoint TransportFlags::endpoint(const std::string& host, std::optional<std::uint16_t> port,
                                  Version version_of_mqtt) const {
  if (certificate.empty() != key.empty())
    throw TransportFlagError("--cert and --key belong together");
  check_support();
  const auto key_of_both = shared_key();
  const bool has_tls_flag = key_of_both || !tls.ca_file.empty() || !tls.ca_path.empty() ||
                            system_authorities || !certificate.empty() || !version.empty() ||
                            !tls.ciphers.empty() || !tls.ciphers_13.empty() || !alpn.empty();
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
  Endpoint endpoint{.host = host, .unix_path = unix_path, .bind_address = bind_address};
  if (!proxy.empty()) endpoint.proxy = parse_proxy(proxy);
  if (endpoint.proxy && host.size() > 255)
    throw TransportFlagError("-h: a SOCKS proxy takes at most 255 bytes");
  if (has_tls) {
    endpoint.tls = tls;
    endpoint.tls->checks_name = !insecure;
    if (!certificate.empty()) endpoint.tls->pair = transport::TlsPair{certificate, key};
    endpoint.tls->psk = key_of_both;
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
