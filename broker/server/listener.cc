#include "broker/server/listener.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "broker/server/unix_socket.h"
#include "transport/proxy_protocol.h"

namespace mq::broker {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// std's error says what happened and no more; Boost's adds numbers and a place in Asio's sources.
[[noreturn]] void cannot_listen(const std::string& where, error_code error) {
  throw std::system_error(error, "cannot listen on " + where);
}

std::string text_of(const tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  const std::string host = endpoint.address().is_v6() ? "[" + address + "]" : address;
  return host + ":" + std::to_string(endpoint.port());
}

// Nothing if it is not of TCP.
std::string text_of(const asio::generic::stream_protocol::endpoint& endpoint) {
  const int family = endpoint.protocol().family();
  if (family != AF_INET && family != AF_INET6) return {};
  tcp::endpoint found;
  found.resize(endpoint.size());
  std::memcpy(found.data(), endpoint.data(), endpoint.size());
  return text_of(found);
}

std::string text_of_interface(const ListenerOptions& options) {
  return options.interface.empty() ? "" : " of interface " + options.interface;
}

std::string scheme_of(const ListenerOptions& options) {
  if (options.websocket) return options.tls ? "wss://" : "ws://";
  return options.tls ? "mqtts://" : "";
}

// What a browser offers is HTTP.
transport::TlsServerOptions tls_options(const ListenerOptions& options) {
  transport::TlsServerOptions tls = *options.tls;
  if (options.websocket) tls.alpn.insert(tls.alpn.begin(), "http/1.1");
  return tls;
}

}  // namespace

Listeners::Listeners(asio::io_context& context, std::vector<ListenerOptions> options, int backlog)
    : context_(context),
      options_(std::move(options)),
      backlog_(backlog),
      pause_(context),
      connections_(options_.size()) {}

Listeners::Tls Listeners::read_certificates() const {
  Tls tls;
  for (const ListenerOptions& options : options_)
    tls.push_back(options.tls ? std::make_shared<transport::TlsServer>(tls_options(options))
                              : nullptr);
  return tls;
}

void Listeners::reload_certificates() { tls_ = read_certificates(); }

std::unique_ptr<transport::Layer> Listeners::layer(std::size_t listener) const {
  const ListenerOptions& options = options_[listener];
  auto layer = options.proxy_protocol ? transport::proxy_layer() : nullptr;
  if (options.tls) layer = transport::stacked(std::move(layer), tls_[listener]->layer());
  if (options.websocket)
    layer =
        transport::stacked(std::move(layer), transport::websocket_server_layer(*options.websocket));
  return layer;
}

std::vector<std::string> Listeners::open() {
  tls_ = read_certificates();
  std::vector<std::string> names;
  for (std::size_t listener = 0; listener < options_.size(); ++listener) {
    if (options_[listener].address.unix_path.empty())
      open_name(listener, names);
    else
      open_unix(listener, names);
  }
  if (names.empty())
    cannot_listen(options_.empty() ? "nothing" : options_.front().address.host,
                  asio::error::address_family_not_supported);
  return names;
}

void Listeners::open_name(std::size_t listener, std::vector<std::string>& names) {
  const ListenAddress& address = options_[listener].address;
  error_code error;
  tcp::resolver resolver(context_);
  const auto found =
      resolver.resolve(address.host, std::to_string(address.port),
                       tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error) cannot_listen(address.host, error);
  const auto family = options_[listener].family;
  for (const auto& entry : found) {
    const bool is_v4 = entry.endpoint().address().is_v4();
    if (family == (is_v4 ? ListenerOptions::Family::ipv6 : ListenerOptions::Family::ipv4)) continue;
    error = listen(Endpoint(entry.endpoint()), listener);
    if (!error) {
      names.push_back(scheme_of(options_[listener]) +
                      text_of(doors_.back()->acceptor.local_endpoint()));
      continue;
    }
    doors_.pop_back();
    // A machine without IPv6 still listens on what it has.
    const bool has_no_such_family = error == asio::error::address_family_not_supported ||
                                    error == boost::system::errc::address_not_available;
    if (!has_no_such_family || (options_.size() == 1 && found.size() == 1))
      cannot_listen(text_of(entry.endpoint()) + text_of_interface(options_[listener]), error);
  }
}

