#include "transport/psk.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "transport/tls.h"

namespace mq::transport {
namespace {

constexpr std::streamoff file_bytes_max = 64 * 1024 * 1024;

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<std::string> psk_of(std::string_view hex) {
  if (hex.empty() || hex.size() % 2 != 0 || hex.size() / 2 > psk_bytes_max) return std::nullopt;
  std::string key;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = digit_of(hex[i]), low = digit_of(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    key += static_cast<char>(high << 4 | low);
  }
  return key;
}

std::map<std::string, std::string> parse_psks(std::string_view text, const std::string& file) {
  std::map<std::string, std::string> keys;
  for (int number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    const auto fail = [&](std::size_t at, const std::string& what) {
      throw TlsError(file + ":" + std::to_string(number) + ":" + std::to_string(at + 1) + ": " +
                     what);
    };
    const auto colon = line.rfind(':');
    if (colon == std::string_view::npos || colon == 0)
      fail(0, "expected IDENTITY:KEY, the key in hexadecimal");
    const std::string identity(line.substr(0, colon));
    if (identity.size() > psk_identity_bytes_max || identity.find('\0') != std::string::npos)
      fail(0,
           "expected an identity of at most " + std::to_string(psk_identity_bytes_max) + " bytes");
    const auto key = psk_of(line.substr(colon + 1));
    if (!key)
      fail(colon + 1, "expected a key of 2 to " + std::to_string(2 * psk_bytes_max) +
                          " hexadecimal digits, an even number");
    if (!keys.emplace(identity, *key).second) fail(0, "this identity was there before");
  }
  return keys;
}

std::map<std::string, std::string> read_psk_file(const std::string& file) {
  struct stat about {};
  if (::stat(file.c_str(), &about) != 0) throw TlsError(file + ": " + std::strerror(errno));
  if (!S_ISREG(about.st_mode) || about.st_size > file_bytes_max)
    throw TlsError(file + ": expected a file of at most 64 MiB");
  if ((about.st_mode & (S_IROTH | S_IWOTH)) != 0)
    throw TlsError(file + ": keys that everybody may read or write are refused; chmod 600");
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) throw TlsError(file + ": cannot be read");
  return parse_psks(text.str(), file);
}

}  // namespace mq::transport
