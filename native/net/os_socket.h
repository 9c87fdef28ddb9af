// The only place that makes system calls for sockets. All sockets are streams that never block, and no child process inherits
// them. A function that can fail returns a result, or an errno as a plain int whose 0 is success.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "io/unique_fd.h"
#include "net/socket_address.h"

namespace corebuf {

struct listen_options {
  int backlog = 511;       // connections that wait to be accepted; the kernel has a limit of its own (somaxconn)
  bool reuse_port = false;  // see os_socket::share_port()
  bool ipv6_only = false;   // an IPv6 listener takes no IPv4 connections
};

}  // namespace corebuf

namespace corebuf::os_socket {

// Systems differ in these.

/// Of send(2): no signal when the peer is gone.
extern const int send_flags;

/// The option of TCP for the seconds before the first probe of keep-alive.
extern const int keep_idle_option;

/// Whether the kernel spreads connections over listeners that share a port.
extern const bool shares_ports;

/// Lets several listeners share the port of a socket that is bound later. EOPNOTSUPP where ports are not shared.
int share_port(int fd);

/// A new stream socket of that family.
result<unique_fd> open(int family);

/// The next connection that waits; EAGAIN when none does, EMFILE or ENFILE when there are too many descriptors.
result<unique_fd> accept(int listener);

/// Bytes that the kernel took for the peer and that have not reached it: for TCP those that it has not acknowledged. 0 when the
/// system cannot say.
size_t untaken(int fd);

/// Both ends of a connection, as socketpair(2) makes them; for tests and for programs that talk to themselves.
int pair(unique_fd& one, unique_fd& other);

// All systems have these.

/// Bound to `address` and listening. Port 0 takes a free one.
result<unique_fd> listen(const socket_address& address, const listen_options& options);

/// 0 when it is connected already, as Unix sockets are; EINPROGRESS when it will be writable once the outcome is known.
int connect(int fd, const socket_address& address);

/// Bytes that have come and were not received yet.
size_t unread(int fd);

/// The error that waits on the socket, which this call takes away; 0 when there is none.
int take_error(int fd);

/// Bytes received, 0 at the end of what the peer sends, or -errno; -EAGAIN when there are none. Never interrupted.
ptrdiff_t receive(int fd, std::span<iovec> into);

/// Bytes that the kernel took, or -errno; -EAGAIN when it has no room, -EPIPE when the peer is gone. Never a signal.
ptrdiff_t send(int fd, std::span<iovec> from);

/// The peer will find the end behind what was sent. When it has reset the connection meanwhile there is nobody to tell, and that is no error
/// of ours: whoever still reads gets it there.
int end_sending(int fd);

/// close() will reset the connection: what was not sent is dropped, and the peer gets ECONNRESET.
int reset_when_closed(int fd);

/// Both do nothing to a Unix socket. Keep-alive probes begin after `idle_seconds` without traffic; 0 turns them off.
int set_no_delay(int fd, bool on);
int set_keep_alive(int fd, uint32_t idle_seconds);

result<socket_address> local_address(int fd);
/// ENOTCONN when the connection has been reset.
result<socket_address> peer_address(int fd);

}  // namespace corebuf::os_socket
