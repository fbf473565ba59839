#include "broker/operate/http.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <system_error>
#include <utility>

namespace mq::broker {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

const char* reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 503:
      return "Service Unavailable";
    default:
      return "Error";
  }
}

std::string written(const HttpAnswer& answer, bool with_body) {
  std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " " + reason_of(answer.status) +
                     "\r\nContent-Type: " + answer.content_type +
                     "\r\nContent-Length: " + std::to_string(answer.body.size()) +
                     "\r\nConnection: close\r\nCache-Control: no-store\r\n"
                     "X-Content-Type-Options: nosniff\r\n";
  if (answer.status == 405) text += "Allow: GET, HEAD\r\n";
  text += "\r\n";
  return with_body ? text + answer.body : text;
}

}  // namespace

std::string answer_http(std::string_view request,
                        const std::function<HttpAnswer(std::string_view path)>& answer) {
  const std::string_view line = request.substr(0, request.find("\r\n"));
  const auto first = line.find(' ');
  const auto second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos || !line.substr(second + 1).starts_with("HTTP/1."))
    return written({.status = 400, .body = "expected a request of HTTP/1.1\n"}, true);
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, second - first - 1);
  if (method != "GET" && method != "HEAD")
    return written({.status = 405, .body = "expected GET or HEAD\n"}, true);
  return written(answer(target.substr(0, target.find('?'))), method == "GET");
}

class HttpListener::Body final : public std::enable_shared_from_this<Body> {
 public:
  Body(asio::io_context& context, Answer answer, HttpLimits limits)
      : context_(context),
        acceptor_(context),
        pause_(context),
        answer_(std::move(answer)),
        limits_(limits) {}

  void listen(const std::string& host, std::uint16_t port) {
    error_code error;
    tcp::resolver resolver(context_);
    const auto found = resolver.resolve(
        host, std::to_string(port), tcp::resolver::passive | tcp::resolver::numeric_service, error);
    tcp::endpoint endpoint;
    if (!error) endpoint = found.begin()->endpoint();
    if (!error) acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error)
      throw std::system_error(
          error, "cannot listen on " + host + ":" + std::to_string(port) + " for metrics");
    accept();
  }

  void close() {
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
  }

  std::string address() const {
    const auto endpoint = acceptor_.local_endpoint();
    const std::string host = endpoint.address().to_string();
    return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" +
           std::to_string(endpoint.port());
  }

 private:
  struct Visit {
    Visit(tcp::socket taken, std::size_t most)
        : socket(std::move(taken)), deadline(socket.get_executor()), request(most) {}
    tcp::socket socket;
    asio::steady_timer deadline;
    asio::streambuf request;
    std::string answer;
    bool over = false;
  };

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
      if (!self->acceptor_.is_open()) return;
      if (!error && self->visits_ < self->limits_.connections) self->serve(std::move(socket));
      if (error && error != asio::error::connection_aborted) return self->accept_later();
      self->accept();
    });
  }

  // The process is out of descriptors.
  void accept_later() {
    pause_.expires_after(std::chrono::milliseconds(100));
    pause_.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->accept();
    });
  }

  void serve(tcp::socket socket) {
    ++visits_;
    auto visit = std::make_shared<Visit>(std::move(socket), limits_.request_bytes);
    visit->deadline.expires_after(limits_.time);
    visit->deadline.async_wait([self = shared_from_this(), visit](error_code error) {
      if (!error) self->end(*visit);
    });
    asio::async_read_until(
        visit->socket, visit->request, "\r\n\r\n",
        [self = shared_from_this(), visit](error_code error, std::size_t bytes) {
          if (error) return self->end(*visit);
          const auto* text = static_cast<const char*>(visit->request.data().data());
          visit->answer = answer_http({text, bytes}, self->answer_);
          asio::async_write(visit->socket, asio::buffer(visit->answer),
                            [self, visit](error_code, std::size_t) { self->end(*visit); });
        });
  }

  void end(Visit& visit) {
    if (std::exchange(visit.over, true)) return;
    --visits_;
    visit.deadline.cancel();
    error_code ignored;
    visit.socket.shutdown(tcp::socket::shutdown_both, ignored);
    visit.socket.close(ignored);
  }

  asio::io_context& context_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  const Answer answer_;
  const HttpLimits limits_;
  std::size_t visits_ = 0;
};

HttpListener::HttpListener(asio::io_context& context, const std::string& host, std::uint16_t port,
                           Answer answer, HttpLimits limits)
    : body_(std::make_shared<Body>(context, std::move(answer), limits)) {
  body_->listen(host, port);
}
HttpListener::~HttpListener() { body_->close(); }
std::string HttpListener::address() const { return body_->address(); }

}  // namespace mq::broker
