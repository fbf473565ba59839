#include "installation/installation.h"

#include <filesystem>
#include <system_error>

namespace mq {
namespace {

namespace fs = std::filesystem;

// PREFIX/lib/mqttlab or BUILD/bin. Without /proc it is empty, and the search is the caller's.
fs::path program_folder() {
  std::error_code ignored;
  return fs::read_symlink("/proc/self/exe", ignored).parent_path();
}

}  // namespace

std::string program_beside(std::string_view name) { return (program_folder() / name).string(); }

std::string data_folder(std::string_view name) {
  const fs::path installed = program_folder().parent_path().parent_path() / "share/mqttlab" / name;
  std::error_code ignored;
  if (fs::is_directory(installed, ignored)) return installed.string();
  return (fs::path(MQ_SOURCE_DIR) / name).string();
}

}  // namespace mq
