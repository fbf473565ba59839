#include "conformance/runner/socket_case.h"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <random>
#include <utility>

#include "base/overloaded.h"
#include "scenarios/language/units.h"
#include "transport/layered_link.h"
#include "transport/websocket.h"

namespace mq::conformance {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

}  // namespace

Dialer::Dialer(asio::io_context& context, Address address, const transport::TlsClientOptions& tls)
    : context_(context), address_(std::move(address)) {
  if (address_.has_tls) tls_.emplace(tls);
}

Dialer::~Dialer() {
  for (const auto& one : dialed_)
    if (const auto socket = one.lock()) socket->abort();
}

std::string Dialer::resolve() {
  asio::ip::tcp::resolver resolver(context_);
  error_code error;
  const auto found = resolver.resolve(address_.host, std::to_string(address_.port),
                                      asio::ip::tcp::resolver::numeric_service, error);
  for (const auto& one : found) endpoints_.push_back(one.endpoint());
  return error ? error.message() : "";
}

Dialer::Dialed Dialer::dial(Version version, transport::Link::Owner owner, Over over) {
  auto socket = std::make_shared<SocketLink>(context_, endpoints_, seats_);
  dialed_.push_back(socket);
  std::unique_ptr<transport::Layer> layer = tls_ ? tls_->layer(address_.host) : nullptr;
  if (address_.has_websocket && over == Over::all_layers) {
    std::random_device chance;
    const Rng masks((static_cast<std::uint64_t>(chance()) << 32) | chance());
    layer = transport::stacked(std::move(layer),
                               transport::websocket_client_layer(
                                   {.host = address_.host_and_port(),
                                    .path = address_.path,
                                    .subprotocol = version == Version::v3_1 ? "mqttv3.1" : "mqtt"},
                                   masks));
  }
  auto link = transport::layered(socket, std::move(layer), std::move(owner));
  return {std::move(link), std::move(socket)};
}

SocketCase::SocketCase(Dialer& dialer, const Case& one, Surroundings around, Duration limit,
                       Done done)
    : dialer_(dialer),
      version_(one.version),
      over_(needs(one, "websocket") ? Dialer::Over::plain : Dialer::Over::all_layers),
      limit_(limit),
      play_(one, std::move(around)),
      done_(std::move(done)),
      clock_(dialer.context()),
      limit_timer_(dialer.context()) {}

void SocketCase::start() {
  limit_timer_.expires_after(limit_);
  limit_timer_.async_wait([self = shared_from_this()](error_code error) {
    if (error || self->is_over_) return;
    self->play_.abandon("the case took longer than " + scenario::to_text(self->limit_),
                        self->now());
    self->act();
  });
  play_.start(now());
  act();
}

void SocketCase::act() {
  if (is_over_) return;
  while (auto action = play_.poll()) {
    perform(*action);
    if (is_over_) return;
  }
  if (play_.is_over()) return finish();
  // What has arrived by the deadline is looked at before it is said to be missing.
  clock_.keep(play_.deadline(), [self = shared_from_this()] {
    asio::post(self->dialer_.context(), [self] {
      if (self->is_over_) return;
      self->play_.on_tick(self->now());
      self->act();
    });
  });
}

void SocketCase::perform(Action& action) {
  std::visit(overloaded{[this](const OpenLink& open) { this->open(open); },
                        [this](const SendOnLink& send) {
                          const auto link = links_.at(send.link).dialed.link;
                          link->send(Bytes::copy(send.bytes));
                          link->flush();
                        },
                        [this](const EndLink& end) { this->end(end); }},
             action);
}

void SocketCase::open(const OpenLink& open) {
  const LinkNumber link = open.link;
  const auto self = shared_from_this();
  Wire& wire = links_[link];
  wire.dialed =
      dialer_.dial(version_,
                   {.opened =
                        [self, link] {
                          if (self->is_over_) return;
                          self->links_.at(link).was_open = true;
                          self->play_.on_open(link, self->now());
                          self->act();
                        },
                    .received =
                        [self, link](std::span<const std::byte> bytes) {
                          if (self->is_over_) return;
                          self->play_.on_bytes(link, bytes, self->now());
                          self->act();
                        },
                    .drained = {},
                    .leaving = {},
                    .ended = [self, link](error_code error) { self->on_ended(link, error); }},
                   over_);
  const auto dialed = wire.dialed.link;
  dialed->start();
}

void SocketCase::on_ended(LinkNumber link, error_code error) {
  if (is_over_) return;
  const Wire& wire = links_.at(link);
  std::string how = end_in_words(error);
  if (!wire.was_open && error) how = error.message();
  if (const std::string why = wire.dialed.link->failure(); !why.empty()) how += ", " + why;
  play_.on_end(link, how, now());
  act();
}

void SocketCase::end(const EndLink& end) {
  const Dialer::Dialed dialed = links_.at(end.link).dialed;
  if (end.how == HowToEnd::vanish) return;  // open for its peer, and nobody reads or writes
  if (end.how == HowToEnd::close) return dialed.link->close();
  if (end.how == HowToEnd::half_close) return dialed.socket->half_close();
  dialed.socket->reset();
  dialed.link->drop();
}

void SocketCase::give_up() {
  is_over_ = true;
  limit_timer_.cancel();
  clock_.cancel();
  for (auto& [number, wire] : std::exchange(links_, {})) {
    wire.dialed.socket->reset();
    wire.dialed.link->drop();
  }
}

void SocketCase::finish() {
  is_over_ = true;
  limit_timer_.cancel();
  clock_.cancel();
  for (auto& [number, wire] : std::exchange(links_, {})) wire.dialed.link->close();
  const Leftovers left = play_.leftovers();
  asio::post(dialer_.context(), [done = std::move(done_), outcome = play_.take_outcome(),
                                 left]() mutable { done(std::move(outcome), left); });
}

}  // namespace mq::conformance
