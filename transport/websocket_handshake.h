// The HTTP of RFC 6455 section 4, as texts: what a request of a client is worth, and what a server
// answered.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "transport/websocket.h"

namespace mq::transport {

// The end of the header in what has come so far, its empty line included; npos: not there yet.
std::size_t http_header_end(std::string_view text);

// Whether this can be the beginning of an HTTP request: a method in capital letters.
bool may_be_http_request(std::string_view text);

struct HandshakeAnswer {
  std::string response;              // to be sent as it is
  std::optional<std::string> fault;  // why the connection is to be closed after it
};
HandshakeAnswer answer_handshake(std::string_view request, const WebSocketServerOptions& options);
// The answer to something that is no request for a WebSocket, for whoever looks at it.
std::string http_refusal(unsigned status, std::string_view why);

std::string handshake_request(const WebSocketClientOptions& options, std::string_view key);
// Why a server's answer is none that we can use.
std::optional<std::string> response_breaks(std::string_view response, std::string_view key,
                                           const WebSocketClientOptions& options);

std::string base64(std::string_view bytes);

}  // namespace mq::transport
