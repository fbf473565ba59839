// A program for the tests of the shim: does one timed or blocking thing after another and prints
// how much time each took, by its own clock, in microseconds. What it does is its first argument.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static long long began;
static void begin(void) { began = now_us(); }
static void say(const char* what) { printf("%s %lld\n", what, now_us() - began); }

static struct timespec in(clockid_t clock, long milliseconds) {
  struct timespec at;
  clock_gettime(clock, &at);
  at.tv_sec += milliseconds / 1000;
  at.tv_nsec += milliseconds % 1000 * 1000000;
  if (at.tv_nsec >= 1000000000) {
    ++at.tv_sec;
    at.tv_nsec -= 1000000000;
  }
  return at;
}

static void on_alarm(int number) { (void)number; }

// ---- Clocks -------------------------------------------------------------------------------------

static void clocks(void) {
  struct timespec time_of_day, monotonic, cpu, resolution;
  struct timeval day;
  struct rusage usage;
  clock_gettime(CLOCK_REALTIME, &time_of_day);
  clock_gettime(CLOCK_MONOTONIC, &monotonic);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
  clock_getres(CLOCK_MONOTONIC, &resolution);
  gettimeofday(&day, NULL);
  getrusage(RUSAGE_SELF, &usage);
  printf("realtime %lld.%09ld\n", (long long)time_of_day.tv_sec, time_of_day.tv_nsec);
  printf("monotonic %lld.%09ld\n", (long long)monotonic.tv_sec, monotonic.tv_nsec);
  printf("gettimeofday %lld\n", (long long)day.tv_sec);
  printf("time %lld\n", (long long)time(NULL));
  printf("cpu %lld\n", (long long)cpu.tv_sec + cpu.tv_nsec + usage.ru_utime.tv_usec);
  printf("resolution %ld\n", resolution.tv_nsec);
  printf("pid %d\n", (int)getpid());
}

static void chance(void) {
  unsigned char bytes[16], more[8], device[8] = {0};
  if (getrandom(bytes, sizeof bytes, 0) < 0 || getentropy(more, sizeof more) != 0) exit(1);
  const int fd = open("/dev/urandom", O_RDONLY);
  if (read(fd, device, sizeof device) != sizeof device) exit(1);
  for (size_t i = 0; i < sizeof bytes; ++i) printf("%02x", bytes[i]);
  for (size_t i = 0; i < sizeof more; ++i) printf("%02x%02x", more[i], device[i]);
  printf("\n");
}

// ---- Sleeping -----------------------------------------------------------------------------------

static void sleeps(void) {
  begin();
  sleep(3600);
  say("sleep");
  begin();
  usleep(1500);
  say("usleep");
  begin();
  nanosleep(&(struct timespec){2, 500000000}, NULL);
  say("nanosleep");
  begin();
  struct timespec until = in(CLOCK_MONOTONIC, 700);
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
  say("clock_nanosleep");
  begin();
  until = in(CLOCK_REALTIME, 800);
  clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL);
  say("clock_nanosleep-day");
  begin();
  const long long end = now_us() + 5000;
  while (now_us() < end) {
  }
  say("busy");
}

// Many reads of the clock with waits between them: nobody waits for it to move.
static void glances(void) {
  begin();
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 60000; ++i) now_us();
    usleep(1000);
    poll(NULL, 0, 1);
  }
  say("glances");
}

static int is_done;
static void* work(void* unused) {
  for (volatile unsigned rounds = 0; rounds < 30000000; ++rounds) {
  }
  __atomic_store_n(&is_done, 1, __ATOMIC_RELEASE);
  return unused;
}
static void lookout(void) {  // for a thread that computes, with an eye on the clock
  begin();
  pthread_t worker;
  pthread_create(&worker, NULL, work, NULL);
  while (!__atomic_load_n(&is_done, __ATOMIC_ACQUIRE)) now_us();
  say("lookout");
  pthread_join(worker, NULL);
}

static void waits(void) {
  int ends[2];
  if (pipe(ends) != 0) exit(1);
  const int loop = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN};
  epoll_ctl(loop, EPOLL_CTL_ADD, ends[0], &event);
  struct pollfd wish = {.fd = ends[0], .events = POLLIN};
  sigset_t none;
  sigemptyset(&none);

  begin();
  int n = epoll_wait(loop, &event, 1, 100);
  say(n == 0 ? "epoll_wait" : "epoll_wait-wrong");
  begin();
  epoll_pwait(loop, &event, 1, 200, &none);
  say("epoll_pwait");
  begin();
  epoll_pwait2(loop, &event, 1, &(struct timespec){0, 1500}, &none);
  say("epoll_pwait2");
  begin();
  n = poll(&wish, 1, 300);
  say(n == 0 ? "poll" : "poll-wrong");
  begin();
  ppoll(&wish, 1, &(struct timespec){0, 400000000}, &none);
  say("ppoll");
  begin();
  fd_set readable;
  FD_ZERO(&readable);
  FD_SET(ends[0], &readable);
  struct timeval half = {0, 500000};
  n = select(ends[0] + 1, &readable, NULL, NULL, &half);
  say(n == 0 && !FD_ISSET(ends[0], &readable) ? "select" : "select-wrong");
  begin();
  FD_SET(ends[0], &readable);
  pselect(ends[0] + 1, &readable, NULL, NULL, &(struct timespec){0, 600000000}, &none);
  say("pselect");
  begin();
  if (write(ends[1], "x", 1) != 1) exit(1);
  n = epoll_wait(loop, &event, 1, 1000);
  FD_SET(ends[0], &readable);
  n += select(ends[0] + 1, &readable, NULL, NULL, &half);
  say(n == 2 ? "ready" : "ready-wrong");
}

