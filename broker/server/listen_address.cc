#include "broker/server/listen_address.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace mq::broker {
namespace {

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

bool is_number(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<std::vector<ListenAddress>> parse_listen(std::string_view text,
                                                       std::uint16_t default_port) {
  std::string_view host = text;
  std::optional<std::string_view> port;
  if (is_number(text)) {
    host = "localhost";
    port = text;
  } else if (text.starts_with('[')) {
    const auto closing = text.find(']');
    if (closing == std::string_view::npos) return std::nullopt;
    host = text.substr(1, closing - 1);
    const std::string_view rest = text.substr(closing + 1);
    if (!rest.empty() && rest.front() != ':') return std::nullopt;
    if (!rest.empty()) port = rest.substr(1);
    if (host.empty()) return std::nullopt;
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    const auto colon = text.find(':');
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  const auto number = port ? port_of(*port) : default_port;
  if (!number || (host.empty() && !port)) return std::nullopt;
  if (host.empty() || host == "*")
    return std::vector<ListenAddress>{{"0.0.0.0", *number}, {"::", *number}};
  return std::vector<ListenAddress>{{std::string(host), *number}};
}

}  // namespace mq::broker
