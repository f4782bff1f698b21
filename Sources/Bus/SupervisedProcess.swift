internal import CProcess

/// A worker process must not outlive its supervisor unseen.
enum SupervisedProcess {
  /// Under a supervisor, has this process get SIGTERM when that ends, however it ends (Linux). False when it is gone
  /// already.
  ///
  /// `BUS_SUPERVISED` is the supervisor's process id.
  static func endWithSupervisor(_ environment: [String: String]) -> Bool {
    guard let supervisor = environment["BUS_SUPERVISED"].flatMap({ Int32($0) }), supervisor > 0 else { return true }
    return bus_end_with(supervisor) != 1
  }
}
