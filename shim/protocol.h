// What a simulator and an unmodified program that runs in its time say to each other: one page of
// shared memory, Unix sockets in place of TCP, and two ways of taking turns. For C and C++.
//
// The simulator makes the page (a memfd), fills in its head and starts the program with
//   LD_PRELOAD=libmqttlab-vtime.so   and   MQTTLAB_VTIME=/proc/SIMULATOR/fd/N
// The shim maps it before main(). A page of another `version` or `size` is refused: the program
// ends with status 125.
//
// Sockets. A stream socket of the Internet is a Unix socket whose name is abstract:
//   \0mqttlab/RUN/4/PORT      a listener for IPv4 (6: for IPv6)
//   \0mqttlab/RUN/c/N/A.B.C.D:PORT   the end of link N that connected, by the address it shows
// A listener appears in `listeners` when listen() is called. The peer's FIN is shutdown(SHUT_WR);
// RST is `link_flags[N] |= mqv_link_reset` and close(). Bytes, connections and ends of a Unix
// socket are with the receiver when the sender's call returns: whoever runs next sees them all.
//
// Token mode (one process, one thread). Exactly one side runs: the one whose `turn` it is, a futex.
// The program blocks: it publishes `deadline` and gives the turn away. The simulator sets
// `monotonic_ns`, writes to its sockets, gives the turn back and waits for it. The simulator begins
// with the turn given to the program. A signal is sent while the simulator has the turn.
//
// Threads mode. Waits with a time limit wait without one; what they wait for stands in `slots`. The
// simulator sets `monotonic_ns`; if a slot is due it adds one to `tick`, a futex, and wakes all who
// wait for it: a thread of the shim in each process, which wakes those that are due. When every
// thread of every process in `processes` is asleep, and `births` is 0, nothing can happen any more
// at this instant: no timer of the kernel is armed. That is seen from outside, in /proc. While
// `gate` is closed, a futex, whoever is woken by a descriptor waits: so the simulator gives all
// that it has for one instant, and then all of it is there at once, after what is due then.
//
// All fields that change are read and written with __atomic_ builtins.
#ifndef MQTTLAB_SHIM_PROTOCOL_H
#define MQTTLAB_SHIM_PROTOCOL_H

#include <stdint.h>

#define MQV_VERSION 2
#define MQV_MAGIC 0x6d717674u
#define MQV_ENVIRONMENT "MQTTLAB_VTIME"
#define MQV_DISK_ENVIRONMENT "MQTTLAB_DISK"  // a folder: syncs leave a copy of the file there
#define MQV_NEVER UINT64_MAX                 // as a deadline
#define MQV_EXIT_STATUS 125                  // of a program that the shim could not serve

enum { mqv_token = 1, mqv_threads = 2 };                // mode
enum { mqv_simulator_runs = 0, mqv_program_runs = 1 };  // turn

// Why the program cannot go on.
enum {
  mqv_no_fault = 0,
  mqv_fault_threads = 1,  // it starts a thread, in token mode
  mqv_fault_full = 2,     // a table of the page is full
};

enum { mqv_gate_open = 0, mqv_gate_closed = 1 };

enum { mqv_link_reset = 1 /* by the simulator */, mqv_link_aborted = 2 /* by the program */ };

enum {
  mqv_listeners_max = 64,
  mqv_processes_max = 256,
  mqv_slots_max = 4096,
  mqv_calls_max = 64,
  mqv_links_max = 65536,  // link N has the flags at N modulo this
};

struct mqv_listener {
  uint32_t family;  // 4 or 6; 0: free
  uint32_t port;
};

// A wait with a time limit, of one thread or (tid 0) of the timers of a process.
struct mqv_slot {
  uint32_t pid;  // 0: free
  uint32_t tid;
  uint64_t deadline;  // MQV_NEVER: does not wait
};

// A call that the shim knows of and cannot serve in virtual time, and how often it was made.
struct mqv_call {
  uint32_t count;
  char name[28];
};

struct mqv_page {
  uint32_t magic, version, size;
  uint32_t mode;
  char run[32];  // part of the names of sockets
  uint64_t seed;
  int64_t realtime_offset_ns;  // CLOCK_REALTIME is monotonic_ns and this
  uint64_t monotonic_ns;

  uint32_t turn;
  uint32_t fault;
  uint64_t deadline;
  uint32_t owner;  // token mode: the process that takes turns; others run in real time

  uint32_t tick;
  uint32_t births;  // processes that are being started
  uint32_t gate;
  uint32_t slots_used, calls_used;
  uint32_t threads_seen;
  uint32_t next_link;  // of connections that the program makes itself
  uint32_t simulator;  // its process
  struct mqv_listener listeners[mqv_listeners_max];
  uint32_t processes[mqv_processes_max];  // 0: free
  struct mqv_call calls[mqv_calls_max];
  struct mqv_slot slots[mqv_slots_max];
  uint8_t link_flags[mqv_links_max];
};

#endif
