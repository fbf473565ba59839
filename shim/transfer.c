// Reading and writing sockets that block, and the end of a connection that was reset.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "shim/inside.h"

static struct mqv_descriptor* stream_of(int fd) {
  if (!mqv_attached()) return NULL;
  struct mqv_descriptor* const found = mqv_descriptor_of(fd);
  return found && found->kind == mqv_stream ? found : NULL;
}

static int may_wait(int fd, int flags) {
  return (flags & MSG_DONTWAIT) == 0 && (mqv_system(SYS_fcntl, fd, F_GETFL, 0) & O_NONBLOCK) == 0;
}

// 1: try again; 0: the time that SO_RCVTIMEO or SO_SNDTIMEO gives is over (EAGAIN); -1: EINTR.
static int wait_for(int fd, short what, uint64_t within) {
  struct pollfd wish = {.fd = fd, .events = what};
  const int ready = mqv_poll(&wish, 1, within ? mqv_after(within) : MQV_NEVER);
  if (ready == 0) errno = EAGAIN;
  return ready < 0 ? -1 : ready > 0;
}

// A reset that the simulator announced is told once, as TCP does.
static ssize_t received(struct mqv_descriptor* stream, ssize_t count) {
  const int is_end = count == 0 || (count < 0 && errno == ECONNRESET);
  if (!is_end || !mqv_was_reset(stream)) return count;
  if (stream->told_of_reset) return 0;
  stream->told_of_reset = 1;
  errno = ECONNRESET;
  return -1;
}

static ssize_t receive_message(int fd, struct mqv_descriptor* stream, struct msghdr* message,
                               int flags) {
  size_t room = 0;
  for (size_t i = 0; i < message->msg_iovlen; ++i) room += message->msg_iov[i].iov_len;
  if (room == 0) return 0;
  for (;;) {
    const ssize_t count = mqv_system(SYS_recvmsg, fd, message, flags | MSG_DONTWAIT);
    if (count >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) return received(stream, count);
    if (!may_wait(fd, flags)) {
      errno = EAGAIN;
      return -1;
    }
    if (wait_for(fd, POLLIN, stream->receive_within) <= 0) return -1;
  }
}

static ssize_t receive(int fd, struct mqv_descriptor* stream, void* into, size_t size, int flags) {
  size_t done = 0;
  do {
    struct iovec part = {(char*)into + done, size - done};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    const ssize_t count = receive_message(fd, stream, &message, flags & ~MSG_WAITALL);
    if (count <= 0) return done > 0 ? (ssize_t)done : count;
    done += (size_t)count;
  } while ((flags & MSG_WAITALL) != 0 && done < size);
  return (ssize_t)done;
}

static ssize_t sent(struct mqv_descriptor* stream, ssize_t count) {
  if (count >= 0 || errno != EPIPE || stream->told_of_reset || !mqv_was_reset(stream)) return count;
  stream->told_of_reset = 1;
  errno = ECONNRESET;
  return -1;
}

static ssize_t send_all(int fd, struct mqv_descriptor* stream, const void* from, size_t size,
                        int flags) {
  size_t done = 0;
  for (;;) {
    const ssize_t count = mqv_system(SYS_sendto, fd, (const char*)from + done, size - done,
                                     flags | MSG_DONTWAIT, NULL, 0);
    if (count < 0 && errno != EAGAIN) return done > 0 ? (ssize_t)done : sent(stream, count);
    if (count > 0) done += (size_t)count;
    if (done == size || !may_wait(fd, flags)) {
      if (done == 0 && size > 0) errno = EAGAIN;
      return done > 0 || size == 0 ? (ssize_t)done : -1;
    }
    if (wait_for(fd, POLLOUT, stream->send_within) <= 0) return done > 0 ? (ssize_t)done : -1;
  }
}

MQV_EXPORT ssize_t recv(int fd, void* into, size_t size, int flags) {
  struct mqv_descriptor* const stream = stream_of(fd);
  return stream ? receive(fd, stream, into, size, flags) : MQV_REAL(recv)(fd, into, size, flags);
}

MQV_EXPORT ssize_t recvfrom(int fd, void* restrict into, size_t size, int flags,
                            struct sockaddr* restrict address, socklen_t* restrict room) {
  struct mqv_descriptor* const stream = stream_of(fd);
  if (!stream) return MQV_REAL(recvfrom)(fd, into, size, flags, address, room);
  if (room) *room = 0;
  return receive(fd, stream, into, size, flags);
}

