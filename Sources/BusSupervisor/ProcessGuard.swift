internal import BusProtocol
internal import CProcess
internal import Synchronization

/// The process that ends what this one leaves behind when it is killed (Linux): programs that know nothing of a
/// supervisor do not notice its end.
///
/// There is one for this process, whatever it supervises; it ends when all that it was told of has ended.
enum ProcessGuard {
  private static let descriptor = Mutex<Int32?>(nil)

  /// Starts it, if there is none yet; `grace` is how long processes have between SIGTERM and SIGKILL.
  static func start(grace: Duration) {
    descriptor.withLock { descriptor in
      // Not while another thread starts a process: the guard would keep what that has open.
      if descriptor == nil { descriptor = Spawn.alone { bus_guard_start() } }
      let milliseconds = min(Int64(Int32.max), max(0, grace.inMicroseconds / 1000))
      if let guardian = descriptor, guardian >= 0 { bus_guard_grace(guardian, Int32(milliseconds)) }
    }
  }

  /// Goes on with the one that this process has.
  static func resume(_ held: Int32) { descriptor.withLock { $0 = held } }

  /// The descriptor over which it is told.
  static var openDescriptor: Int32? { descriptor.withLock { $0.flatMap { $0 >= 0 ? $0 : nil } } }

  /// A process was started, in a group of its own; what it writes is read from there.
  static func add(_ pid: Int32, output: Int32) {
    descriptor.withLock { if let guardian = $0, guardian >= 0 { bus_guard_add(guardian, pid, output) } }
  }

  /// A process has ended and is about to be reaped; then its number is anybody's.
  static func remove(_ pid: Int32) {
    descriptor.withLock { if let guardian = $0, guardian >= 0 { bus_guard_remove(guardian, pid) } }
  }
}
