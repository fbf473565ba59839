// Whoever asks for the time gets that of the simulation.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <unistd.h>

#include "shim/inside.h"

enum { second_ns = 1000000000 };

// Reads of the clock without a wait between them, after which time moves on by itself: somebody
// waits for it.
enum { reads_before_time_moves = 100000, moves_by_ns = 1000000 };
// Or for another thread that is at work, as collectors of garbage do: it is let to, for some time,
// and must have been seen to sleep several times.
enum { times_others_go_first = 200, times_all_sleep = 5 };

static __thread uint64_t reads __attribute__((tls_model("initial-exec")));
static __thread int times_let __attribute__((tls_model("initial-exec")));
static __thread int times_alone __attribute__((tls_model("initial-exec")));

// True if `stat` of a thread says that it runs or waits for the disk.
static int is_at_work(int folder, const char* thread) {
  char text[300];
  snprintf(text, sizeof text, "%s/stat", thread);
  const int file = (int)mqv_system(SYS_openat, folder, text, O_RDONLY | O_CLOEXEC, 0);
  if (file < 0) return 0;
  const long count = mqv_system(SYS_read, file, text, sizeof text - 1);
  mqv_system(SYS_close, file);
  text[count > 0 ? count : 0] = '\0';
  const char* const end = strrchr(text, ')');
  return end && end[1] && (end[2] == 'R' || end[2] == 'D');
}

static int others_work(void) {
  DIR* const folder = opendir("/proc/self/task");
  if (!folder) return 0;
  const long me = mqv_system(SYS_gettid);
  int found = 0;
  for (const struct dirent* entry; !found && (entry = readdir(folder));)
    found = entry->d_name[0] != '.' && atol(entry->d_name) != me &&
            is_at_work(dirfd(folder), entry->d_name);
  closedir(folder);
  return found;
}

uint64_t mqv_now(void) { return mqv_load(&mqv_attached()->monotonic_ns); }

uint64_t mqv_nanoseconds(const struct timespec* time) {
  if (time->tv_sec < 0 || time->tv_nsec < 0) return 0;
  if ((uint64_t)time->tv_sec >= UINT64_MAX / second_ns) return MQV_NEVER;
  return (uint64_t)time->tv_sec * second_ns + (uint64_t)time->tv_nsec;
}

struct timespec mqv_timespec(uint64_t nanoseconds) {
  return (struct timespec){.tv_sec = (time_t)(nanoseconds / second_ns),
                           .tv_nsec = (long)(nanoseconds % second_ns)};
}

uint64_t mqv_after(uint64_t nanoseconds) {
  const uint64_t now = mqv_now();
  return nanoseconds > MQV_NEVER - now ? MQV_NEVER : now + nanoseconds;
}

static int is_of_the_day(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ||
         clock == CLOCK_REALTIME_ALARM || clock == CLOCK_TAI;
}
static int is_monotonic(clockid_t clock) {
  return clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_RAW ||
         clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_BOOTTIME ||
         clock == CLOCK_BOOTTIME_ALARM;
}

uint64_t mqv_instant_of(clockid_t clock, const struct timespec* absolute) {
  if (!absolute) return MQV_NEVER;
  const uint64_t at = mqv_nanoseconds(absolute);
  if (!is_of_the_day(clock) || at == MQV_NEVER) return at;
  const int64_t offset = mqv_attached()->realtime_offset_ns;
  return (int64_t)at < offset ? 0 : at - (uint64_t)offset;
}

static int others_go_first(void) {
  if (mqv_is_token() || ++times_let > times_others_go_first) return 0;
  times_alone = others_work() ? 0 : times_alone + 1;
  return times_alone < times_all_sleep;
}

void mqv_clock_was_read(void) {
  if (++reads < reads_before_time_moves) return;
  const int before = errno;
  reads = 0;
  if (others_go_first())
    sched_yield();
  else
    mqv_sleep_until(mqv_after(moves_by_ns));
  errno = before;
}

void mqv_has_waited(void) {
  reads = 0;
  times_let = times_alone = 0;
}

static uint64_t reading(clockid_t clock) {
  if (is_of_the_day(clock)) return mqv_now() + (uint64_t)mqv_attached()->realtime_offset_ns;
  return is_monotonic(clock) ? mqv_now() : 0;  // clocks of the processor: it takes no time
}

MQV_EXPORT int clock_gettime(clockid_t clock, struct timespec* into) {
  if (!mqv_attached()) return MQV_REAL(clock_gettime)(clock, into);
  mqv_clock_was_read();
  *into = mqv_timespec(reading(clock));
  return 0;
}

MQV_EXPORT int clock_getres(clockid_t clock, struct timespec* into) {
  if (!mqv_attached()) return MQV_REAL(clock_getres)(clock, into);
  if (into) *into = mqv_timespec(1);
  return 0;
}

MQV_EXPORT int gettimeofday(struct timeval* restrict into, void* restrict zone) {
  if (!mqv_attached()) return MQV_REAL(gettimeofday)(into, zone);
  mqv_clock_was_read();
  const struct timespec now = mqv_timespec(reading(CLOCK_REALTIME));
  *into = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  if (zone) memset(zone, 0, sizeof(struct timezone));
  return 0;
}

MQV_EXPORT time_t time(time_t* into) {
  if (!mqv_attached()) return MQV_REAL(time)(into);
  mqv_clock_was_read();
  const time_t now = mqv_timespec(reading(CLOCK_REALTIME)).tv_sec;
  if (into) *into = now;
  return now;
}

MQV_EXPORT int timespec_get(struct timespec* into, int base) {
  if (!mqv_attached() || base != TIME_UTC) return MQV_REAL(timespec_get)(into, base);
  mqv_clock_was_read();
  *into = mqv_timespec(reading(CLOCK_REALTIME));
  return base;
}

MQV_EXPORT clock_t clock(void) { return mqv_attached() ? 0 : MQV_REAL(clock)(); }

MQV_EXPORT clock_t times(struct tms* into) {
  if (!mqv_attached()) return MQV_REAL(times)(into);
  if (into) memset(into, 0, sizeof *into);
  return (clock_t)(mqv_now() / (second_ns / (uint64_t)sysconf(_SC_CLK_TCK)));
}

MQV_EXPORT int getrusage(__rusage_who_t who, struct rusage* into) {
  const int result = MQV_REAL(getrusage)(who, into);
  if (result != 0 || !mqv_attached()) return result;
  memset(&into->ru_utime, 0, sizeof into->ru_utime);
  memset(&into->ru_stime, 0, sizeof into->ru_stime);
  into->ru_nvcsw = into->ru_nivcsw = into->ru_minflt = into->ru_majflt = 0;
  return 0;
}

MQV_EXPORT int sysinfo(struct sysinfo* into) {
  const int result = MQV_REAL(sysinfo)(into);
  if (result != 0 || !mqv_attached()) return result;
  into->uptime = (long)(mqv_now() / second_ns);
  memset(into->loads, 0, sizeof into->loads);
  into->freeram = into->totalram / 2;
  into->freeswap = into->totalswap;
  into->procs = 1;
  return 0;
}
