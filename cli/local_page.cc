#include "cli/local_page.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <random>
#include <utility>

namespace mq::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr auto patience = std::chrono::seconds(10);
constexpr std::uint64_t body_bytes_max = 1024;

// 128 bits of the system's chance.
std::string token() {
  std::random_device chance;
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (int word = 0; word < 4; ++word) {
    std::uint32_t bits = chance();
    for (int digit = 0; digit < 8; ++digit, bits >>= 4U) text += digits[bits & 15U];
  }
  return text;
}

// In a time that does not depend on where they differ.
bool same(std::string_view a, std::string_view b) {
  unsigned different = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    different |= static_cast<unsigned>(a[i] ^ b[i]);
  return different == 0;
}

}  // namespace

struct LocalPage::State {
  State(asio::io_context& context, std::uint16_t port, Answer how)
      : acceptor(context, {asio::ip::address_v4::loopback(), port}), answer(std::move(how)) {
    here = "127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
  }

  http::response<http::string_body> respond(const http::request<http::string_body>& request) const;

  tcp::acceptor acceptor;
  Answer answer;
  std::string here;
  std::string secret = token();
};

http::response<http::string_body> LocalPage::State::respond(
    const http::request<http::string_body>& request) const {
  http::response<http::string_body> response{http::status::not_found, request.version()};
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  response.set("Referrer-Policy", "no-referrer");
  response.set("Content-Security-Policy",
               "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
               "frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
  response.keep_alive(false);
  const std::string target(request.target());
  const std::string begin = "/" + secret + "/";
  const bool posted = request.method() == http::verb::post;
  const bool is_known = posted || request.method() == http::verb::get;
  const std::string origin(request[http::field::origin]);
  // A name that leads to 127.0.0.1 is somebody else's page.
  const bool is_ours =
      request[http::field::host] == here && (origin.empty() || origin == "http://" + here);
  if (is_known && is_ours && target.size() >= begin.size() &&
      same(target.substr(0, begin.size()), begin)) {
    PageAnswer page = answer(target.substr(begin.size()), posted);
    if (!page.body.empty()) {
      response.result(http::status::ok);
      response.set(http::field::content_type, page.type);
      response.body() = std::move(page.body);
    }
  }
  response.prepare_payload();
  return response;
}

namespace {

asio::awaitable<void> serve_one(tcp::socket socket, auto state) {
  beast::tcp_stream stream(std::move(socket));
  stream.expires_after(patience);
  beast::flat_buffer buffer;
  http::request_parser<http::string_body> parser;
  parser.body_limit(body_bytes_max);
  boost::system::error_code error;
  co_await http::async_read_header(stream, buffer, parser,
                                   asio::redirect_error(asio::use_awaitable, error));
  // Nobody's page sends chunks, and Beast 1.81 trips over strange ones.
  if (error || parser.chunked()) co_return;
  co_await http::async_read(stream, buffer, parser,
                            asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return;
  const auto response = state->respond(parser.get());
  co_await http::async_write(stream, response, asio::redirect_error(asio::use_awaitable, error));
  stream.socket().shutdown(tcp::socket::shutdown_send, error);
}

asio::awaitable<void> serve_all(auto state) {
  while (state->acceptor.is_open()) {
    boost::system::error_code error;
    tcp::socket socket =
        co_await state->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) co_return;
    if (!error)
      asio::co_spawn(state->acceptor.get_executor(), serve_one(std::move(socket), state),
                     asio::detached);
  }
}

}  // namespace

LocalPage::LocalPage(asio::io_context& context, std::uint16_t port, Answer answer)
    : state_(std::make_shared<State>(context, port, std::move(answer))) {
  asio::co_spawn(context, serve_all(state_), asio::detached);
}

LocalPage::~LocalPage() {
  boost::system::error_code ignored;
  state_->acceptor.close(ignored);
}

std::string LocalPage::url() const { return "http://" + state_->here + "/" + state_->secret + "/"; }

}  // namespace mq::cli
