// Which mqttlab this is, and where its parts lie: in a checkout's build, or installed anywhere.
#pragma once

#include <string>
#include <string_view>

namespace mq {

// "0.1.0", or "0.1.0-12-g1a2b3c4" that many commits later; "-dirty" when files were changed.
const char* version();

// A program or a library beside the program that runs. It need not be there.
std::string program_beside(std::string_view name);

// A folder of data by its place in the source tree: "scenarios", "peers/adapters".
std::string data_folder(std::string_view name);

}  // namespace mq
