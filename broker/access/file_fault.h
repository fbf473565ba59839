// What is wrong with a file that says who may do what, and where.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace mq::broker {

// Its text is "FILE:LINE:COLUMN: what was expected": it never holds what the file says of a secret.
struct FileFault : std::runtime_error {
  FileFault(const std::string& file, std::size_t line, std::size_t column, const std::string& what)
      : std::runtime_error(file + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " +
                           what) {}
  FileFault(const std::string& file, const std::string& what)
      : std::runtime_error(file + ": " + what) {}
};

inline constexpr std::size_t access_file_bytes_max = 64 * 1024 * 1024;

// The whole of a regular file. Throws FileFault.
std::string read_access_file(const std::string& path);

// A word of a file as an error message may show it: short, and nothing that draws on a terminal.
std::string shown(std::string_view word);

}  // namespace mq::broker
