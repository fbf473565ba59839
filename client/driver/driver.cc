#include "client/driver/driver.h"

#include <algorithm>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "base/ensure.h"
#include "base/overloaded.h"
#include "transport/connection.h"
#include "transport/core_clock.h"
#include "transport/layered_link.h"
#include "transport/socks.h"

namespace mq::client {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Socket = asio::generic::stream_protocol::socket;
using Connection = transport::Connection<Socket>;

constexpr std::chrono::seconds linger{2};

// Nothing outlives this process.
Settings without_records(Settings settings) {
  settings.keeps_records = false;
  return settings;
}

std::string host_and_port(const std::string& host, std::uint16_t port) {
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}
std::string host_and_port(const Endpoint& endpoint) {
  return host_and_port(endpoint.host, endpoint.port);
}

std::string address_of(const Endpoint& endpoint) {
  if (endpoint.websocket)
    return (endpoint.tls ? "wss://" : "ws://") + host_and_port(endpoint) + endpoint.websocket->path;
  return (endpoint.tls ? "mqtts://" : "") + host_and_port(endpoint);
}

}  // namespace

std::string text_of(const Endpoint& endpoint) {
  if (!endpoint.unix_path.empty()) return "unix:" + endpoint.unix_path;
  const auto& proxy = endpoint.proxy;
  return address_of(endpoint) +
         (proxy ? " by the proxy " + host_and_port(proxy->host, proxy->port) : "");
}

class Driver::Body final : public std::enable_shared_from_this<Body> {
 public:
  Body(asio::io_context& context, Endpoint endpoint, Settings settings, std::uint64_t seed,
       Owner owner)
      : context_(context),
        endpoint_(std::move(endpoint)),
        core_(without_records(std::move(settings)), Rng(seed)),
        owner_(std::move(owner)),
        clock_(context),
        linger_timer_(context),
        resolver_(context) {
    if (endpoint_.tls) tls_.emplace(*endpoint_.tls);
  }

  void give(Input input) {
    given_.push_back(std::move(input));
    if (given_.size() > 1) return;
    asio::post(context_, [self = shared_from_this()] { self->take_given(); });
  }

  void abandon() {
    owner_ = {};
    clock_.cancel();
    linger_timer_.cancel();
    give_up_opening();
    if (connection_) connection_->drop();
    connection_.reset();
  }

  const Client& core() const { return core_; }
  std::size_t backlog_bytes() const { return backlog_bytes_; }

 private:
  void take_given() {
    for (const Input& input : std::exchange(given_, {})) feed(input);
    flush();
  }

  Instant now() const { return clock_.now(); }

  // What the core answers may end the link at once; that is heard after the answers.
  void feed(const Input& input) {
    feeding_ = true;
    core_.handle(input, now());
    perform_all();
    feeding_ = false;
    rearm();
    if (std::exchange(ended_, false)) feed(LinkDown{});
  }

  void perform_all() {
    while (auto output = core_.poll())
      std::visit(overloaded{[&](OpenLink&) { open(); },
                            [&](SendBytes& order) {
                              if (!connection_) return;
                              backlog_bytes_ += order.bytes.size();
                              connection_->send(std::move(order.bytes));
                            },
                            [&](CloseLink&) { close(); },
                            [&](Connected& news) {
                              answered_ = true;
                              tell(news);
                            },
                            [&](Refused& news) {
                              answered_ = true;
                              tell(news);
                            },
                            [&](Persist&) { ensure(false, "records were not asked for"); },
                            [&](auto& news) { tell(news); }},
                 *output);
  }

  void tell(const Output& news) {
    if (owner_.told) owner_.told(news);
  }

  void open() {
    const std::uint64_t attempt = ++attempt_;
    opening_ = true;
    if (!endpoint_.unix_path.empty()) return connect_unix(attempt);
    if (endpoint_.bind_address.empty()) return resolve(attempt, {});
    resolver_.async_resolve(
        endpoint_.bind_address, "0", tcp::resolver::numeric_service,
        [self = shared_from_this(), attempt](error_code error, const Found& from) {
          if (!self->opening_ || attempt != self->attempt_) return;
          if (error) return self->not_opened(error, self->endpoint_.bind_address);
          self->resolve(attempt, {from.begin(), from.end()});
        });
  }

