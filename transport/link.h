// One connection, whatever it is made of: TCP, a Unix socket, TLS, WebSocket, or a stream of a
// simulated world. Its owner sends bytes of MQTT and receives bytes of MQTT.
#pragma once

#include <boost/system/error_code.hpp>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace mq::transport {

// The certificate by which a peer has proved who it is. Every text is valid UTF-8 without NUL.
struct PeerCertificate {
  std::string common_name;                     // of its subject; empty if it has none
  std::string subject;                         // all of it, in RFC 2253's form
  std::vector<std::string> alternative_names;  // DNS names, mail addresses, URIs, as it lists them
};

// What is known of a connection beyond its bytes, once it has been opened.
struct LinkFacts {
  std::string address;                         // the peer, as a proxy in front names it; else empty
  std::string tls;                             // "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty without
  std::optional<PeerCertificate> certificate;  // verified
  std::string psk_identity;                    // by whose key the peer has proved itself
  bool websocket = false;
};

class Link {
 public:
  using error_code = boost::system::error_code;

  // Called from the executor of the link, one at a time, and not after drop() or `ended`. A
  // function that is empty is not called.
  struct Owner {
    std::function<void()> opened;  // once: handshakes are done, bytes of MQTT may flow
    std::function<void(std::span<const std::byte>)> received;  // valid during the call
    std::function<void(std::size_t)> drained;                  // bytes of send() that have left
    // It closes by itself: a handshake failed, or the peer broke the rules of a layer. The goodbye
    // is under way; as after close(), its owner sets a deadline and calls abort() then.
    std::function<void()> leaving;
    std::function<void(error_code)> ended;  // once: eof, an error, or no error after close()
  };

  virtual ~Link() = default;

  virtual void start() = 0;
  virtual void send(Bytes bytes) = 0;
  virtual void flush() = 0;
  // What was sent before still goes out; then the link is closed and `ended` is called.
  virtual void close() = 0;
  // At once; `ended` is called with operation_aborted.
  virtual void abort() = 0;
  // At once, without `ended`: the owner is no longer interested.
  virtual void drop() = 0;

  // Nothing is read while it is held; a link that is being closed reads all the same.
  virtual void hold_reading(bool held) = 0;

  // Another owner, before start().
  virtual void own(Owner owner) = 0;
  virtual LinkFacts facts() const { return {}; }
  // Why it failed, in a sentence, where more is known than an error code; else empty.
  virtual std::string failure() const { return {}; }
};

}  // namespace mq::transport
