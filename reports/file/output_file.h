// A file that a run streams into. Errors (a full disk) are kept as a value and end all writing; the
// caller looks at them when the run ends, or as often as it likes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace mq::report {

class OutputFile {
 public:
  // Makes or empties the file. Follows no symbolic link in the last part of the path.
  explicit OutputFile(const std::string& path);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile();  // writes what is left; an error then is lost: call close() first

  void append(std::string_view bytes) {
    if (error_) return;
    buffer_ += bytes;
    size_ += bytes.size();
    if (buffer_.size() >= buffer_bytes) flush();
  }
  // Further bytes may be put here by hand; commit() takes them up.
  std::string& buffer() { return buffer_; }
  void commit(std::size_t bytes) {
    size_ += bytes;
    if (buffer_.size() >= buffer_bytes) flush();
  }

  std::uint64_t size() const { return size_; }  // appended, written or not
  std::error_code error() const { return error_; }
  const std::string& path() const { return path_; }

  void flush();
  std::error_code close();  // writes what is left

 private:
  static constexpr std::size_t buffer_bytes = 256 * 1024;

  std::string path_;
  std::string buffer_;
  std::uint64_t size_ = 0;
  int descriptor_ = -1;
  std::error_code error_;
};

// Writes a whole small file (results.json, report.html) by way of a temporary one beside it, so
// that there is never half a file under the name.
std::error_code write_file(const std::string& path, std::string_view content);

}  // namespace mq::report
