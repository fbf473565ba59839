// Any text as a password file: users or a fault; what was read is written as it stood.
#include <cstdint>

#include "base/ensure.h"
#include "broker/access/credentials.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mq::broker;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const Credentials users = parse_passwords(text, "pw");
    for (const auto& [user, hash] : users.all()) {
      mq::ensure(!user.empty(), "nobody has no name");
      mq::ensure(text.find(user + ":" + to_text(hash)) != text.npos ||
                     text.find("+0") != text.npos || text.find("$0") != text.npos ||
                     text.find(":0") != text.npos,
                 "a hash is written as it was read");
    }
  } catch (const FileFault&) {
  }
  return 0;
}
