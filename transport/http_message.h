// Messages of HTTP/1.1 (RFC 9112), out of bytes and into bytes, as the layers of this folder work:
// without I/O, so that a real socket and a stream of a simulated world carry them alike. A body
// says its length; chunks are refused, as 6.3 allows. Beast does the reading and writing; it is in
// the .cc file only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "transport/websocket.h"

namespace mq::transport {

struct HttpMessage {
  std::string method;  // of a request; empty: an answer
  std::string target;
  unsigned status = 0;                                        // of an answer
  std::vector<std::pair<std::string, std::string>> fields{};  // in their order
  std::string body{};
  bool keeps_connection = true;

  std::size_t count(std::string_view field) const;  // whatever its capitals
  // The first of this name; empty if there is none.
  std::string_view field(std::string_view name) const;
};

// Content-Length, and `Connection: close` where the connection is not kept, are added. An answer
// that must not have a body (204, 304) goes without one.
std::string to_text(const HttpMessage& message);
std::string_view reason_of(unsigned status);

struct HttpLimits {
  std::size_t head_bytes_max = http_header_bytes_max;
  std::size_t body_bytes_max = 1024 * 1024;
};

// Nothing after it can be understood.
struct HttpFault {
  unsigned status;  // by which a server answers it
  std::string why;
};

class HttpReader {
 public:
  enum class Of : std::uint8_t { requests, answers };
  struct NeedsMore {};
  using Next = std::variant<NeedsMore, HttpMessage, HttpFault>;

  explicit HttpReader(Of of, HttpLimits limits = {});
  ~HttpReader();
  HttpReader(HttpReader&&) noexcept;
  HttpReader& operator=(HttpReader&&) noexcept;

  void feed(std::span<const std::byte> bytes);
  // The next whole message; call until it needs more. An answer whose length is not said is never
  // whole.
  Next next();
  // The bytes of the message that next() gave last, until feed() or next().
  std::span<const std::byte> wire() const;
  // Some of a message has come, and not all of it.
  bool is_within_message() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mq::transport
