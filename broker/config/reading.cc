#include "broker/config/reading.h"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <utility>

namespace mq::broker {
namespace {

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

std::string got(const ConfigEntry& entry) {
  return entry.value.empty() ? ", got nothing" : ", got \"" + entry.value + "\"";
}

std::optional<std::chrono::hours> unit_of(char letter) {
  switch (letter) {
    case 'h':
      return std::chrono::hours(1);
    case 'd':
      return std::chrono::hours(24);
    case 'w':
      return std::chrono::hours(24 * 7);
    case 'm':
      return std::chrono::hours(24 * 30);
    case 'y':
      return std::chrono::hours(24 * 365);
    default:
      return std::nullopt;
  }
}

}  // namespace

std::vector<std::string> words_of(const std::string& value) {
  std::istringstream in(value);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::optional<bool> Reading::boolean(const ConfigEntry& entry) {
  if (entry.value == "true" || entry.value == "1") return true;
  if (entry.value == "false" || entry.value == "0") return false;
  error(entry.value_at, entry.key + ": expected true or false" + got(entry));
  return std::nullopt;
}

std::optional<std::uint64_t> Reading::number(const ConfigEntry& entry, std::uint64_t min,
                                             std::uint64_t max) {
  const auto value = number_of<std::uint64_t>(entry.value);
  if (value && *value >= min && *value <= max) return value;
  error(entry.value_at, entry.key + ": expected a number from " + std::to_string(min) + " to " +
                            std::to_string(max) + got(entry));
  return std::nullopt;
}

std::optional<std::chrono::seconds> Reading::span(const ConfigEntry& entry) {
  const std::string_view text = entry.value;
  if (!text.empty())
    if (const auto unit = unit_of(text.back()))
      if (const auto count = number_of<std::uint32_t>(text.substr(0, text.size() - 1));
          count && *count >= 1 && *count * *unit < std::chrono::seconds(0xFFFFFFFF))
        return *count * *unit;
  error(entry.value_at,
        entry.key +
            ": expected a number with h, d, w, m or y behind it, such as 14d, and less "
            "than 136 years" +
            got(entry));
  return std::nullopt;
}

std::optional<std::string> Reading::one_of(const ConfigEntry& entry,
                                           std::initializer_list<const char*> words) {
  std::string expected;
  for (const char* word : words) {
    if (entry.value == word) return entry.value;
    expected += std::string(expected.empty() ? "" : ", ") + word;
  }
  error(entry.value_at, entry.key + ": expected one of " + expected + got(entry));
  return std::nullopt;
}

std::optional<std::string> Reading::text(const ConfigEntry& entry) {
  if (!entry.value.empty()) return entry.value;
  error(entry.value_at, entry.key + ": expected a value" + got(entry));
  return std::nullopt;
}

bool Reading::seen_before(const ConfigEntry& entry) {
  if (std::find(seen_.begin(), seen_.end(), entry.key) != seen_.end()) return true;
  seen_.push_back(entry.key);
  return false;
}

bool Reading::first(const ConfigEntry& entry) {
  if (!seen_before(entry)) return true;
  error(entry.key_at, entry.key + " stands here twice");
  return false;
}

void Reading::begin_listener(const ConfigEntry& entry) {
  const auto words = words_of(entry.value);
  const auto port = words.empty() ? std::nullopt : number_of<std::uint16_t>(words[0]);
  if (!port || words.size() > 2)
    return error(entry.value_at,
                 "listener: expected a port from 0 to 65535 and, if any, an address" + got(entry));
  ListenerConfig made = bare();
  made.at = entry.key_at;
  made.options.address = {.host = words.size() == 2 ? words[1] : "", .port = *port};
  if (made.options.address.host.starts_with('/')) {
    if (*port != 0)
      return error(entry.value_at, "listener: expected port 0 before the path of a Unix socket");
    made.options.address.unix_path = std::exchange(made.options.address.host, {});
  }
  config.listeners.push_back(std::move(made));
}

ListenerConfig& Reading::listener(const ConfigEntry& entry) {
  if (!config.listeners.empty()) return config.listeners.back();
  default_keys_.push_back(entry);
  return default_;
}

ListenerConfig& Reading::default_listener(const ConfigEntry& entry) {
  if (!default_is_wanted_) {
    default_.at = entry.key_at;
    default_.options.address.host.clear();
  }
  default_is_wanted_ = true;
  return default_;
}

transport::TlsServerOptions& Reading::tls(const ConfigEntry& entry) {
  ListenerConfig& of = listener(entry);
  if (!of.options.tls) of.options.tls.emplace();
  if (!of.tls_key) of.tls_key = entry;
  return *of.options.tls;
}

// A listener that was meant to speak TLS never speaks without.
void Reading::check_tls(const ListenerConfig& of) {
  if (!of.options.tls) return;
  const auto& pairs = of.options.tls->pairs;
  const Place& at = of.tls_key->key_at;
  if (!of.options.tls->psk_file.empty()) {
    if (!pairs.empty() ||
        of.options.tls->client_certificate != transport::TlsServerOptions::ClientCertificate::none)
      error(at, of.tls_key->key +
                    ": a listener goes by certificates or by pre-shared keys, not by both");
    return;
  }
  const bool is_incomplete =
      std::any_of(pairs.begin(), pairs.end(), [](const transport::TlsPair& pair) {
        return pair.certificate_file.empty() || pair.key_file.empty();
      });
  if (pairs.empty() || is_incomplete)
    error(at, of.tls_key->key + ": a listener with TLS needs certfile and keyfile" +
                  (pairs.size() > 1 ? ", as many of the one as of the other" : ""));
  using enum transport::TlsServerOptions::ClientCertificate;
  if (of.options.subject_is_user && of.options.tls->client_certificate == none)
    error(at, "use_subject_as_username needs require_certificate true");
  if (of.options.certificate_is_user && of.options.tls->client_certificate == none)
    error(at, "use_identity_as_username needs require_certificate true");
  if (of.options.tls->client_certificate != none && of.options.tls->ca_file.empty() &&
      of.options.tls->ca_path.empty())
    error(at, "require_certificate needs cafile or capath: who signs clients' certificates");
}

void Reading::set_own_keys(const ConfigEntry& entry) {
  if (!text(entry)) return;
  std::optional<ConfigEntry>& file = listener(entry).psk_file;
  if (file && file->value != entry.value)
    return error(entry.value_at, entry.key + ": it was " + file->value + " before");
  file = entry;
}

void Reading::use_keys() {
  bool used = false;
  for (ListenerConfig& made : config.listeners) {
    const std::optional<ConfigEntry>& file = made.psk_file ? made.psk_file : psk_file;
    if (!made.options.tls || made.options.tls->psk_hint.empty()) {
      if (made.psk_file)
        error(file->key_at,
              "psk_file: its listener has no psk_hint, nobody would be asked for a key");
      continue;
    }
    used = true;
    if (!file) {
      error(made.tls_key->key_at, "psk_hint needs psk_file: who has which key");
      continue;
    }
    made.options.tls->psk_file = file->value;
    made.options.psk_identity_is_user = std::exchange(made.options.certificate_is_user, false);
  }
  if (psk_file && !used)
    error(psk_file->key_at,
          "psk_file: no listener has a psk_hint, nobody would be asked for a key");
}

void Reading::is_for_all(const ConfigEntry& entry) {
  if (!config.listeners.empty()) for_all_.push_back(entry);
}

void Reading::finish() {
  if (default_is_wanted_) {
    config.listeners.insert(config.listeners.begin(), default_);
  } else if (config.listeners.empty()) {
    default_.options.address.host = "localhost";
    config.listeners.push_back(default_);
  } else {
    for (const ConfigEntry& entry : default_keys_)
      error(entry.key_at, entry.key +
                              " belongs to no listener: it stands before the first "
                              "listener line, and there is neither port nor bind_address");
  }
  if (config.listeners.size() > 1)
    for (const ConfigEntry& entry : for_all_)
      warning(entry.key_at,
              entry.key + " holds for all listeners, not only for the one that it stands behind");
  use_keys();
  for (const ListenerConfig& made : config.listeners) check_tls(made);
}

}  // namespace mq::broker