  using Found = tcp::resolver::results_type;
  using Addresses = std::vector<tcp::endpoint>;

  // What has to be tried, one pair of addresses after the other.
  struct Way {
    tcp::endpoint to;
    std::optional<tcp::endpoint> from;
  };
  using Ways = std::shared_ptr<std::vector<Way>>;

  void resolve(std::uint64_t attempt, const Addresses& from) {
    const auto& proxy = endpoint_.proxy;
    resolver_.async_resolve(
        proxy ? proxy->host : endpoint_.host, std::to_string(proxy ? proxy->port : endpoint_.port),
        tcp::resolver::numeric_service,
        [self = shared_from_this(), attempt, from](error_code error, const Found& found) {
          if (!self->opening_ || attempt != self->attempt_) return;
          if (error) return self->not_opened(error);
          const auto ways = std::make_shared<std::vector<Way>>();
          for (const auto& to : found) {
            if (self->endpoint_.bind_address.empty()) ways->push_back({to, std::nullopt});
            for (const tcp::endpoint& of_ours : from)
              if (of_ours.protocol() == to.endpoint().protocol()) ways->push_back({to, of_ours});
          }
          if (ways->empty())
            return self->not_opened(asio::error::address_family_not_supported,
                                    self->endpoint_.bind_address);
          self->connect(attempt, ways, 0);
        });
  }

  void connect(std::uint64_t attempt, const Ways& ways, std::size_t which) {
    const Way& way = (*ways)[which];
    socket_.emplace(context_);
    error_code error;
    socket_->open(way.to.protocol(), error);
    if (!error && way.from) socket_->bind(*way.from, error);
    const bool is_last = which + 1 == ways->size();
    if (error && is_last) return not_opened(error, endpoint_.bind_address);
    if (error) return connect(attempt, ways, which + 1);
    socket_->async_connect(
        way.to, [self = shared_from_this(), attempt, ways, which, is_last](error_code failed) {
          if (!self->opening_ || attempt != self->attempt_) return;
          if (failed && is_last) return self->not_opened(failed);
          if (failed) return self->connect(attempt, ways, which + 1);
          error_code ignored;
          self->socket_->set_option(tcp::no_delay(true), ignored);
          self->shake_hands(Socket(std::move(*self->socket_)));
        });
  }

  void connect_unix(std::uint64_t attempt) {
    using asio::local::stream_protocol;
    if (endpoint_.unix_path.size() >= sizeof(sockaddr_un::sun_path))
      return asio::post(context_, [self = shared_from_this(), attempt] {
        if (self->opening_ && attempt == self->attempt_)
          self->not_opened(
              boost::system::errc::make_error_code(boost::system::errc::filename_too_long));
      });
    auto socket = std::make_shared<stream_protocol::socket>(context_);
    socket->async_connect(stream_protocol::endpoint(endpoint_.unix_path),
                          [self = shared_from_this(), attempt, socket](error_code error) {
                            if (!self->opening_ || attempt != self->attempt_) return;
                            if (error) return self->not_opened(error);
                            self->shake_hands(Socket(std::move(*socket)));
                          });
  }

  std::unique_ptr<transport::Layer> layer() const {
    std::unique_ptr<transport::Layer> layer;
    if (const auto& proxy = endpoint_.proxy)
      layer = transport::socks_client_layer({.host = endpoint_.host,
                                             .port = endpoint_.port,
                                             .user = proxy->user,
                                             .password = proxy->password});
    if (tls_) layer = transport::stacked(std::move(layer), tls_->layer(endpoint_.host));
    if (!endpoint_.websocket) return layer;
    auto websocket = *endpoint_.websocket;
    websocket.host =
        endpoint_.unix_path.empty() ? host_and_port(endpoint_) : std::string("localhost");
    std::random_device chance;
    const Rng masks((static_cast<std::uint64_t>(chance()) << 32) | chance());
    return transport::stacked(std::move(layer),
                              transport::websocket_client_layer(std::move(websocket), masks));
  }

