#include "broker/server/listener.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

namespace mq::broker {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// Without the place in Asio's sources that the code may carry along.
[[noreturn]] void cannot_listen(const std::string& where, error_code error) {
  throw boost::system::system_error(error.value(), error.category(), "cannot listen on " + where);
}

}  // namespace

std::string text_of(const tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  const std::string host = endpoint.address().is_v6() ? "[" + address + "]" : address;
  return host + ":" + std::to_string(endpoint.port());
}

Listeners::Listeners(asio::io_context& context, std::vector<ListenerOptions> options, int backlog)
    : context_(context),
      options_(std::move(options)),
      backlog_(backlog),
      pause_(context),
      connections_(options_.size()) {}

std::vector<std::string> Listeners::open() {
  std::vector<std::string> names;
  for (std::size_t listener = 0; listener < options_.size(); ++listener) open_name(listener, names);
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
  for (const auto& entry : found) {
    error = listen(entry.endpoint(), listener);
    if (!error) {
      names.push_back(text_of(doors_.back()->acceptor.local_endpoint()));
      continue;
    }
    doors_.pop_back();
    // A machine without IPv6 still listens on what it has.
    const bool has_no_such_family = error == asio::error::address_family_not_supported ||
                                    error == boost::system::errc::address_not_available;
    if (!has_no_such_family || (options_.size() == 1 && found.size() == 1))
      cannot_listen(text_of(entry.endpoint()), error);
  }
}

error_code Listeners::listen(const tcp::endpoint& endpoint, std::size_t listener) {
  error_code error;
  doors_.push_back(std::make_unique<Door>(Door{tcp::acceptor(context_), listener}));
  auto& acceptor = doors_.back()->acceptor;
  if (acceptor.open(endpoint.protocol(), error)) return error;
  if (acceptor.set_option(tcp::acceptor::reuse_address(true), error)) return error;
  if (endpoint.address().is_v6() && acceptor.set_option(asio::ip::v6_only(true), error))
    return error;
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
}

void Listeners::left(std::size_t listener) { --connections_[listener]; }

void Listeners::accept(Door& door) {
  door.acceptor.async_accept(
      [self = shared_from_this(), &door](error_code error, tcp::socket socket) {
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

void Listeners::hand_over(tcp::socket socket, std::size_t listener) {
  if (connections_[listener] >= options_[listener].connections_max) return;
  ++connections_[listener];
  accepted_(std::move(socket), listener);
}

}  // namespace mq::broker
