#include "transport/http_message.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>

namespace mq::transport {
namespace {

namespace http = boost::beast::http;

boost::beast::string_view beast(std::string_view text) { return {text.data(), text.size()}; }
std::string plain(boost::beast::string_view text) { return {text.data(), text.size()}; }

constexpr std::string_view head_end = "\r\n\r\n";
constexpr const char* too_long = "the header is too long";

bool is_same(std::string_view a, std::string_view b) {
  return boost::beast::iequals(beast(a), beast(b));
}

HttpFault fault_of(const boost::system::error_code& error) {
  if (error == http::error::header_limit) return {431, too_long};
  if (error == http::error::body_limit) return {413, "the body is too long"};
  if (error == http::error::bad_version) return {505, "this is not HTTP/1.1"};
  return {400, "this is no HTTP: " + error.message()};
}

bool may_have_body(const HttpMessage& message) {
  return !message.method.empty() || (message.status != 204 && message.status != 304);
}

template <bool is_request>
std::string text_of(http::message<is_request, http::string_body>& message,
                    const HttpMessage& from) {
  message.version(11);
  for (const auto& [name, value] : from.fields) message.insert(beast(name), beast(value));
  message.keep_alive(from.keeps_connection);
  if (may_have_body(from)) {
    message.body() = from.body;
    // The answer to HEAD says how long the body would have been.
    if (from.count("Content-Length") == 0) message.prepare_payload();
  }
  std::string text;
  http::serializer<is_request, http::string_body> serializer(message);
  boost::system::error_code error;
  while (!serializer.is_done()) {
    serializer.next(error, [&](boost::system::error_code&, const auto& buffers) {
      for (auto at = boost::asio::buffer_sequence_begin(buffers);
           at != boost::asio::buffer_sequence_end(buffers); ++at) {
        const boost::asio::const_buffer part(*at);
        text.append(static_cast<const char*>(part.data()), part.size());
      }
      serializer.consume(boost::asio::buffer_size(buffers));
    });
    if (error) break;
  }
  return text;
}

void take_head(const http::request<http::string_body>& from, HttpMessage& into) {
  into.method = plain(from.method_string());
  into.target = plain(from.target());
}
void take_head(const http::response<http::string_body>& from, HttpMessage& into) {
  into.status = from.result_int();
}

}  // namespace

std::size_t HttpMessage::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(
      fields.begin(), fields.end(), [&](const auto& field) { return is_same(field.first, name); }));
}

std::string_view HttpMessage::field(std::string_view name) const {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const auto& field) { return is_same(field.first, name); });
  return found == fields.end() ? std::string_view() : found->second;
}

std::string to_text(const HttpMessage& message) {
  if (!message.method.empty()) {
    http::request<http::string_body> request;
    request.method_string(beast(message.method));
    request.target(beast(message.target));
    return text_of(request, message);
  }
  http::response<http::string_body> answer;
  answer.result(message.status);
  return text_of(answer, message);
}

std::string_view reason_of(unsigned status) {
  const auto text = http::obsolete_reason(static_cast<http::status>(status));
  return {text.data(), text.size()};
}

struct HttpReader::State {
  State(Of what, HttpLimits most) : of(what), limits(most) {}

  template <class Parser>
  Next next(std::optional<Parser>& parser) {
    if (!parser) {
      parser.emplace();
      parser->eager(false);  // so that a header can be looked at before its body is read
      parser->header_limit(static_cast<std::uint32_t>(limits.head_bytes_max));
      parser->body_limit(limits.body_bytes_max);
    }
    if (!parser->is_header_done() && !head_fits()) return *(fault = HttpFault{431, too_long});
    boost::system::error_code error;
    while (!error && !parser->is_done() && read < bytes.size()) {
      read += parser->put(boost::asio::buffer(bytes.data() + read, bytes.size() - read), error);
      if (!parser->is_header_done()) continue;
      // Beast 1.81 reads what is before its buffer when the last chunk has a strange extension.
      if (parser->chunked()) return *(fault = HttpFault{411, "chunks are not taken"});
      parser->eager(true);
    }
    if (error && error != http::error::need_more) return *(fault = fault_of(error));
    if (!parser->is_done()) return NeedsMore{};
    HttpMessage message;
    const auto& whole = parser->get();
    take_head(whole, message);
    for (const auto& field : whole)
      message.fields.emplace_back(plain(field.name_string()), plain(field.value()));
    message.keeps_connection = whole.keep_alive();
    message.body = whole.body();
    parser.reset();
    is_whole = true;
    return message;
  }

  // Beast looks at its limit only now and then.
  bool head_fits() {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const std::size_t end = text.find(head_end, searched);
    if (end != text.npos) return end + head_end.size() <= limits.head_bytes_max;
    searched = text.size() - std::min(text.size(), head_end.size() - 1);
    return text.size() <= limits.head_bytes_max;
  }

  const Of of;
  const HttpLimits limits;
  std::vector<std::byte> bytes;  // of the message that is being read, and what follows
  std::size_t read = 0;          // of these
  std::size_t searched = 0;      // of these, for the end of the header
  bool is_whole = false;         // a message has been given, and its bytes are still there
  std::optional<HttpFault> fault;
  std::optional<http::request_parser<http::string_body>> request;
  std::optional<http::response_parser<http::string_body>> answer;

  void forget_message() {
    if (!std::exchange(is_whole, false)) return;
    bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(read));
    if (bytes.empty()) std::vector<std::byte>().swap(bytes);
    read = searched = 0;
  }
};

HttpReader::HttpReader(Of of, HttpLimits limits) : state_(std::make_unique<State>(of, limits)) {}
HttpReader::~HttpReader() = default;
HttpReader::HttpReader(HttpReader&&) noexcept = default;
HttpReader& HttpReader::operator=(HttpReader&&) noexcept = default;

void HttpReader::feed(std::span<const std::byte> bytes) {
  state_->forget_message();
  if (!state_->fault) state_->bytes.insert(state_->bytes.end(), bytes.begin(), bytes.end());
}

HttpReader::Next HttpReader::next() {
  State& state = *state_;
  state.forget_message();
  if (state.fault) return *state.fault;
  if (state.bytes.empty()) return NeedsMore{};
  return state.of == Of::requests ? state.next(state.request) : state.next(state.answer);
}

std::span<const std::byte> HttpReader::wire() const {
  return std::span<const std::byte>(state_->bytes).first(state_->is_whole ? state_->read : 0);
}

bool HttpReader::is_within_message() const { return !state_->is_whole && !state_->bytes.empty(); }

}  // namespace mq::transport
