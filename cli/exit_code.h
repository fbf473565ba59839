// What the process says to scripts when it ends: the same for every verb.
#pragma once

namespace mq::cli {

namespace exit_code {
inline constexpr int held = 0;
inline constexpr int broken = 1;         // a promise was broken
inline constexpr int usage = 2;          // a flag, or a file, is invalid
inline constexpr int unreachable = 3;    // the target could not be reached or started
inline constexpr int nothing = 4;        // nothing was selected, or nothing was measured
inline constexpr int fault = 5;          // of mqttlab itself, or of this machine in mid-run
inline constexpr int interrupted = 130;  // SIGINT
inline constexpr int terminated = 143;   // SIGTERM
}  // namespace exit_code

// Of several runs, the process ends with the gravest: an interruption, then what kept mqttlab from
// measuring, then what it measured.
constexpr int gravity(int code) {
  switch (code) {
    case exit_code::interrupted:
    case exit_code::terminated:
      return 6;
    case exit_code::fault:
      return 5;
    case exit_code::unreachable:
      return 4;
    case exit_code::usage:
      return 3;
    case exit_code::broken:
      return 2;
    case exit_code::nothing:
      return 1;
    case exit_code::held:
      return 0;
    default:
      return 5;
  }
}
constexpr int graver(int a, int b) { return gravity(b) > gravity(a) ? b : a; }

}  // namespace mq::cli
