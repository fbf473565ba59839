#include "scenarios/engine/device_connection.h"

#include <boost/asio/error.hpp>
#include <string>
#include <utility>

#include "transport/layered_link.h"

namespace mq::scenario {
namespace {

using Connection = transport::Connection<sim::Stream>;

trace::CloseCause cause_of(boost::system::error_code error) {
  if (error == boost::asio::error::connection_reset) return trace::CloseCause::reset;
  if (error == boost::asio::error::timed_out) return trace::CloseCause::timed_out;
  if (error == boost::asio::error::connection_refused) return trace::CloseCause::refused;
  return trace::CloseCause::closed;
}

}  // namespace

DeviceConnection::DeviceConnection(FleetContext& fleet, sim::DeviceId place, Transport transport,
                                   Rng rng, Owner& owner)
    : fleet_(fleet), place_(place), transport_(transport), rng_(rng), owner_(owner) {}

void DeviceConnection::open(trace::Connection connection, std::vector<Memory> touched) {
  connection_ = connection;
  touched_ = std::move(touched);
  auto socket = fleet_.world.connect(place_);
  fleet_.tracer.announce(socket->device_address(), connection);
  connecting_.emplace(fleet_.loop, std::move(socket), sim::Stream::Begins::connecting);
  connecting_->async_connect([this, number = connection.number](boost::system::error_code error) {
    if (number != connection_.number || !connecting_) return;  // given up meanwhile
    if (error)
      owner_.ended(cause_of(error));
    else
      tcp_is_up();
  });
}

void DeviceConnection::tcp_is_up() {
  transport::Link::Owner owner;
  owner.received = [this](std::span<const std::byte> bytes) { owner_.received(bytes); };
  owner.drained = [this](std::size_t bytes) { owner_.drained(bytes); };
  owner.ended = [this](boost::system::error_code error) { owner_.ended(cause_of(error)); };
  auto layer = fleet_.transports.at_device(transport_, connection_,
                                           rng_.child(std::to_string(connection_.number)));
  const bool shakes_hands = layer != nullptr;
  if (shakes_hands) {
    owner.opened = [this] { owner_.opened(); };
    owner.leaving = [this] { owner_.leaving(); };
  }
  sim::Socket* const socket = connecting_->socket();
  const Memory stream = connecting_->memory();
  auto below = std::make_shared<Connection>(std::move(*connecting_), transport::Link::Owner{});
  if (socket != nullptr) {
    touched_.push_back(stream);
    touched_.push_back(place_of(*below));
    socket->will_touch(std::exchange(touched_, {}));
  }
  link_ = transport::layered(std::move(below), std::move(layer), std::move(owner));
  connecting_.reset();
  const auto link = link_;
  link->start();
  if (!shakes_hands) owner_.opened();
}

void DeviceConnection::drop() {
  connecting_.reset();
  if (auto gone = std::move(link_)) gone->drop();  // its waiting operations keep it alive
}

}  // namespace mq::scenario
