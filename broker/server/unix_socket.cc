#include "broker/server/unix_socket.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <cerrno>

namespace mq::broker {

boost::system::error_code make_room_for_socket(const std::string& path) {
  namespace errc = boost::system::errc;
  struct stat about {};
  if (::lstat(path.c_str(), &about) != 0)
    return errno == ENOENT ? boost::system::error_code()
                           : boost::system::error_code(errno, boost::system::system_category());
  if (!S_ISSOCK(about.st_mode)) return errc::make_error_code(errc::file_exists);
  boost::asio::io_context context;
  boost::asio::local::stream_protocol::socket visitor(context);
  boost::system::error_code error;
  visitor.connect(boost::asio::local::stream_protocol::endpoint(path), error);
  if (error != boost::asio::error::connection_refused)
    return error ? error : errc::make_error_code(errc::address_in_use);
  if (::unlink(path.c_str()) != 0)
    return boost::system::error_code(errno, boost::system::system_category());
  return {};
}

}  // namespace mq::broker
