// TCP by way of Unix sockets: names, connections, options. UDP and everything else stays real.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>

#include "shim/inside.h"

static const uint32_t loopback = 0x7f000001;
enum { first_own_port = 32768, first_own_link = 32768 };

static struct mqv_descriptor* stream_of(int fd) {
  if (!mqv_attached()) return NULL;
  struct mqv_descriptor* const found = mqv_descriptor_of(fd);
  return found && found->kind == mqv_stream ? found : NULL;
}

// ---- Addresses ----------------------------------------------------------------------------------

struct name {
  struct sockaddr_un address;
  socklen_t size;
};

static struct name name_of(const char* text) {
  struct name name = {.address = {.sun_family = AF_UNIX}};
  const size_t length = strlen(text);
  memcpy(name.address.sun_path + 1, text, length);
  name.size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
  return name;
}

static struct name listener_name(int family, unsigned port) {
  char text[100];
  snprintf(text, sizeof text, "mqttlab/%.31s/%d/%u", mqv_attached()->run, family, port);
  return name_of(text);
}

static int port_of(const struct sockaddr* address, socklen_t size) {
  if (address->sa_family == AF_INET && size >= sizeof(struct sockaddr_in))
    return ntohs(((const struct sockaddr_in*)address)->sin_port);
  if (address->sa_family == AF_INET6 && size >= sizeof(struct sockaddr_in6))
    return ntohs(((const struct sockaddr_in6*)address)->sin6_port);
  return -1;
}

static uint32_t ip_of(const struct sockaddr* address) {
  if (address->sa_family == AF_INET)
    return ntohl(((const struct sockaddr_in*)address)->sin_addr.s_addr);
  return 0;
}

static void give_address(int family, uint32_t ip, uint16_t port, struct sockaddr* into,
                         socklen_t* room) {
  if (!into || !room) return;
  struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  const struct sockaddr_in four = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(ip)}};
  if (ip != 0) {  // as a socket for both shows a peer that came by IPv4
    six.sin6_addr.s6_addr[10] = six.sin6_addr.s6_addr[11] = 0xff;
    memcpy(six.sin6_addr.s6_addr + 12, &four.sin_addr, 4);
  }
  const socklen_t size = family == 6 ? sizeof six : sizeof four;
  memcpy(into, family == 6 ? (const void*)&six : (const void*)&four, *room < size ? *room : size);
  *room = size;
}

// "mqttlab/RUN/c/N/10.0.0.9:40008"
static void read_peer_name(int fd, struct mqv_descriptor* descriptor) {
  struct sockaddr_un address;
  socklen_t size = sizeof address;
  if (mqv_system(SYS_getpeername, fd, &address, &size) != 0) return;
  char text[sizeof address.sun_path + 1] = {0};
  const size_t head = offsetof(struct sockaddr_un, sun_path) + 1;
  if (size <= head) return;
  memcpy(text, address.sun_path + 1, size - head);
  const char* rest = strstr(text, "/c/");
  unsigned link, port;
  char ip[16];
  if (!rest || sscanf(rest, "/c/%u/%15[0-9.]:%u", &link, ip, &port) != 3) return;
  struct in_addr four;
  if (inet_pton(AF_INET, ip, &four) != 1) return;
  descriptor->link = link;
  descriptor->peer_address = ntohl(four.s_addr);
  descriptor->peer_port = (uint16_t)port;
}

// ---- Making and naming --------------------------------------------------------------------------

MQV_EXPORT int socket(int family, int type, int protocol) {
  const int is_inet = family == AF_INET || family == AF_INET6;
  if (!mqv_attached() || !is_inet) return MQV_REAL(socket)(family, type, protocol);
  const int flags = type & (SOCK_NONBLOCK | SOCK_CLOEXEC);
  if ((type & ~flags) != SOCK_STREAM) {
    mqv_count("socket of UDP");
    return MQV_REAL(socket)(family, type, protocol);
  }
  const int fd = MQV_REAL(socket)(AF_UNIX, SOCK_STREAM | flags, 0);
  struct mqv_descriptor* const made = fd < 0 ? NULL : mqv_make_descriptor(fd, mqv_stream);
  if (made) made->family = family == AF_INET6 ? 6 : 4;
  return fd;
}