static void timers(void) {
  const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  const int loop = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN};
  epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event);
  uint64_t count = 0;
  begin();
  struct itimerspec every = {.it_value = {1, 0}, .it_interval = {0, 250000000}};
  timerfd_settime(fd, 0, &every, NULL);
  for (int i = 0; i < 3; ++i) {
    epoll_wait(loop, &event, 1, -1);
    if (read(fd, &count, sizeof count) != sizeof count || count != 1) say("timerfd-wrong");
  }
  say("timerfd");
  sleep(1);
  if (read(fd, &count, sizeof count) == sizeof count) printf("missed %d\n", (int)count);
  struct itimerspec left;
  timerfd_gettime(fd, &left);
  printf("left %ld\n", left.it_value.tv_nsec / 1000);
  close(fd);

  const int day = timerfd_create(CLOCK_REALTIME, 0);
  epoll_ctl(loop, EPOLL_CTL_ADD, day, &event);
  begin();
  const struct itimerspec once = {.it_value = in(CLOCK_REALTIME, 1250)};
  timerfd_settime(day, TFD_TIMER_ABSTIME, &once, NULL);
  epoll_wait(loop, &event, 1, 100000);
  say("timerfd-day");

  signal(SIGALRM, on_alarm);
  begin();
  alarm(7);
  pause();
  say("alarm");
  begin();
  const struct itimerval short_one = {.it_value = {0, 30000}};
  setitimer(ITIMER_REAL, &short_one, NULL);
  const int slept = usleep(1000000);
  say(slept != 0 && errno == EINTR ? "setitimer" : "setitimer-wrong");
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  begin();
  sigtimedwait(&set, NULL, &(struct timespec){2, 0});
  say("sigtimedwait");
}

static void locks(void) {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t by_day = PTHREAD_COND_INITIALIZER, monotonic;
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&monotonic, &attributes);
  pthread_mutex_lock(&mutex);
  begin();
  struct timespec until = in(CLOCK_REALTIME, 100);
  int error = pthread_cond_timedwait(&by_day, &mutex, &until);
  say(error == ETIMEDOUT ? "cond" : "cond-wrong");
  begin();
  until = in(CLOCK_MONOTONIC, 200);
  pthread_cond_timedwait(&monotonic, &mutex, &until);
  say("cond-monotonic");
  begin();
  until = in(CLOCK_MONOTONIC, 300);
  pthread_cond_clockwait(&by_day, &mutex, CLOCK_MONOTONIC, &until);
  say("cond-clockwait");
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  begin();
  until = in(CLOCK_REALTIME, 400);
  error = sem_timedwait(&semaphore, &until) == 0 ? 0 : errno;
  say(error == ETIMEDOUT ? "sem" : "sem-wrong");
  uint32_t word = 5;
  begin();
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 5, &(struct timespec){0, 500000000}, NULL, 0);
  say(errno == ETIMEDOUT ? "futex" : "futex-wrong");
}

// ---- Threads ------------------------------------------------------------------------------------

static sem_t handed_over;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t signalled = PTHREAD_COND_INITIALIZER;
static int is_signalled;

static void* gives_signals(void* unused) {
  usleep(20000);
  sem_post(&handed_over);
  usleep(30000);
  pthread_mutex_lock(&mutex);
  is_signalled = 1;
  pthread_cond_signal(&signalled);
  pthread_mutex_unlock(&mutex);
  return unused;
}

static void threads(void) {
  pthread_t thread;
  sem_init(&handed_over, 0, 0);
  begin();
  pthread_create(&thread, NULL, gives_signals, NULL);
  struct timespec until = in(CLOCK_REALTIME, 60000);
  const int got = sem_timedwait(&handed_over, &until);
  say(got == 0 ? "posted" : "posted-wrong");
  pthread_mutex_lock(&mutex);
  until = in(CLOCK_REALTIME, 60000);
  while (!is_signalled && pthread_cond_timedwait(&signalled, &mutex, &until) == 0) {
  }
  pthread_mutex_unlock(&mutex);
  say(is_signalled ? "signalled" : "signalled-wrong");
  pthread_join(thread, NULL);
  say("joined");
}

// ---- Sockets ------------------------------------------------------------------------------------

static int listener(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  if (bind(fd, (struct sockaddr*)&address, sizeof address) != 0) exit(3);
  if (listen(fd, 10) != 0) exit(4);
  return fd;
}