  void shake_hands(Socket socket) {
    socket_.reset();
    answered_ = false;
    backlog_bytes_ = 0;
    connection_ = transport::layered(
        std::make_shared<Connection>(std::move(socket), transport::Link::Owner{},
                                     transport::ConnectionOptions{.close_awaits_peer = true}),
        layer(),
        {.opened = [this] { opened(); },
         .received =
             [this](std::span<const std::byte> bytes) {
               feed(BytesIn{bytes});
               flush();
             },
         .drained =
             [this](std::size_t bytes) {
               backlog_bytes_ -= std::min(backlog_bytes_, bytes);
               feed(Drained{bytes});
               if (owner_.drained) owner_.drained();
             },
         .leaving = [this] { await_linger(); },
         .ended = [this](error_code) { on_link_ended(); }});
    const auto connection = connection_;
    connection->start();
  }

  void opened() {
    opening_ = false;
    feed(LinkUp{});
    flush();
  }

  // `where` that is of this machine; else it is the endpoint.
  void not_opened(error_code error, const std::string& where = {}) {
    opening_ = false;
    socket_.reset();
    tell_failure((where.empty() ? "" : "from " + where + ": ") + error.message());
    on_ended();
  }

  void tell_failure(const std::string& why) {
    if (owner_.link_failed) owner_.link_failed(text_of(endpoint_) + ": " + why);
  }

  void on_link_ended() {
    const std::string failure = connection_ ? connection_->failure() : std::string();
    opening_ = false;
    if (!answered_ || !failure.empty())
      tell_failure(failure.empty() ? "the connection ended without an answer to CONNECT" : failure);
    on_ended();
  }

  void close() {
    if (opening_) {
      const bool shakes = connection_ != nullptr;
      tell_failure(shakes ? "no handshake within the time limit"
                          : "no connection within the time limit");
      give_up_opening();
      on_ended();
      return;
    }
    const auto connection = connection_;
    if (!connection) return;
    await_linger();
    connection->close();
  }

  void await_linger() {
    linger_timer_.expires_after(linger);
    linger_timer_.async_wait([self = shared_from_this()](error_code error) {
      if (!error && self->connection_) self->connection_->abort();
    });
  }

  void give_up_opening() {
    opening_ = false;
    resolver_.cancel();
    socket_.reset();
    if (const auto connection = std::exchange(connection_, nullptr)) connection->drop();
  }

  void on_ended() {
    linger_timer_.cancel();
    connection_.reset();
    backlog_bytes_ = 0;
    if (feeding_)
      ended_ = true;
    else
      feed(LinkDown{});
  }

  void flush() {
    if (const auto connection = connection_) connection->flush();
  }

  void rearm() {
    clock_.keep(core_.deadline(), [self = shared_from_this()] {
      self->feed(Tick{});
      self->flush();
    });
  }

  asio::io_context& context_;
  const Endpoint endpoint_;
  Client core_;
  Owner owner_;
  transport::CoreClock clock_;
  asio::steady_timer linger_timer_;
  tcp::resolver resolver_;
  std::optional<tcp::socket> socket_;
  std::optional<transport::TlsClient> tls_;
  std::shared_ptr<transport::Link> connection_;
  std::deque<Input> given_;
  std::size_t backlog_bytes_ = 0;
  std::uint64_t attempt_ = 0;
  bool opening_ = false;   // or shaking hands
  bool answered_ = false;  // CONNACK came on this link
  bool feeding_ = false;
  bool ended_ = false;
};

Driver::Driver(asio::io_context& context, Endpoint endpoint, Settings settings, std::uint64_t seed,
               Owner owner)
    : body_(std::make_shared<Body>(context, std::move(endpoint), std::move(settings), seed,
                                   std::move(owner))) {}
Driver::~Driver() { body_->abandon(); }
void Driver::give(Input input) { body_->give(std::move(input)); }
bool Driver::connected() const { return body_->core().connected(); }
std::size_t Driver::queued_messages() const { return body_->core().queued_messages(); }
std::size_t Driver::backlog_bytes() const { return body_->backlog_bytes(); }

}  // namespace mq::client
