#include "broker/access/file_fault.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace mq::broker {

std::string read_access_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) throw FileFault(path, std::strerror(errno));
  std::string text;
  struct stat about {};
  const bool is_file = ::fstat(file, &about) == 0 && S_ISREG(about.st_mode);
  char buffer[65536];
  ssize_t got = 0;
  while (is_file && text.size() <= access_file_bytes_max &&
         (got = ::read(file, buffer, sizeof buffer)) > 0)
    text.append(buffer, static_cast<std::size_t>(got));
  const int failure = errno;
  ::close(file);
  if (!is_file) throw FileFault(path, "not a file");
  if (got < 0) throw FileFault(path, std::strerror(failure));
  if (text.size() > access_file_bytes_max) throw FileFault(path, "more than 64 MiB");
  return text;
}

std::string shown(std::string_view word) {
  constexpr std::size_t most = 40;
  std::string text = "\"";
  for (const char c : word.substr(0, most))
    text += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  return text + (word.size() > most ? "...\"" : "\"");
}

}  // namespace mq::broker
