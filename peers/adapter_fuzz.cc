// Any text as an adapter: taken, or refused with places; nothing is started.
#include <cstdint>
#include <string_view>

#include "base/ensure.h"
#include "peers/adapter.h"
#include "peers/placeholders.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mq::peers;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const Adapter adapter = parse_adapter(text, "fuzz.yaml");
    mq::ensure(!adapter.name.empty() && !adapter.programs.empty(), "an adapter names its program");
    // Every gap that the check let pass can be filled.
    const Placeholders all{[](std::string_view) { return std::string("1"); },
                           [](std::string_view) { return true; }};
    filled(adapter.command, all);
    for (const Adapter::File& file : adapter.files) filled(file.text, all);
  } catch (const AdapterError& error) {
    mq::ensure(std::string_view(error.what()).starts_with("fuzz.yaml"), "a fault has its place");
  }
  return 0;
}
