// The file of a Unix socket: one that a dead process left behind makes room, anything else stays.
#pragma once

#include <boost/system/error_code.hpp>
#include <string>

namespace mq::broker {

// Removes the file if it is a socket that nobody listens on. An error says why the name is taken.
boost::system::error_code make_room_for_socket(const std::string& path);

}  // namespace mq::broker
