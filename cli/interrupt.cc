#include "cli/interrupt.h"

#include <unistd.h>

#include <csignal>
#include <initializer_list>

#include "cli/exit_code.h"

namespace mq::cli {
namespace {

volatile std::sig_atomic_t seen = 0;
volatile std::sig_atomic_t paused = 0;

pid_t driver = 0;

void remember(int signal) { seen = signal; }

void remember_once(int signal) {
  if (seen != 0 && getppid() != driver) _exit(interrupt_exit_code());
  if (seen == 0) seen = signal;
}

void take(void (*handler)(int), unsigned flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = static_cast<int>(flags);
  sigemptyset(&action.sa_mask);
  for (int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
  for (int signal : {SIGXFSZ, SIGPIPE}) std::signal(signal, SIG_IGN);
}

void pause_or_go_on(int signal) { paused = signal == SIGUSR1 ? 1 : 0; }

}  // namespace

// The second one takes its usual course.
void take_signals() { take(remember, SA_RESETHAND); }

void take_signals_with_driver() {
  driver = getppid();
  take(remember_once, 0);
}

void take_pauses() {
  for (int signal : {SIGUSR1, SIGUSR2}) std::signal(signal, pause_or_go_on);
}

bool pause_wanted() { return paused != 0; }

int interrupt_seen() { return seen; }

int interrupt_exit_code() {
  return seen == SIGTERM ? exit_code::terminated : exit_code::interrupted;
}

}  // namespace mq::cli
