#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// A pipe that no child inherits by accident; whoever has it closes both ends.
struct Pipe: Sendable {
  let readEnd: Int32
  let writeEnd: Int32

  /// Makes a pipe whose read end never blocks; nil when the system has no more descriptors.
  init?() {
    var ends: [Int32] = [-1, -1]
    // Not while another thread starts a process, which would inherit what is not marked yet.
    let isMade = Spawn.alone { () -> Bool in
      guard pipe(&ends) == 0 else { return false }
      return ends.allSatisfy { fcntl($0, F_SETFD, FD_CLOEXEC) == 0 }
    }
    guard isMade else {
      for end in ends where end >= 0 { close(end) }
      return nil
    }
    (readEnd, writeEnd) = (ends[0], ends[1])
    guard fcntl(readEnd, F_SETFL, O_NONBLOCK) == 0 else {
      close(readEnd)
      close(writeEnd)
      return nil
    }
  }
}
