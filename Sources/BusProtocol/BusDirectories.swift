/// Where a bus of one machine keeps its sockets and its files, from the environment.
public struct BusDirectories: Hashable, Sendable {
  /// The sockets: `BUS_RUNTIME_DIR`, else `XDG_RUNTIME_DIR/bus`, `/run/bus` for root, `/tmp/bus-UID`.
  public var runtime: String
  /// Spool, jobs and outboxes: `BUS_STATE_DIR`, else `XDG_STATE_HOME/bus`, `/var/lib/bus` for root,
  /// `~/.local/state/bus`.
  public var state: String

  /// Reads the environment of a user.
  public init(environment: [String: String], userID: UInt32) {
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    let isRoot = userID == 0
    runtime =
      value("BUS_RUNTIME_DIR") ?? value("XDG_RUNTIME_DIR").map { "\($0)/bus" }
      ?? (isRoot ? "/run/bus" : "/tmp/bus-\(userID)")
    state =
      value("BUS_STATE_DIR") ?? value("XDG_STATE_HOME").map { "\($0)/bus" }
      ?? (isRoot ? "/var/lib/bus" : value("HOME").map { "\($0)/.local/state/bus" } ?? "/tmp/bus-\(userID)/state")
  }

  /// Where busd answers requests unless told otherwise.
  public var requestsEndpoint: String { "ipc://\(runtime)/busd.requests.ipc" }
  /// Where busd sends live events unless told otherwise.
  public var liveEndpoint: String { "ipc://\(runtime)/busd.live.ipc" }
  /// Where busd takes events from plain publishers unless told otherwise.
  public var intakeEndpoint: String { "ipc://\(runtime)/busd.intake.ipc" }
}
