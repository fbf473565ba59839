// SIGINT and SIGTERM end a run early and in order: what was measured is written. A second one ends
// the process at once.
#pragma once

namespace mq::cli {

// From here on the two signals are only remembered, and a full disk or a reader that went away is
// an error of the write, not the end of the process.
void take_signals();
// In a process that its driver passes signals on to: the terminal, or whoever ends the whole group,
// has told it already, and hearing it twice must not cost what was measured. When the driver has
// gone, the next one ends the process at once.
void take_signals_with_driver();
// 0, SIGINT or SIGTERM.
int interrupt_seen();
// SIGUSR1 asks a simulation to stand still, SIGUSR2 to go on.
void take_pauses();
bool pause_wanted();
// 130 or 143.
int interrupt_exit_code();

}  // namespace mq::cli
