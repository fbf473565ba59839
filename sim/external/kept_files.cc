#include "sim/external/kept_files.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "base/ensure.h"
#include "shim/protocol.h"

namespace mq::sim {
namespace {

namespace fs = std::filesystem;

std::string inode_of(const fs::path& file) {
  struct stat about {};
  return ::stat(file.c_str(), &about) == 0 ? std::to_string(about.st_ino) : "";
}

// Calls `each` with every file, and the copy that is kept of it.
template <class Each>
void for_each_file(const std::string& folder, const std::string& kept, Each each) {
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error))
    if (it->is_regular_file(error) && !it->is_symlink(error))
      each(it->path(), fs::path(kept) / inode_of(it->path()));
}

}  // namespace

KeptFiles::KeptFiles(std::string folder) : folder_(std::move(folder)) {
  kept_ = (fs::temp_directory_path() / "mqttlab-disk-XXXXXX").string();
  ensure(::mkdtemp(kept_.data()) != nullptr, "a folder for what a disk keeps");
  for_each_file(folder_, kept_, [](const fs::path& file, const fs::path& copy) {
    std::error_code ignored;
    fs::copy_file(file, copy, ignored);
  });
}

KeptFiles::~KeptFiles() {
  std::error_code ignored;
  fs::remove_all(kept_, ignored);
}

std::string KeptFiles::variable() const { return MQV_DISK_ENVIRONMENT "=" + kept_; }

// The file itself stays, and its inode with it: only what stands in it goes.
void KeptFiles::lose_the_rest() const {
  for_each_file(folder_, kept_, [](const fs::path& file, const fs::path& copy) {
    std::error_code error;
    if (fs::exists(copy, error))
      fs::copy_file(copy, file, fs::copy_options::overwrite_existing, error);
    else
      fs::resize_file(file, 0, error);
  });
}

}  // namespace mq::sim
