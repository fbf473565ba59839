// As much HTTP/1.1 as a scraper and a health check need: GET and HEAD of a few paths, one request
// per connection, everything bounded. What a request says beyond its first line is not looked at.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace boost::asio {
class io_context;
}

namespace mq::broker {

struct HttpAnswer {
  int status = 404;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

struct HttpLimits {
  std::size_t request_bytes = 8 * 1024;
  std::size_t connections = 32;          // a further one is closed at once
  std::chrono::milliseconds time{5000};  // from the connection to the end of the answer
};

// The whole answer to a request head, from its first byte to the empty line: decided without a
// socket. `answer` is asked for paths without their query.
std::string answer_http(std::string_view request,
                        const std::function<HttpAnswer(std::string_view path)>& answer);

class HttpListener {
 public:
  using Answer = std::function<HttpAnswer(std::string_view path)>;

  // Listens; throws std::system_error, whose text names the address.
  HttpListener(boost::asio::io_context& context, const std::string& host, std::uint16_t port,
               Answer answer, HttpLimits limits = {});
  ~HttpListener();
  HttpListener(const HttpListener&) = delete;
  HttpListener& operator=(const HttpListener&) = delete;

  std::string address() const;  // "127.0.0.1:9883"

 private:
  class Body;
  std::shared_ptr<Body> body_;
};

}  // namespace mq::broker