static void serve_one(int fd) {
  struct sockaddr_in peer;
  socklen_t size = sizeof peer;
  const int one = accept(fd, (struct sockaddr*)&peer, &size);
  char text[32], bytes[1000];
  printf("from %s:%d\n", inet_ntop(AF_INET, &peer.sin_addr, text, sizeof text),
         ntohs(peer.sin_port));
  const struct timeval within = {5, 0};
  setsockopt(one, SOL_SOCKET, SO_RCVTIMEO, &within, sizeof within);
  for (;;) {
    begin();
    const ssize_t count = read(one, bytes, sizeof bytes);
    if (count < 0 && errno == EAGAIN) {
      say("silence");
      continue;
    }
    if (count <= 0) {
      say(count == 0 ? "fin" : errno == ECONNRESET ? "reset" : "read-wrong");
      break;
    }
    if (write(one, bytes, (size_t)count) != count) exit(5);
    if (bytes[0] == 'q') {  // quits with RST
      const struct linger at_once = {1, 0};
      setsockopt(one, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      break;
    }
  }
  close(one);
}

static void serve(void) {
  const int fd = listener(1883);
  for (int i = 0; i < 4; ++i) serve_one(fd);
}

// How often all of its connections had something to read, who waits for as long as they are silent.
static void gather(void) {
  enum { peers = 8, rounds = 200, each_ms = 1000 };
  const int fd = listener(1883), loop = epoll_create1(0);
  for (int i = 0; i < peers; ++i) {
    const int one = accept(fd, NULL, NULL);
    struct epoll_event wish = {.events = EPOLLIN, .data.fd = one};
    epoll_ctl(loop, EPOLL_CTL_ADD, one, &wish);
  }
  int complete = 0;
  for (int i = 0; i < rounds; ++i) {
    struct epoll_event found[peers];
    const int count = epoll_wait(loop, found, peers, each_ms);
    char bytes[16];
    for (int k = 0; k < count; ++k)
      if (read(found[k].data.fd, bytes, sizeof bytes) <= 0) exit(6);
    complete += count == peers;
  }
  printf("complete %d of %d\n", complete, (int)rounds);
}

static void call(void) {  // a listener of its own, and one that does not exist
  const int server = listener(2000);
  const int client = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(2000)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  printf("connect %d\n", connect(client, (struct sockaddr*)&to, sizeof to));
  const int accepted = accept(server, NULL, NULL);
  char bytes[5] = "";
  if (write(client, "ping", 4) != 4 || read(accepted, bytes, 4) != 4) exit(6);
  printf("read %s\n", bytes);
  to.sin_port = htons(2001);
  const int nobody = socket(AF_INET, SOCK_STREAM, 0);
  connect(nobody, (struct sockaddr*)&to, sizeof to);
  printf("nobody %s\n", errno == ECONNREFUSED ? "refused" : strerror(errno));
}

// ---- What is not served -------------------------------------------------------------------------

static void strange(void) {
  timer_t timer;
  struct sigevent event = {.sigev_notify = SIGEV_NONE};
  timer_create(CLOCK_MONOTONIC, &event, &timer);
  for (int i = 0; i < 2; ++i) close(socket(AF_INET, SOCK_DGRAM, 0));
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitpid(child, NULL, 0);
  sleep(1);
}

static void hang(void) {
  int ends[2];
  char byte;
  if (pipe(ends) != 0 || read(ends[0], &byte, 1) != 1) exit(7);
}

static void spin(void) {
  for (volatile unsigned rounds = 0;; ++rounds) {
  }
}

static void nap(void) {
  sleep(90);
  exit(9);
}

static void spawned(void) {  // likewise, of a child that the C library starts
  begin();
  pid_t child = 0;
  char* words[] = {"timed", "nap", NULL};
  int status = posix_spawn(&child, "/proc/self/exe", NULL, NULL, words, environ);
  if (status != 0) exit(8);
  waitpid(child, &status, 0);
  say(WIFEXITED(status) && WEXITSTATUS(status) == 9 ? "child" : "child-wrong");
}

static void family(void) {  // a process with a child, both of which sleep
  begin();
  const pid_t child = fork();
  if (child == 0) {
    sleep(90);
    _exit(9);
  }
  int status = 0;
  waitpid(child, &status, 0);
  say(WIFEXITED(status) && WEXITSTATUS(status) == 9 ? "child" : "child-wrong");
}

int main(int argc, char** argv) {
  static const struct {
    const char* name;
    void (*run)(void);
  } all[] = {{"clocks", clocks},   {"chance", chance},   {"sleeps", sleeps},   {"waits", waits},
             {"timers", timers},   {"locks", locks},     {"threads", threads}, {"serve", serve},
             {"call", call},       {"strange", strange}, {"hang", hang},       {"family", family},
             {"spin", spin},       {"nap", nap},         {"spawned", spawned}, {"gather", gather},
             {"lookout", lookout}, {"glances", glances}};
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (size_t i = 0; argc > 1 && i < sizeof all / sizeof all[0]; ++i)
    if (strcmp(argv[1], all[i].name) == 0) {
      all[i].run();
      return 0;
    }
  return 2;
}
