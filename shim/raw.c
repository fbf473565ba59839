// syscall(): runtimes that bring their own locks and loops (BEAM, Rust, libuv) call the kernel so.
#include <errno.h>
#include <linux/futex.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "shim/inside.h"

static long futex(uint32_t* word, int operation, uint32_t value, const struct timespec* time,
                  uint32_t* other, uint32_t mask) {
  const int command = operation & FUTEX_CMD_MASK;
  const int is_absolute = command == FUTEX_WAIT_BITSET;
  if ((command != FUTEX_WAIT && !is_absolute) || (!time && !mqv_is_token())) {
    if (time && (command == FUTEX_LOCK_PI || command == FUTEX_WAIT_REQUEUE_PI))
      mqv_count("futex with inheritance");
    return mqv_system(SYS_futex, word, operation, value, time, other, mask);
  }
  uint64_t deadline = MQV_NEVER;
  if (time && is_absolute)
    deadline =
        mqv_instant_of(operation & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC, time);
  else if (time)
    deadline = mqv_after(mqv_nanoseconds(time));
  return mqv_futex_wait(word, operation & ~FUTEX_CLOCK_REALTIME, value, mask, deadline);
}

static long refused(long error) {
  errno = (int)error;
  return -1;
}

// Returns the error number that clock_nanosleep() gives, as the kernel does.
static long sleep_by_clock(const long* a) {
  const int error = clock_nanosleep((clockid_t)a[0], (int)a[1], (void*)a[2], (void*)a[3]);
  return error == 0 ? 0 : refused(error);
}

static long served(long number, const long* a, int* is_served) {
  *is_served = 1;
  switch (number) {
    case SYS_futex:
      return futex((void*)a[0], (int)a[1], (uint32_t)a[2], (void*)a[3], (void*)a[4],
                   (uint32_t)a[5]);
    case SYS_getrandom:
      return getrandom((void*)a[0], (size_t)a[1], (unsigned)a[2]);
    case SYS_clock_gettime:
      return clock_gettime((clockid_t)a[0], (void*)a[1]);
    case SYS_gettimeofday:
      return gettimeofday((void*)a[0], (void*)a[1]);
    case SYS_epoll_wait:
      return epoll_wait((int)a[0], (void*)a[1], (int)a[2], (int)a[3]);
    case SYS_epoll_pwait:
      return epoll_pwait((int)a[0], (void*)a[1], (int)a[2], (int)a[3], (void*)a[4]);
    case SYS_epoll_pwait2:
      return epoll_pwait2((int)a[0], (void*)a[1], (int)a[2], (void*)a[3], (void*)a[4]);
    case SYS_poll:
      return poll((void*)a[0], (nfds_t)a[1], (int)a[2]);
    case SYS_ppoll:
      return ppoll((void*)a[0], (nfds_t)a[1], (void*)a[2], (void*)a[3]);
    case SYS_select:
      return select((int)a[0], (void*)a[1], (void*)a[2], (void*)a[3], (void*)a[4]);
    case SYS_nanosleep:
      return nanosleep((void*)a[0], (void*)a[1]);
    case SYS_clock_nanosleep:
      return sleep_by_clock(a);
    case SYS_io_uring_setup:
      return refused(ENOSYS);  // its users fall back to epoll
    case SYS_futex_waitv:
      return refused(ENOSYS);
    default:
      *is_served = 0;
      return 0;
  }
}

MQV_EXPORT long syscall(long number, ...) {
  long a[6];
  __builtin_va_list list;
  __builtin_va_start(list, number);
  for (int i = 0; i < 6; ++i) a[i] = __builtin_va_arg(list, long);
  __builtin_va_end(list);
  if (mqv_attached()) {
    int is_served;
    const long result = served(number, a, &is_served);
    if (is_served) return result;
    if (number == SYS_pselect6) mqv_count("syscall(pselect6)");
    if (number == SYS_timer_create) mqv_count("timer_create");
  }
  return mqv_system(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
