// Any bytes where the header of a proxy is expected: what the reader says of the whole it says of
// every portion too, and what stands behind the header arrives as it is.
#include <cstdint>

#include "base/ensure.h"
#include "base/testing/choices.h"
#include "transport/proxy_protocol.h"
#include "transport/testing/layer_pair.h"

namespace mq::transport {
namespace {

void check_prefixes(std::span<const std::byte> bytes) {
  const auto whole = parse_proxy_header(bytes);
  const auto* header = std::get_if<ProxyHeader>(&whole);
  if (header != nullptr) {
    ensure(header->bytes >= 16 && header->bytes <= bytes.size() &&
               header->bytes <= proxy_header_bytes_max,
           "a header that is there");
    ensure(header->address.size() < 64, "an address is short");
  }
  bool is_over = false;
  for (std::size_t size = 0; size <= std::min<std::size_t>(bytes.size(), 300); ++size) {
    const auto part = parse_proxy_header(bytes.first(size));
    const auto* found = std::get_if<ProxyHeader>(&part);
    const bool open = std::holds_alternative<ProxyIncomplete>(part);
    ensure(!(is_over && open), "what was decided stays so");
    if (found != nullptr)
      ensure(header != nullptr && found->bytes == header->bytes &&
                 found->address == header->address && size >= header->bytes,
             "the header does not depend on what follows");
    is_over = !open;
  }
}

void check_layer(std::span<const std::byte> bytes, std::size_t piece) {
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  LayerEnd whole(proxy_layer()), pieces(proxy_layer());
  whole.begin();
  pieces.begin();
  whole.hear(text);
  for (std::size_t at = 0; at < text.size() && pieces.failure.empty(); at += piece)
    pieces.hear(text.substr(at, piece));
  ensure(whole.failure == pieces.failure && whole.times_opened == pieces.times_opened &&
             whole.received == pieces.received,
         "the portions make no difference");
  ensure(whole.failure.empty() || whole.times_opened == 0, "without a header nobody comes in");
  ensure(text.ends_with(whole.received), "what follows the header arrives as it is");
}

}  // namespace
}  // namespace mq::transport

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mq::Choices choices({data, size});
  const std::size_t piece = choices.byte() % 40U + 1;
  const auto bytes = choices.bytes(size);
  mq::transport::check_prefixes(bytes);
  mq::transport::check_layer(bytes, piece);
  return 0;
}
