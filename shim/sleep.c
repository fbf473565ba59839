// Sleeping, and waiting for signals.
#include <errno.h>
#include <sys/syscall.h>

#include "shim/inside.h"

static const uint64_t second_ns = 1000000000;

static void say_what_is_left(struct timespec* left, uint64_t until) {
  const uint64_t now = mqv_now();
  if (left) *left = mqv_timespec(until > now ? until - now : 0);
}

static int is_senseless(const struct timespec* time) {
  return time->tv_sec < 0 || time->tv_nsec < 0 || time->tv_nsec >= 1000000000;
}

MQV_EXPORT int nanosleep(const struct timespec* length, struct timespec* left) {
  if (!mqv_attached()) return MQV_REAL(nanosleep)(length, left);
  if (is_senseless(length)) {
    errno = EINVAL;
    return -1;
  }
  const uint64_t until = mqv_after(mqv_nanoseconds(length));
  const int result = mqv_sleep_until(until);
  if (result != 0) say_what_is_left(left, until);
  return result;
}

MQV_EXPORT int clock_nanosleep(clockid_t clock, int flags, const struct timespec* time,
                               struct timespec* left) {
  if (!mqv_attached()) return MQV_REAL(clock_nanosleep)(clock, flags, time, left);
  if (is_senseless(time)) return EINVAL;
  const int is_absolute = (flags & TIMER_ABSTIME) != 0;
  const uint64_t until =
      is_absolute ? mqv_instant_of(clock, time) : mqv_after(mqv_nanoseconds(time));
  if (mqv_sleep_until(until) == 0) return 0;
  if (!is_absolute) say_what_is_left(left, until);
  return EINTR;
}

MQV_EXPORT int usleep(useconds_t microseconds) {
  if (!mqv_attached()) return MQV_REAL(usleep)(microseconds);
  return mqv_sleep_until(mqv_after((uint64_t)microseconds * 1000));
}

MQV_EXPORT unsigned sleep(unsigned seconds) {
  if (!mqv_attached()) return MQV_REAL(sleep)(seconds);
  const uint64_t until = mqv_after(seconds * second_ns);
  if (mqv_sleep_until(until) == 0) return 0;
  const uint64_t now = mqv_now();
  return until > now ? (unsigned)((until - now + second_ns - 1) / second_ns) : 0;
}

// In threads mode a wait without a limit is as good as any: only the process itself, or the
// simulator by a signal, ends it.

MQV_EXPORT int pause(void) {
  if (!mqv_attached() || !mqv_is_token()) return MQV_REAL(pause)();
  while (mqv_give_turn(MQV_NEVER) != mqv_interrupted) {
  }
  errno = EINTR;
  return -1;
}

MQV_EXPORT int sigsuspend(const sigset_t* mask) {
  if (!mqv_attached() || !mqv_is_token()) return MQV_REAL(sigsuspend)(mask);
  sigset_t before;
  sigprocmask(SIG_SETMASK, mask, &before);
  pause();
  sigprocmask(SIG_SETMASK, &before, NULL);
  errno = EINTR;
  return -1;
}

static int wait_for_signal(const sigset_t* set, siginfo_t* info, uint64_t deadline) {
  const struct timespec at_once = {0, 0};
  for (;;) {
    const int number = MQV_REAL(sigtimedwait)(set, info, &at_once);
    if (number >= 0 || errno != EAGAIN) return number;
    if (mqv_now() >= deadline) {
      errno = EAGAIN;
      return -1;
    }
    if (mqv_give_turn(deadline) == mqv_interrupted) {
      errno = EINTR;
      return -1;
    }
  }
}

MQV_EXPORT int sigtimedwait(const sigset_t* set, siginfo_t* info, const struct timespec* length) {
  if (!mqv_attached()) return MQV_REAL(sigtimedwait)(set, info, length);
  if (mqv_is_token())
    return wait_for_signal(set, info, length ? mqv_after(mqv_nanoseconds(length)) : MQV_NEVER);
  if (length && mqv_nanoseconds(length) > 0) mqv_count("sigtimedwait");
  return MQV_REAL(sigtimedwait)(set, info, length);
}

MQV_EXPORT int sigwaitinfo(const sigset_t* set, siginfo_t* info) {
  if (!mqv_attached() || !mqv_is_token()) return MQV_REAL(sigwaitinfo)(set, info);
  return wait_for_signal(set, info, MQV_NEVER);
}

MQV_EXPORT int sigwait(const sigset_t* set, int* number) {
  if (!mqv_attached() || !mqv_is_token()) return MQV_REAL(sigwait)(set, number);
  siginfo_t info;
  int found;
  do found = wait_for_signal(set, &info, MQV_NEVER);
  while (found < 0 && errno == EINTR);
  if (found < 0) return errno;
  *number = found;
  return 0;
}
