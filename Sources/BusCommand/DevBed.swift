internal import BusSupervisor

/// The directory of a bus that runs for a while, and how its daemon is started there.
struct DevBed: Sendable {
  static let daemonName = "busd"
  static let readyPrefix = "busd ready"

  /// What the daemon keeps.
  let stateDirectory: String
  /// Its sockets; always temporary: the path of a socket has to be short.
  let runtimeDirectory: String
  private let temporaryDirectory: String

  /// Makes the temporary directory; what is to be kept goes into the state directory, where one is named.
  init(stateDirectory: String?) throws {
    let place = TemporaryPlace(directory: "/tmp", prefix: "bus-dev.")
    place.sweep()
    temporaryDirectory = try place.make()
    runtimeDirectory = "\(temporaryDirectory)/run"
    self.stateDirectory = stateDirectory ?? "\(temporaryDirectory)/state"
  }

  private var requests: String { "ipc://\(runtimeDirectory)/busd.requests.ipc" }
  private var live: String { "ipc://\(runtimeDirectory)/busd.live.ipc" }
  private var intake: String { "ipc://\(runtimeDirectory)/busd.intake.ipc" }

  /// What the engines find in their environment.
  var environment: [String: String] {
    ["BUS_ENDPOINT": requests, "BUS_STATE_DIR": stateDirectory, "BUS_RUNTIME_DIR": runtimeDirectory]
  }

  /// The daemon, on sockets of its own whatever the topology says: another bus may run beside it.
  func daemon(topology: String?, places: BinaryPlaces) throws -> ProcessDefinition {
    do throws(SupervisorError) {
      var daemon = ProcessDefinition(
        name: DevBed.daemonName, executable: try places.find("busd"),
        arguments: [
          "--state-dir", stateDirectory, "--runtime-dir", runtimeDirectory, "--requests", requests, "--live", live,
          "--intake", intake,
        ] + (topology.map { ["--topology", $0] } ?? []), stage: 0, readiness: .line(prefix: DevBed.readyPrefix),
        isRequired: true)
      daemon.isNumbered = false
      return daemon
    } catch {
      throw CommandError(.configuration, error.message, where: "bus dev", help: "build it with 'swift build'")
    }
  }

  /// What to do with it, in another terminal.
  var welcome: String {
    """
    bus is up. In another terminal:
      export BUS_ENDPOINT=\(requests)
      export BUS_RUNTIME_DIR=\(runtimeDirectory)
      bus tail
      bus ps
    live events \(live)
    intake      \(intake)
    """
  }

  /// Removes what is temporary.
  func remove() { DirectoryRemoval.remove(temporaryDirectory) }
}
