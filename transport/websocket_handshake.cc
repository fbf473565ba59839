#include "transport/websocket_handshake.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/status.hpp>

namespace mq::transport {
namespace {

namespace http = boost::beast::http;

boost::beast::string_view beast(std::string_view text) { return {text.data(), text.size()}; }
std::string plain(boost::beast::string_view text) { return {text.data(), text.size()}; }

std::string accept_for(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
             EVP_sha1(), nullptr);
  return base64({digest.data(), size});
}

// 16 bytes in base64.
bool is_key(std::string_view key) {
  const auto is_base64 = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
  };
  return key.size() == 24 && key.ends_with("==") &&
         std::all_of(key.begin(), key.begin() + 22, is_base64);
}

template <class Parser>
std::optional<std::string> parse_all(Parser& parser, std::string_view text) {
  parser.header_limit(http_header_bytes_max);
  parser.eager(false);
  boost::system::error_code error;
  parser.put(boost::asio::buffer(text.data(), text.size()), error);
  if (error && error != http::error::need_more) return error.message();
  if (!parser.is_header_done()) return "its header is not complete";
  return std::nullopt;
}

HandshakeAnswer refuse(unsigned status, const std::string& why) {
  return {http_refusal(status, why), why};
}

// The one of the offered subprotocols that is MQTT's.
std::optional<std::string> choose_subprotocol(boost::beast::string_view offered) {
  std::optional<std::string> chosen;
  for (const auto& token : http::token_list(offered)) {
    if (token == "mqtt") return "mqtt";
    if (token == "mqttv3.1") chosen = "mqttv3.1";
  }
  return chosen;
}

}  // namespace

std::string base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::size_t http_header_end(std::string_view text) {
  const auto at = text.find("\r\n\r\n");
  return at == std::string_view::npos ? at : at + 4;
}

bool may_be_http_request(std::string_view text) {
  const auto space = text.find(' ');
  const std::string_view method = text.substr(0, space);
  return method.size() <= 16 && (method.empty() == text.empty()) &&
         std::all_of(method.begin(), method.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

std::string http_refusal(unsigned status, std::string_view why) {
  const std::string body = std::string(why) + "\n";
  std::string text = "HTTP/1.1 " + std::to_string(status) + " " +
                     plain(http::obsolete_reason(static_cast<http::status>(status))) + "\r\n";
  if (status == 426) text += "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
  if (status == 405) text += "Allow: GET\r\n";
  return text + "Content-Type: text/plain\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n\r\n" + body;
}

HandshakeAnswer answer_handshake(std::string_view request, const WebSocketServerOptions& options) {
  http::request_parser<http::empty_body> parser;
  if (const auto broken = parse_all(parser, request))
    return refuse(400, "this is no HTTP request: " + *broken);
  const auto& head = parser.get();
  const std::string target = plain(head.target());
  const std::string path = target.substr(0, target.find('?'));
  if (!options.path.empty() && path != options.path)
    return refuse(404, "MQTT is not served here; the path is " + options.path);
  if (head.method() != http::verb::get) return refuse(405, "a WebSocket begins with GET");
  if (head.version() < 11) return refuse(400, "a WebSocket needs HTTP/1.1");
  if (head.count(http::field::host) != 1) return refuse(400, "HTTP/1.1 demands one Host");
  if (!http::token_list(head[http::field::connection]).exists("upgrade") ||
      !http::token_list(head[http::field::upgrade]).exists("websocket"))
    return refuse(426, "MQTT is served here over WebSocket only");
  if (head[http::field::sec_websocket_version] != "13")
    return refuse(426, "the version of WebSocket must be 13");
  const std::string key = plain(head[http::field::sec_websocket_key]);
  if (head.count(http::field::sec_websocket_key) != 1 || !is_key(key))
    return refuse(400, "Sec-WebSocket-Key must be 16 bytes in base64");
  const std::string origin = plain(head[http::field::origin]);
  if (!options.origins.empty() &&
      std::find(options.origins.begin(), options.origins.end(), origin) == options.origins.end())
    return refuse(403, "this origin is not allowed");
  std::string offered;
  for (const auto& field : head)
    if (field.name() == http::field::sec_websocket_protocol)
      offered += (offered.empty() ? "" : ", ") + plain(field.value());
  const auto subprotocol = choose_subprotocol(beast(offered));
  if (!subprotocol) return refuse(400, "the subprotocol `mqtt` must be asked for");
  return {
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
          accept_for(key) + "\r\nSec-WebSocket-Protocol: " + *subprotocol + "\r\n\r\n",
      std::nullopt};
}

std::string handshake_request(const WebSocketClientOptions& options, std::string_view key) {
  return "GET " + options.path + " HTTP/1.1\r\nHost: " + options.host +
         "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " + std::string(key) +
         "\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: " + options.subprotocol +
         "\r\n\r\n";
}

std::optional<std::string> response_breaks(std::string_view response, std::string_view key,
                                           const WebSocketClientOptions& options) {
  http::response_parser<http::empty_body> parser;
  parser.skip(true);  // of a body
  if (const auto broken = parse_all(parser, response))
    return "the server's answer is no HTTP: " + *broken;
  const auto& head = parser.get();
  if (head.result_int() != 101)
    return "the server answered " + std::to_string(head.result_int()) + " " + plain(head.reason()) +
           " to the request for " + options.path;
  if (!http::token_list(head[http::field::connection]).exists("upgrade") ||
      !http::token_list(head[http::field::upgrade]).exists("websocket") ||
      head[http::field::sec_websocket_accept] != beast(accept_for(key)))
    return "the server's answer accepts no WebSocket";
  if (head[http::field::sec_websocket_protocol] != beast(options.subprotocol))
    return "the server does not speak the subprotocol `" + options.subprotocol + "`";
  if (head.count(http::field::sec_websocket_extensions) != 0)
    return "the server uses an extension that was not asked for";
  return std::nullopt;
}

}  // namespace mq::transport
