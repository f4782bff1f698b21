internal import ArgumentParser
internal import BusBroker
internal import BusProtocol
internal import BusSpool
internal import BusTopology

#if canImport(Glibc)
  @preconcurrency internal import Glibc
#elseif canImport(Musl)
  @preconcurrency internal import Musl
#else
  @preconcurrency internal import Darwin
#endif

/// What can be said to busd. A flag goes before the environment, the environment before the topology.
struct Options: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The topology file; without one every queue is accepted as it comes. [BUS_TOPOLOGY]", valueName: "file"))
  var topology: String?

  @Option(help: ArgumentHelp("Where the spool and the jobs are kept. [BUS_STATE_DIR]", valueName: "directory"))
  var stateDir: String?

  @Option(help: ArgumentHelp("Where the ipc sockets are. [BUS_RUNTIME_DIR]", valueName: "directory"))
  var runtimeDir: String?

  @Option(
    help: ArgumentHelp(
      "Where requests are answered: ipc://PATH or tcp://ADDRESS:PORT. [BUS_ENDPOINT]", valueName: "endpoint"))
  var requests: String?

  @Option(help: ArgumentHelp("Where live events go out.", valueName: "endpoint"))
  var live: String?

  @Option(help: ArgumentHelp("Where plain PUB sockets publish.", valueName: "endpoint"))
  var intake: String?

  @Option(help: ArgumentHelp("The size of a segment of the spool, in MiB.", valueName: "count"))
  var segmentMib: Int = 64

  @Option(
    help: ArgumentHelp(
      "Keep so much of the disk free, in MiB; publishes are refused before it is used.", valueName: "count"))
  var reserveMib: Int = 256

  @Flag(help: "Leave the limit of core dumps as it is; a core has events and keys in it.")
  var coreDumps = false

  @Flag(help: "Ask nobody for a key, although the topology has keys; on this machine alone.")
  var insecure = false

  @Flag(help: "Say more in the log.")
  var verbose = false

  /// Settles what was said into a configuration, and makes the directories.
  func brokerConfiguration(
    environment: [String: String], userID: UInt32, processID: Int32
  ) throws -> BrokerConfiguration {
    var environment = environment
    if let stateDir { environment["BUS_STATE_DIR"] = stateDir }
    if let runtimeDir { environment["BUS_RUNTIME_DIR"] = runtimeDir }
    let directories = BusDirectories(environment: environment, userID: userID)
    let file = topology ?? environment["BUS_TOPOLOGY"]
    let wired = try file.map { try Topology(contentsOf: $0) }
    var endpoints = BrokerEndpoints(directories)
    endpoints.requests = try Self.endpoint(
      requests ?? environment["BUS_ENDPOINT"] ?? wired?.bus.publish?.description ?? endpoints.requests)
    endpoints.live = try Self.endpoint(live ?? wired?.bus.subscribe?.description ?? endpoints.live)
    endpoints.intake = try Self.endpoint(intake ?? wired?.bus.intake?.description ?? endpoints.intake)
    try Self.makeDirectory(directories.state)
    for endpoint in [endpoints.requests, endpoints.live, endpoints.intake] where endpoint.hasPrefix("ipc://") {
      try Self.makeDirectory(Self.parent(of: String(endpoint.dropFirst(6))))
    }
    var configuration = BrokerConfiguration(
      endpoints: endpoints, stateDirectory: directories.state, topology: wired, topologyFile: file,
      processID: processID)
    configuration.isInsecure = insecure
    configuration.spool = SpoolOptions(
      segmentByteCount: segmentMib << 20, reserve: DiskReserve(byteCount: max(0, reserveMib) << 20))
    return configuration
  }

  /// Whether there are keys for what is wider than this machine is asked later.
  private static func endpoint(_ text: String) throws -> String {
    guard let endpoint = Endpoint(text) else {
      throw BrokerError(
        .configuration, "busd cannot listen at \"\(text)\"",
        help: "use ipc:///path of at most 107 bytes, or tcp://127.0.0.1:port, an IPv4 address in any case")
    }
    return endpoint.description
  }

  private static func parent(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
  }

  /// Makes a directory and those above it, for this user alone.
  private static func makeDirectory(_ path: String) throws {
    do { try PrivateDirectory.make(path) } catch {
      throw BrokerError(
        .configuration, error.message, help: "\(error.help), with --state-dir or --runtime-dir where it is another one")
    }
  }
}

/// The environment as a dictionary.
enum ProcessEnvironment {
  static var all: [String: String] {
    var all: [String: String] = [:]
    var entry = environ
    while let text = entry.pointee {
      let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { all[String(parts[0])] = String(parts[1]) }
      entry += 1
    }
    return all
  }
}