MQV_EXPORT ssize_t read(int fd, void* into, size_t size) {
  struct mqv_descriptor* const stream = stream_of(fd);
  return stream ? receive(fd, stream, into, size, 0) : MQV_REAL(read)(fd, into, size);
}

MQV_EXPORT ssize_t readv(int fd, const struct iovec* parts, int count) {
  struct mqv_descriptor* const stream = stream_of(fd);
  if (!stream) return MQV_REAL(readv)(fd, parts, count);
  struct msghdr message = {.msg_iov = (struct iovec*)parts, .msg_iovlen = (size_t)count};
  return receive_message(fd, stream, &message, 0);
}

MQV_EXPORT ssize_t recvmsg(int fd, struct msghdr* message, int flags) {
  struct mqv_descriptor* const stream = stream_of(fd);
  if (!stream) return MQV_REAL(recvmsg)(fd, message, flags);
  message->msg_namelen = 0;
  return receive_message(fd, stream, message, flags);
}

MQV_EXPORT int recvmmsg(int fd, struct mmsghdr* messages, unsigned count, int flags,
                        struct timespec* length) {
  if (mqv_attached() && length) mqv_count("recvmmsg");
  return MQV_REAL(recvmmsg)(fd, messages, count, flags, length);
}

MQV_EXPORT ssize_t send(int fd, const void* from, size_t size, int flags) {
  struct mqv_descriptor* const stream = stream_of(fd);
  return stream ? send_all(fd, stream, from, size, flags) : MQV_REAL(send)(fd, from, size, flags);
}

MQV_EXPORT ssize_t sendto(int fd, const void* from, size_t size, int flags,
                          const struct sockaddr* address, socklen_t length) {
  struct mqv_descriptor* const stream = stream_of(fd);
  if (!stream) return MQV_REAL(sendto)(fd, from, size, flags, address, length);
  return send_all(fd, stream, from, size, flags);
}

MQV_EXPORT ssize_t write(int fd, const void* from, size_t size) {
  struct mqv_descriptor* const stream = stream_of(fd);
  return stream ? send_all(fd, stream, from, size, 0) : MQV_REAL(write)(fd, from, size);
}

// Part after part: who sends in pieces must be ready for less than the whole anyway.
static ssize_t send_parts(int fd, struct mqv_descriptor* stream, const struct iovec* parts,
                          size_t count, int flags) {
  size_t done = 0;
  for (size_t i = 0; i < count; ++i) {
    if (parts[i].iov_len == 0) continue;
    const ssize_t now = send_all(fd, stream, parts[i].iov_base, parts[i].iov_len, flags);
    if (now < 0) return done > 0 ? (ssize_t)done : now;
    done += (size_t)now;
    if ((size_t)now < parts[i].iov_len) break;
  }
  return (ssize_t)done;
}

MQV_EXPORT ssize_t writev(int fd, const struct iovec* parts, int count) {
  struct mqv_descriptor* const stream = stream_of(fd);
  return stream ? send_parts(fd, stream, parts, (size_t)count, 0)
                : MQV_REAL(writev)(fd, parts, count);
}

MQV_EXPORT ssize_t sendmsg(int fd, const struct msghdr* message, int flags) {
  struct mqv_descriptor* const stream = stream_of(fd);
  if (!stream || message->msg_controllen > 0) return MQV_REAL(sendmsg)(fd, message, flags);
  return send_parts(fd, stream, message->msg_iov, message->msg_iovlen, flags);
}

// ---- What a fortified program calls instead -----------------------------------------------------

ssize_t __read_chk(int fd, void* into, size_t size, size_t room);
MQV_EXPORT ssize_t __read_chk(int fd, void* into, size_t size, size_t room) {
  if (size > room) abort();
  return read(fd, into, size);
}

ssize_t __recv_chk(int fd, void* into, size_t size, size_t room, int flags);
MQV_EXPORT ssize_t __recv_chk(int fd, void* into, size_t size, size_t room, int flags) {
  if (size > room) abort();
  return recv(fd, into, size, flags);
}

ssize_t __recvfrom_chk(int fd, void* into, size_t size, size_t room, int flags,
                       struct sockaddr* address, socklen_t* length);
MQV_EXPORT ssize_t __recvfrom_chk(int fd, void* into, size_t size, size_t room, int flags,
                                  struct sockaddr* address, socklen_t* length) {
  if (size > room) abort();
  return recvfrom(fd, into, size, flags, address, length);
}
