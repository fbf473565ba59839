#include "reports/file/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace mq::report {
namespace {

std::error_code last_error() { return {errno, std::generic_category()}; }

}  // namespace

OutputFile::OutputFile(const std::string& path) : path_(path) {
  descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (descriptor_ < 0) error_ = last_error();
  buffer_.reserve(buffer_bytes + buffer_bytes / 4);
}

OutputFile::~OutputFile() { close(); }

void OutputFile::flush() {
  std::string_view left = buffer_;
  while (!error_ && !left.empty()) {
    const ssize_t written = ::write(descriptor_, left.data(), left.size());
    if (written >= 0)
      left.remove_prefix(static_cast<std::size_t>(written));
    else if (errno != EINTR)
      error_ = last_error();
  }
  buffer_.clear();
}

std::error_code OutputFile::close() {
  if (descriptor_ < 0) return error_;
  flush();
  if (::close(descriptor_) != 0 && !error_) error_ = last_error();
  descriptor_ = -1;
  return error_;
}

std::error_code write_file(const std::string& path, std::string_view content) {
  const std::string temporary = path + ".part";
  OutputFile file(temporary);
  file.append(content);
  std::error_code error = file.close();
  if (!error && std::rename(temporary.c_str(), path.c_str()) != 0) error = last_error();
  if (error) ::unlink(temporary.c_str());
  return error;
}

}  // namespace mq::report
