// Any bytes where messages of HTTP are expected: portions make no difference, the messages' bytes
// are those that came, and what is read can be written and read again.
#include <cstdint>

#include "base/ensure.h"
#include "base/testing/choices.h"
#include "transport/http_message.h"

namespace mq::transport {
namespace {

struct Heard {
  std::vector<HttpMessage> messages;
  std::size_t wire = 0;
  unsigned fault = 0;
};

Heard hear(HttpReader::Of of, std::span<const std::byte> bytes, std::size_t portion) {
  HttpReader reader(of, {.head_bytes_max = 400, .body_bytes_max = 200});
  Heard heard;
  for (std::size_t at = 0; at < bytes.size() && heard.fault == 0; at += portion) {
    reader.feed(bytes.subspan(at, std::min(portion, bytes.size() - at)));
    while (heard.fault == 0) {
      auto next = reader.next();
      if (std::holds_alternative<HttpReader::NeedsMore>(next)) break;
      if (const auto* fault = std::get_if<HttpFault>(&next)) {
        heard.fault = fault->status;
      } else {
        heard.messages.push_back(std::get<HttpMessage>(std::move(next)));
        heard.wire += reader.wire().size();
      }
    }
  }
  return heard;
}

void check_written(const HttpMessage& request) {
  HttpMessage plain = request;
  plain.fields.clear();
  const std::string text = to_text(plain);
  const Heard again = hear(HttpReader::Of::requests, std::as_bytes(std::span(text)), text.size());
  ensure(again.messages.size() == 1 && again.messages[0].target == request.target &&
             again.messages[0].method == request.method && again.messages[0].body == request.body &&
             again.messages[0].keeps_connection == request.keeps_connection,
         "what was read can be written and read");
}

}  // namespace
}  // namespace mq::transport

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mq::transport;
  mq::Choices choices({data, size});
  const std::size_t portion = choices.byte() % 40U + 1;
  const auto of = choices.byte() % 2 == 0 ? HttpReader::Of::requests : HttpReader::Of::answers;
  const auto bytes = choices.bytes(size);
  const Heard whole = hear(of, bytes, std::max<std::size_t>(bytes.size(), 1));
  const Heard pieces = hear(of, bytes, portion);
  mq::ensure(whole.messages.size() == pieces.messages.size() && whole.wire == pieces.wire,
             "portions make no difference");
  mq::ensure(whole.wire <= bytes.size(), "no more than came");
  for (const HttpMessage& message : whole.messages) {
    mq::ensure(message.body.size() <= 200, "limits are kept");
    if (of == HttpReader::Of::requests) check_written(message);
  }
  return 0;
}
