// SIGINT and SIGTERM end a run early and in order: what was measured is written. A second one ends
// the process at once.
#pragma once

namespace mq::cli {

// From here on the two signals are only remembered, and a full disk or a reader that went away is
// an error of the write, not the end of the process.
void take_signals();
// 0, SIGINT or SIGTERM.
int interrupt_seen();
// SIGUSR1 asks a simulation to stand still, SIGUSR2 to go on.
void take_pauses();
bool pause_wanted();
// 130 or 143.
int interrupt_exit_code();

}  // namespace mq::cli
