#include "broker/server/listener_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <optional>

#include "base/nearest_word.h"
#include "broker/server/listen_address.h"

namespace mq::broker {
namespace {

using ClientCertificate = transport::TlsServerOptions::ClientCertificate;

struct Scheme {
  std::string_view name;
  std::uint16_t port;  // 0: as -p says
  bool tls;
  bool websocket;
};
constexpr Scheme schemes[] = {
    {"mqtt", 0, false, false},  {"tcp", 0, false, false},   {"mqtts", 8883, true, false},
    {"tls", 8883, true, false}, {"ssl", 8883, true, false}, {"ws", 8080, false, true},
    {"wss", 8443, true, true},
};

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
  throw ListenerFlagError("--listen \"" + std::string(text) + "\": " + why);
}

std::optional<std::uint64_t> number_of(std::string_view text, int base) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

void apply(std::string_view whole, std::string_view option, ListenerOptions& options) {
  const auto equals = option.find('=');
  const std::string name(option.substr(0, equals));
  const std::string_view value =
      equals == std::string_view::npos ? std::string_view() : option.substr(equals + 1);
  if (name == "proxy" && equals == std::string_view::npos) {
    options.proxy_protocol = true;
  } else if (name == "max-connections") {
    const auto number = number_of(value, 10);
    if (!number || *number == 0) refuse(whole, "max-connections: expected a number above 0");
    options.connections_max = *number;
  } else if (name == "mode" && !options.address.unix_path.empty()) {
    const auto number = number_of(value, 8);
    if (!number || *number > 0777) refuse(whole, "mode: expected permissions in octal, as 660");
    options.unix_mode = static_cast<unsigned>(*number);
  } else {
    std::vector<std::string> known = {"proxy", "max-connections"};
    if (!options.address.unix_path.empty()) known.emplace_back("mode");
    refuse(whole, "\"" + name + "\" is no option of a listener" + did_you_mean(name, known));
  }
}

const Scheme& scheme_of(std::string_view whole, std::string_view name) {
  for (const Scheme& scheme : schemes)
    if (scheme.name == name) return scheme;
  refuse(whole, "\"" + std::string(name) +
                    "\" is not spoken here; expected mqtt, mqtts, ws, wss or " + "unix:PATH");
}

}  // namespace

std::vector<ListenerOptions> parse_listener(std::string_view text, std::uint16_t default_port) {
  std::string_view where = text.substr(0, text.find('?'));
  std::string_view rest = where.size() < text.size() ? text.substr(where.size() + 1) : "";
  ListenerOptions options;
  std::vector<ListenerOptions> all;
  if (where.starts_with("unix:")) {
    where.remove_prefix(5);
    if (where.starts_with("//")) where.remove_prefix(2);
    if (where.empty()) refuse(text, "expected unix:PATH");
    options.address = {.host = {}, .port = 0, .unix_path = std::string(where)};
    all.push_back(options);
  } else {
    const auto colon = where.find("://");
    const Scheme& scheme =
        colon == std::string_view::npos ? schemes[0] : scheme_of(text, where.substr(0, colon));
    if (colon != std::string_view::npos) where.remove_prefix(colon + 3);
    if (scheme.tls) options.tls.emplace();
    if (scheme.websocket) {
      options.websocket.emplace();
      if (const auto slash = where.find('/'); slash != std::string_view::npos) {
        if (slash + 1 < where.size()) options.websocket->path = where.substr(slash);
        where = where.substr(0, slash);
      }
    }
    const auto addresses = parse_listen(where, scheme.port == 0 ? default_port : scheme.port);
    if (!addresses) refuse(text, "expected [SCHEME://]ADDRESS, ADDRESS:PORT or PORT");
    for (const ListenAddress& address : *addresses) {
      options.address = address;
      all.push_back(options);
    }
  }
  while (!rest.empty()) {
    const auto option = rest.substr(0, rest.find('&'));
    for (ListenerOptions& one : all) apply(text, option, one);
    rest.remove_prefix(std::min(rest.size(), option.size() + 1));
  }
  return all;
}

