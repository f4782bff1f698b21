internal import CProcess

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// A worker process must not outlive its supervisor unseen.
enum SupervisedProcess {
  /// Under a supervisor, has this process get SIGTERM when that ends, however it ends (Linux). False when it is gone
  /// already.
  ///
  /// `BUS_SUPERVISED` is the supervisor's process id, or 1 where that is not said. A parent of id 1 proves nothing: it
  /// is who adopts orphans, and also who supervises in a container.
  static func endWithSupervisor(_ environment: [String: String]) -> Bool {
    guard let supervisor = environment["BUS_SUPERVISED"].flatMap({ Int32($0) }), supervisor > 0 else { return true }
    guard bus_end_with_parent() != 1 else { return false }
    return supervisor == 1 || supervisor == getppid()
  }
}
