#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include "service.h"

#if defined(__linux__)
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int bus_service_socket(char *name, size_t capacity) {
  int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return -1;
  int on = 1;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  socklen_t length = sizeof address;
  // Bound to no name, a socket gets an abstract one that nobody has.
  if (setsockopt(descriptor, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0 ||
      bind(descriptor, (struct sockaddr *)&address, sizeof(sa_family_t)) != 0 ||
      getsockname(descriptor, (struct sockaddr *)&address, &length) != 0) {
    close(descriptor);
    return -1;
  }
  size_t count = length - offsetof(struct sockaddr_un, sun_path);
  if (count < 2 || count + 1 > capacity) {
    close(descriptor);
    return -1;
  }
  memcpy(name, address.sun_path, count);
  name[0] = '@';
  name[count] = 0;
  return descriptor;
}

long bus_service_receive(int descriptor, void *bytes, size_t capacity) {
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(struct ucred))];
  } control;
  struct iovec part = {.iov_base = bytes, .iov_len = capacity};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  long count = recvmsg(descriptor, &message, MSG_CMSG_CLOEXEC);
  if (count < 0) return -1;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_CREDENTIALS) continue;
    struct ucred sender;
    memcpy(&sender, CMSG_DATA(header), sizeof sender);
    if (sender.uid == getuid() || sender.uid == 0) return count;
  }
  return 0;
}
#else
int bus_service_socket(char *name, size_t capacity) { return (void)name, (void)capacity, -1; }
long bus_service_receive(int descriptor, void *bytes, size_t capacity) {
  return (void)descriptor, (void)bytes, (void)capacity, -1;
}
#endif