MQV_EXPORT int bind(int fd, const struct sockaddr* address, socklen_t size) {
  struct mqv_descriptor* const stream = stream_of(fd);
  const int port = stream ? port_of(address, size) : -1;
  if (port < 0) return MQV_REAL(bind)(fd, address, size);
  stream->local_address = ip_of(address);
  const unsigned first = port > 0 ? (unsigned)port : first_own_port;
  for (unsigned chosen = first; chosen < 65536; ++chosen) {
    const struct name name = listener_name(stream->family, chosen);
    stream->local_port = (uint16_t)chosen;
    if (MQV_REAL(bind)(fd, (const struct sockaddr*)&name.address, name.size) == 0) return 0;
    if (port > 0 || errno != EADDRINUSE) return -1;
  }
  return -1;
}

MQV_EXPORT int listen(int fd, int backlog) {
  const struct mqv_descriptor* const stream = stream_of(fd);
  // What comes at one instant must find room.
  const int result = MQV_REAL(listen)(fd, stream && backlog < 4096 ? 4096 : backlog);
  if (result != 0 || !stream || stream->local_port == 0) return result;
  struct mqv_page* const page = mqv_attached();
  const struct mqv_listener mine = {.family = stream->family, .port = stream->local_port};
  for (int i = 0; i < mqv_listeners_max; ++i)
    if (mqv_load32(&page->listeners[i].family) == mine.family &&
        mqv_load32(&page->listeners[i].port) == mine.port)
      return 0;
  for (int i = 0; i < mqv_listeners_max; ++i) {
    uint32_t free = 0;
    if (!__atomic_compare_exchange_n(&page->listeners[i].port, &free, mine.port, 0,
                                     __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
      continue;
    __atomic_store_n(&page->listeners[i].family, mine.family, __ATOMIC_RELEASE);
    return 0;
  }
  mqv_refuse(mqv_fault_full);
}

// ---- Connections --------------------------------------------------------------------------------

static int is_blocking(int fd) { return (mqv_system(SYS_fcntl, fd, F_GETFL, 0) & O_NONBLOCK) == 0; }

static int await_connection(int fd, const struct mqv_descriptor* listener) {
  if (!is_blocking(fd)) return 1;
  if (!mqv_is_token() && listener->receive_within == 0) return 1;  // the real call waits
  struct pollfd wish = {.fd = fd, .events = POLLIN};
  const int ready = mqv_poll(
      &wish, 1, listener->receive_within ? mqv_after(listener->receive_within) : MQV_NEVER);
  if (ready == 0) errno = EAGAIN;
  return ready > 0;
}

static int take_connection(int fd, struct mqv_descriptor* listener, struct sockaddr* address,
                           socklen_t* size, int flags) {
  if (!await_connection(fd, listener)) return -1;
  const int accepted = MQV_REAL(accept4)(fd, NULL, NULL, flags);
  if (!mqv_is_token()) mqv_pass_gate();
  struct mqv_descriptor* const made =
      accepted < 0 ? NULL : mqv_make_descriptor(accepted, mqv_stream);
  if (!made) return accepted;
  made->family = listener->family;
  made->local_address = listener->local_address ? listener->local_address : loopback;
  made->local_port = listener->local_port;
  read_peer_name(accepted, made);
  give_address(made->family, made->peer_address, made->peer_port, address, size);
  return accepted;
}

MQV_EXPORT int accept(int fd, struct sockaddr* restrict address, socklen_t* restrict size) {
  struct mqv_descriptor* const stream = stream_of(fd);
  if (!stream) return MQV_REAL(accept)(fd, address, size);
  return take_connection(fd, stream, address, size, 0);
}

MQV_EXPORT int accept4(int fd, struct sockaddr* restrict address, socklen_t* restrict size,
                       int flags) {
  struct mqv_descriptor* const stream = stream_of(fd);
  if (!stream) return MQV_REAL(accept4)(fd, address, size, flags);
  return take_connection(fd, stream, address, size, flags);
}

// The whole simulated network is one machine to the program: only the port counts.
MQV_EXPORT int connect(int fd, const struct sockaddr* address, socklen_t size) {
  struct mqv_descriptor* const stream = stream_of(fd);
  const int port = stream ? port_of(address, size) : -1;
  if (port < 0) return MQV_REAL(connect)(fd, address, size);
  if (stream->local_port == 0) {
    const uint32_t number = __atomic_fetch_add(&mqv_attached()->next_link, 1, __ATOMIC_ACQ_REL);
    char text[100];
    stream->link = first_own_link + number;
    stream->local_address = loopback;
    stream->local_port = (uint16_t)(first_own_port + number % (65536 - first_own_port));
    snprintf(text, sizeof text, "mqttlab/%.31s/c/%u/127.0.0.1:%u", mqv_attached()->run,
             stream->link, stream->local_port);
    const struct name mine = name_of(text);
    if (MQV_REAL(bind)(fd, (const struct sockaddr*)&mine.address, mine.size) != 0) return -1;
  }
  stream->peer_address = ip_of(address) ? ip_of(address) : loopback;
  stream->peer_port = (uint16_t)port;
  for (int tries = 0; tries < 2; ++tries) {  // who listens on [::] takes IPv4 too
    const struct name name =
        listener_name(tries == 0 ? stream->family : 10 - stream->family, (unsigned)port);
    if (MQV_REAL(connect)(fd, (const struct sockaddr*)&name.address, name.size) == 0) return 0;
    if (errno != ECONNREFUSED) return -1;
  }
  return -1;
}

MQV_EXPORT int getpeername(int fd, struct sockaddr* restrict address, socklen_t* restrict size) {
  const struct mqv_descriptor* const stream = stream_of(fd);
  if (!stream) return MQV_REAL(getpeername)(fd, address, size);
  if (stream->peer_port == 0) {
    errno = ENOTCONN;
    return -1;
  }
  give_address(stream->family, stream->peer_address, stream->peer_port, address, size);
  return 0;
}

MQV_EXPORT int getsockname(int fd, struct sockaddr* restrict address, socklen_t* restrict size) {
  const struct mqv_descriptor* const stream = stream_of(fd);
  if (!stream) return MQV_REAL(getsockname)(fd, address, size);
  give_address(stream->family, stream->local_address, stream->local_port, address, size);
  return 0;
}

// ---- Options ------------------------------------------------------------------------------------

static uint64_t length_of(const void* value, socklen_t size) {
  struct timeval time = {0, 0};
  if (size >= sizeof time) memcpy(&time, value, sizeof time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_usec * 1000;
}

MQV_EXPORT int setsockopt(int fd, int level, int option, const void* value, socklen_t size) {
  struct mqv_descriptor* const stream = stream_of(fd);
  if (!stream) return MQV_REAL(setsockopt)(fd, level, option, value, size);
  if (level != SOL_SOCKET) return 0;  // TCP_NODELAY and its like mean nothing here
  if (option == SO_RCVTIMEO) {
    stream->receive_within = length_of(value, size);
    return 0;
  }
  if (option == SO_SNDTIMEO) {
    stream->send_within = length_of(value, size);
    return 0;
  }
  if (option == SO_LINGER && size >= sizeof(struct linger)) {
    const struct linger* const linger = value;
    stream->aborts = linger->l_onoff != 0 && linger->l_linger == 0;
    return 0;
  }
  const int result = MQV_REAL(setsockopt)(fd, level, option, value, size);
  const int is_strange = result != 0 && (errno == EOPNOTSUPP || errno == ENOPROTOOPT);
  return is_strange ? 0 : result;  // SO_REUSEPORT
}

static int give_number(int number, void* value, socklen_t* size) {
  if (*size < sizeof number) {
    errno = EINVAL;
    return -1;
  }
  memcpy(value, &number, sizeof number);
  *size = sizeof number;
  return 0;
}

MQV_EXPORT int getsockopt(int fd, int level, int option, void* restrict value,
                          socklen_t* restrict size) {
  const struct mqv_descriptor* const stream = stream_of(fd);
  if (!stream) return MQV_REAL(getsockopt)(fd, level, option, value, size);
  if (level != SOL_SOCKET && *size > sizeof(int)) {  // TCP_INFO
    memset(value, 0, *size);
    return 0;
  }
  if (level != SOL_SOCKET) return give_number(option == 1 ? 1 : 0, value, size);  // TCP_NODELAY
  if (option == SO_DOMAIN)
    return give_number(stream->family == 6 ? AF_INET6 : AF_INET, value, size);
  if (option == SO_PROTOCOL) return give_number(IPPROTO_TCP, value, size);
  return MQV_REAL(getsockopt)(fd, level, option, value, size);
}