void ListenerFlags::add_to(CLI::App& app) {
  app.add_option(
         "--listen", listen,
         "where, may be repeated: PORT, ADDRESS or ADDRESS:PORT for plain MQTT, \n"
         "mqtts://ADDRESS:PORT for TLS, ws://ADDRESS:PORT[/PATH] and wss:// for WebSocket,\n"
         "unix:PATH; *:1883 is all addresses of IPv4 and IPv6. With ?proxy every\n"
         "connection must begin with a PROXY header of version 2; ?max-connections=N\n"
         "limits those of this listener; ?mode=660 are the permissions of unix:PATH")
      ->option_text("WHERE")
      ->allow_extra_args(false);
  app.add_option("--cert", certificates,
                 "certificate and what leads to its root, PEM; repeated with --key for several\n"
                 "names, the first serves everybody else")
      ->option_text("FILE")
      ->allow_extra_args(false);
  app.add_option("--key", keys, "its private key, PEM; refused if everybody may read it")
      ->option_text("FILE")
      ->allow_extra_args(false);
  app.add_option("--cafile", tls.ca_file, "authorities that sign clients' certificates, PEM")
      ->option_text("FILE");
  app.add_option("--capath", tls.ca_path, "a directory of them, as `openssl rehash` prepares it")
      ->option_text("DIR");
  app.add_option("--crlfile", tls.crl_file, "revoked certificates of clients, PEM")
      ->option_text("FILE");
  app.add_option("--client-certificates", client_certificates, "none, optional or required")
      ->check(CLI::IsMember({"none", "optional", "required"}))
      ->capture_default_str();
  app.add_flag(
      "--certificate-is-user", certificate_is_user,
      "a client with a certificate is the user that its common name says, without password");
  app.add_option("--psk-file", tls.psk_file,
                 "clients prove themselves by keys of this file instead of certificates, a line\n"
                 "of IDENTITY:KEY each, the key in hexadecimal")
      ->option_text("FILE");
  app.add_option("--psk-hint", tls.psk_hint, "what TLS 1.2 tells them beforehand");
  app.add_flag("--psk-identity-is-user", psk_identity_is_user,
               "a client with such a key is the user that its identity says, without password");
  app.add_option("--tls-version", tls_version, "the oldest: tlsv1.2 (default) or tlsv1.3")
      ->check(CLI::IsMember({"tlsv1.2", "tlsv1.3"}));
  app.add_option("--ciphers", tls.ciphers, "of TLS 1.2, in OpenSSL's words; ECDHE with AEAD only");
  app.add_option("--ciphers-tls13", tls.ciphers_13, "of TLS 1.3");
  app.add_option("--ws-origin", origins,
                 "let in only web pages of this origin, as https://example.org; may be repeated")
      ->option_text("ORIGIN")
      ->allow_extra_args(false);
}

std::vector<ListenerOptions> ListenerFlags::listeners(std::uint16_t default_port) const {
  std::vector<ListenerOptions> all;
  for (const std::string& text : listen.empty() ? std::vector<std::string>{"localhost"} : listen) {
    const auto parsed = parse_listener(text, default_port);
    all.insert(all.end(), parsed.begin(), parsed.end());
  }
  if (certificates.size() != keys.size())
    throw ListenerFlagError("--cert and --key belong together: one key for each certificate");
  transport::TlsServerOptions settings = tls;
  for (std::size_t i = 0; i < certificates.size(); ++i)
    settings.pairs.push_back({certificates[i], keys[i]});
  if (client_certificates == "optional") settings.client_certificate = ClientCertificate::optional;
  if (client_certificates == "required") settings.client_certificate = ClientCertificate::required;
  if (tls_version == "tlsv1.3") settings.version_min = transport::TlsVersion::v1_3;
  bool has_tls = false, has_websocket = false;
  for (ListenerOptions& options : all) {
    has_tls = has_tls || options.tls;
    has_websocket = has_websocket || options.websocket;
    if (options.tls) options.tls = settings;
    options.certificate_is_user = certificate_is_user && options.tls;
    options.psk_identity_is_user = psk_identity_is_user && options.tls;
    if (options.websocket) options.websocket->origins = origins;
  }
  const bool wants_tls = !settings.pairs.empty() || !tls.psk_file.empty() || !tls.ca_file.empty() ||
                         !tls.ca_path.empty() || !tls.crl_file.empty() ||
                         client_certificates != "none" || !tls_version.empty() ||
                         !tls.ciphers.empty() || !tls.ciphers_13.empty();
  if (wants_tls && !has_tls)
    throw ListenerFlagError(
        "certificates and ciphers need a listener with TLS: "
        "--listen mqtts://ADDRESS:PORT or wss://ADDRESS:PORT");
  if (certificate_is_user && settings.client_certificate == ClientCertificate::none)
    throw ListenerFlagError(
        "--certificate-is-user needs --client-certificates optional or required");
  if ((psk_identity_is_user || !tls.psk_hint.empty()) && tls.psk_file.empty())
    throw ListenerFlagError("--psk-hint and --psk-identity-is-user need --psk-file FILE");
  if (has_tls && settings.pairs.empty() && tls.psk_file.empty())
    throw ListenerFlagError(
        "a listener with TLS needs --cert FILE and --key FILE, or --psk-file FILE");
  if (!origins.empty() && !has_websocket)
    throw ListenerFlagError(
        "--ws-origin needs a listener with WebSocket: --listen ws://ADDRESS:PORT");
  return all;
}

}  // namespace mq::broker
