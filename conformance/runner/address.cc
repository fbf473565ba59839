#include "conformance/runner/address.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/nearest_word.h"

namespace mq::conformance {
namespace {

struct Scheme {
  std::string_view name;
  bool tls;
  bool websocket;
  std::uint16_t port;
};
constexpr auto schemes = std::to_array<Scheme>({{"mqtt", false, false, 1883},
                                                {"mqtts", true, false, 8883},
                                                {"ws", false, true, 80},
                                                {"wss", true, true, 443}});

bool is_of_a_host(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == ':' || c == '%';
}

bool read_port(std::string_view text, std::uint16_t& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return !text.empty() && error == std::errc{} && end == text.data() + text.size() && port != 0;
}

}  // namespace

std::string Address::host_and_port() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string Address::text() const {
  for (const Scheme& scheme : schemes)
    if (scheme.tls == has_tls && scheme.websocket == has_websocket)
      return std::string(scheme.name) + "://" + host_and_port() + (has_websocket ? path : "");
  return host_and_port();
}

bool looks_like_url(std::string_view target) {
  return target.find("://") != std::string_view::npos;
}

std::variant<Address, NoAddress> address_in(std::string_view url) {
  const std::size_t sign = std::min(url.find("://"), url.size());
  const std::string name(url.substr(0, sign));
  const auto scheme = std::find_if(schemes.begin(), schemes.end(),
                                   [&](const Scheme& one) { return one.name == name; });
  if (scheme == schemes.end())
    return NoAddress{"expected mqtt://, mqtts://, ws:// or wss:// before the host" +
                     did_you_mean(name, {"mqtt", "mqtts", "ws", "wss"})};
  std::string_view rest = url.substr(sign + 3);
  Address address{.port = scheme->port, .has_tls = scheme->tls, .has_websocket = scheme->websocket};
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  if (slash < rest.size()) {
    if (!scheme->websocket && rest.substr(slash) != "/")
      return NoAddress{"only ws:// and wss:// have a path"};
    if (rest.size() > slash + 1) address.path = rest.substr(slash);
  }
  rest = rest.substr(0, slash);
  if (rest.find('@') != std::string_view::npos)
    return NoAddress{"user and password belong into a target file (--target), not into the URL"};
  std::string_view port;
  bool has_port = false;
  if (rest.starts_with('[')) {
    const std::size_t end = rest.find(']');
    if (end == std::string_view::npos) return NoAddress{"expected a `]` behind the host"};
    address.host = rest.substr(1, end - 1);
    has_port = end + 1 < rest.size();
    if (has_port && rest[end + 1] != ':') return NoAddress{"expected `:PORT` behind the host"};
    if (has_port) port = rest.substr(end + 2);
  } else {
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    address.host = rest.substr(0, colon);
    has_port = colon < rest.size();
    if (has_port) port = rest.substr(colon + 1);
  }
  if (address.host.empty() || !std::all_of(address.host.begin(), address.host.end(), is_of_a_host))
    return NoAddress{"expected a host, such as " + name + "://localhost"};
  if (has_port && !read_port(port, address.port))
    return NoAddress{"expected a port from 1 to 65535, found `" + std::string(port) + "`"};
  return address;
}

}  // namespace mq::conformance