void Listeners::open_unix(std::size_t listener, std::vector<std::string>& names) {
  const std::string& path = options_[listener].address.unix_path;
  const std::string name = "unix:" + path;
  if (path.size() >= sizeof(sockaddr_un::sun_path))
    cannot_listen(name,
                  boost::system::errc::make_error_code(boost::system::errc::filename_too_long));
  if (const error_code taken = make_room_for_socket(path)) cannot_listen(name, taken);
  // Nobody comes in between the making of the file and its permissions.
  const mode_t before = ::umask(0177);
  const error_code error = listen(Endpoint(asio::local::stream_protocol::endpoint(path)), listener);
  ::umask(before);
  if (error) cannot_listen(name, error);
  unix_paths_.push_back(path);
  if (::chmod(path.c_str(), options_[listener].unix_mode) != 0)
    cannot_listen(name, error_code(errno, boost::system::system_category()));
  names.push_back(scheme_of(options_[listener]) + name);
}

error_code Listeners::listen(const Endpoint& endpoint, std::size_t listener) {
  error_code error;
  doors_.push_back(std::make_unique<Door>(Door{Acceptor(context_), listener}));
  auto& acceptor = doors_.back()->acceptor;
  if (acceptor.open(endpoint.protocol(), error)) return error;
  const int family = endpoint.protocol().family();
  if (family != AF_UNIX && acceptor.set_option(Acceptor::reuse_address(true), error)) return error;
  if (family == AF_INET6 && acceptor.set_option(asio::ip::v6_only(true), error)) return error;
  const std::string& interface = options_[listener].interface;
  if (!interface.empty() &&
      ::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_BINDTODEVICE, interface.c_str(),
                   static_cast<socklen_t>(interface.size())) != 0)
    return error_code(errno, boost::system::system_category());
  if (acceptor.bind(endpoint, error)) return error;
  acceptor.listen(backlog_, error);
  return error;
}

void Listeners::start(Accepted accepted) {
  accepted_ = std::move(accepted);
  for (auto& door : doors_) accept(*door);
}

void Listeners::close() {
  pause_.cancel();
  for (auto& door : doors_) {
    error_code ignored;
    door->acceptor.close(ignored);
  }
  for (const std::string& path : std::exchange(unix_paths_, {})) ::unlink(path.c_str());
}

void Listeners::left(std::size_t listener) { --connections_[listener]; }

void Listeners::accept(Door& door) {
  door.acceptor.async_accept([self = shared_from_this(), &door](error_code error, Socket socket) {
    if (!door.acceptor.is_open()) return;
    if (!error) self->hand_over(std::move(socket), door.listener);
    // Out of descriptors, for one: the connection stays in the backlog, others may end.
    if (error && error != asio::error::connection_aborted) return self->accept_later(door);
    self->accept(door);
  });
}

void Listeners::accept_later(Door& door) {
  paused_.push_back(&door);
  if (paused_.size() > 1) return;
  pause_.expires_after(std::chrono::milliseconds(100));
  pause_.async_wait([self = shared_from_this()](error_code) {
    for (Door* paused : std::exchange(self->paused_, {}))
      if (paused->acceptor.is_open()) self->accept(*paused);
  });
}

void Listeners::hand_over(Socket socket, std::size_t listener) {
  if (connections_[listener] >= options_[listener].connections_max) return;
  const std::string& path = options_[listener].address.unix_path;
  error_code error;
  const auto peer = socket.remote_endpoint(error);
  if (error) return;  // gone already
  if (path.empty()) socket.set_option(tcp::no_delay(true), error);
  ++connections_[listener];
  accepted_(std::move(socket), path.empty() ? text_of(peer) : "unix:" + path, listener);
}

}  // namespace mq::broker
