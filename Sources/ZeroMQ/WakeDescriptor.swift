internal import CZeroMQ

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// What wakes a sleeping poll from another thread: an eventfd where there is one, else a pipe.
final class WakeDescriptor: Sendable {
  let readDescriptor: Int32
  private let writeDescriptor: Int32

  init() throws(ZeroMQError) {
    #if os(Linux)
      readDescriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
      writeDescriptor = readDescriptor
      guard readDescriptor >= 0 else { throw ZeroMQError(cannot: "make an eventfd", errno: errno) }
    #else
      var ends: [Int32] = [0, 0]
      guard pipe(&ends) == 0 else { throw ZeroMQError(cannot: "make a pipe", errno: errno) }
      for end in ends {
        _ = fcntl(end, F_SETFL, O_NONBLOCK)
        _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      }
      (readDescriptor, writeDescriptor) = (ends[0], ends[1])
    #endif
  }

  deinit {
    close(readDescriptor)
    if writeDescriptor != readDescriptor { close(writeDescriptor) }
  }

  /// Wakes the reader. A full counter or pipe means that it is woken already.
  func signal() {
    var one: UInt64 = 1
    _ = write(writeDescriptor, &one, 8)
  }

  /// Takes the wake-ups away.
  func drain() {
    var count: UInt64 = 0
    _ = read(readDescriptor, &count, 8)
  }
}
