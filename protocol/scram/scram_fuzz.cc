// Messages from anybody to both halves; nothing but the right proof is accepted.
#include <cstdint>

#include "base/ensure.h"
#include "protocol/scram/scram.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = std::min(text.find('\n'), text.size());
  const std::string_view one = text.substr(0, cut);
  const std::string_view other = text.substr(std::min(cut + 1, text.size()));
  mq::ScramServer server("server");
  const mq::ScramCredential nobody{.iterations = 4096, .salt = "salt"};
  server.first(one, [&](const std::string&) { return mq::ScramServer::Looked{nobody, true}; });
  mq::ensure(!server.last(other), "nobody can prove what hashes to zeros");
  mq::ScramClient client("user", "pencil", "client");
  client.first();
  if (one.find("i=4096") != one.npos) client.last(one);  // other numbers only take long
  client.trusts(other);
  if (const auto credential = mq::scram_credential_of(one))
    mq::ensure(mq::scram_credential_of(mq::to_text(*credential)) == credential, "text round trip");
  return 0;
}
