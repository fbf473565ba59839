#include "cli/text_file.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace mq::cli {

std::optional<std::string> read_text_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (in.bad()) return std::nullopt;
  return text;
}

std::string launcher_name() {
  const char* name = std::getenv("MQTTLAB_LAUNCHER");
  return name != nullptr && *name != '\0' ? name : "mqttlab";
}

}  // namespace mq::cli
