// What lies between the bytes of a network and the bytes of MQTT: TLS, WebSocket, the header of a
// proxy. A layer does no I/O: it is given bytes and gives bytes, so that the same code serves a
// socket of this machine and one of a simulated world, to the byte.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "transport/link.h"

namespace mq::transport {

class Layer {
 public:
  // What a layer may ask for while one of its functions runs. to_owner() may lead to further calls
  // of the same layer before it returns.
  class Sides {
   public:
    virtual void to_peer(std::span<const std::byte> bytes) = 0;
    // False: the owner wants nothing more, the layer stops.
    virtual bool to_owner(std::span<const std::byte> bytes) = 0;
    virtual void opened() = 0;     // once
    virtual void peer_left() = 0;  // said goodbye in order
    // The layer has said all it has to say to the peer; the connection is of no use any more.
    virtual void failed(std::string why) = 0;

   protected:
    ~Sides() = default;
  };

  virtual ~Layer() = default;

  virtual void begin(Sides& sides) = 0;  // the connection below is open
  virtual void from_peer(std::span<const std::byte> bytes, Sides& sides) = 0;
  virtual void from_owner(std::span<const std::byte> bytes, Sides& sides) = 0;  // after opened()
  virtual void close(Sides& sides) = 0;                                         // goodbye
  virtual void tell(LinkFacts& facts) const = 0;                                // after opened()
  // What is being waited for before opened(): "TLS handshake".
  virtual std::string waits_for() const = 0;
};

// `upper` carried by `lower`.
std::unique_ptr<Layer> stacked(std::unique_ptr<Layer> lower, std::unique_ptr<Layer> upper);

}  // namespace mq::transport
