// Any text as an access list: rules or a fault, and what names never widen.
#include <cstdint>

#include "base/ensure.h"
#include "broker/access/acl_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mq::broker;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view name = text.substr(0, text.find('\n'));
  try {
    const AccessRules rules = parse_acl(text, "acl");
    const Who who{name, name.substr(0, 5)};
    for (const char* topic : {"a", "a/b", "$SYS/a", "/", "%u"}) {
      // Who may read a topic is granted a subscription to it, and the other way round.
      const bool reads = rules.may_read(who, topic);
      mq::ensure(reads == (rules.may_subscribe(who, topic) != AccessRules::Part::nothing),
                 "a topic is a filter of one topic");
      if (rules.may_subscribe(who, "a/#") == AccessRules::Part::all && topic[0] == 'a')
        mq::ensure(reads, "all means all");
    }
  } catch (const FileFault&) {
  }
  return 0;
}
