internal import BusProtocol
public import BusSigning
internal import Synchronization

#if canImport(Glibc)
  @preconcurrency internal import Glibc
#elseif canImport(Musl)
  @preconcurrency internal import Musl
#else
  @preconcurrency internal import Darwin
#endif

/// What a client of the bus has to know: where busd is, who it is itself, where its outbox goes.
public struct BusConfiguration: Sendable {
  /// The endpoint of busd's requests; busd says where the live events are.
  public var endpoint: String
  /// The service's name: groups its outboxes, and begins the `source` of its events.
  public var service: String
  /// What its events say of where they come from: `account/web-3`.
  public var source: String
  /// The process, for people: `account@web-3:4101`.
  public var process: String
  /// What this process proves itself with at a busd that is reached over the network.
  public var keys: BusKeys?
  /// What this process signs its events with; nil for events without signatures.
  public var signingKey: SigningKey?
  /// Whose signatures this process can check, of what it hears.
  public var signers = Signers()
  /// busd's public key, by which its seals of contexts are known; nil where no worker looks at them.
  public var sealKey: VerifyingKey?
  /// Where the outboxes of all services are.
  public var outboxDirectory: String
  /// The most bytes that an outbox keeps while busd is away; then events are refused, counted and said in the log.
  public var maximumOutboxByteCount = 256 << 20
  /// Whether each event is synced to disk before `publish` returns: survives a power cut, costs a sync each.
  public var syncsOutbox = false
  /// How long the end waits for busd to take what is in the outbox; the rest is for the next process of the service.
  public var flushTime: Duration = .seconds(5)
  /// Who takes what the outbox or busd cannot, in this order.
  public var fallbacks: [Fallback] = []
  /// What goes with every publication, mapping and run, the outermost first.
  public var middleware: [Middleware] = []
  /// Where publications and enqueues go: `BUS_ENVIRONMENT`, else to busd.
  public var environment: BusEnvironment
  /// The variables that it was read from, for what an engine reads beside.
  public var variables: [String: String]
  /// The wall clock.
  package var now: @Sendable () -> Timestamp = { SystemClock.now() }
  /// Where chance comes from.
  package var random: @Sendable () -> UInt64 = { SystemChance.shared.next() }

  /// Reads `BUS_ENDPOINT`, `BUS_KEY_FILE`, `BUS_SERVER_KEY`, `BUS_SIGNING_KEY`, `BUS_SIGNERS`, `BUS_SEAL_KEY`,
  /// `BUS_SERVICE`, `BUS_ENVIRONMENT`, `BUS_STATE_DIR` and `BUS_RUNTIME_DIR`; what is absent is as on one machine.
  ///
  /// Throws when the service has no name of the grammar, the environment is none, the endpoint's path is longer than a
  /// socket's may be, a key cannot be read, or there is none for an endpoint on another machine.
  public init(environment: [String: String], service: String? = nil) throws(BusError) {
    let directories = BusDirectories(environment: environment, userID: getuid())
    let named = environment["BUS_SERVICE"].flatMap { $0.isEmpty ? nil : $0 } ?? service ?? SystemFacts.programName
    let name: Name
    do { name = try Name(named, of: "service") } catch {
      throw BusError(code: "configuration", error.message, help: "set BUS_SERVICE")
    }
    endpoint = environment["BUS_ENDPOINT"].flatMap { $0.isEmpty ? nil : $0 } ?? directories.requestsEndpoint
    if endpoint.hasPrefix("ipc://"), endpoint.utf8.count > 107 + 6 {
      throw BusError(
        code: "configuration",
        "the path of \(endpoint) has \(endpoint.utf8.count - 6) bytes, a socket's has at most 107",
        help: "use a shorter BUS_RUNTIME_DIR")
    }
    keys = try BusKeys(environment: environment)
    (signingKey, signers, sealKey) = try BusConfiguration.signing(environment)
    guard keys != nil || !BusKeys.isFar(endpoint) else {
      throw BusError(
        code: "configuration", "\(endpoint) is on another machine, which needs keys",
        help: "set BUS_KEY_FILE and BUS_SERVER_KEY to the paths of NAME.key and busd.pub")
    }
    self.service = name.text
    let host = SystemFacts.hostName
    source = "\(name)/\(host)"
    process = "\(name)@\(host):\(getpid())"
    outboxDirectory = "\(directories.state)/outbox"
    self.environment = try BusEnvironment(word: environment["BUS_ENVIRONMENT"])
    variables = environment
  }

  /// The keys that `BUS_SIGNING_KEY` and `BUS_SEAL_KEY` name, and those in the directory that `BUS_SIGNERS` names.
  private static func signing(
    _ environment: [String: String]
  ) throws(BusError) -> (SigningKey?, Signers, VerifyingKey?) {
    func path(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    do throws(KeyError) {
      return (
        try path("BUS_SIGNING_KEY").map { (path) throws(KeyError) in try SigningKey(contentsOf: path) },
        try path("BUS_SIGNERS").map { (path) throws(KeyError) in try Signers(reading: path) } ?? Signers(),
        try path("BUS_SEAL_KEY").map { (path) throws(KeyError) in try VerifyingKey(contentsOf: path) }
      )
    } catch { throw BusError(code: "configuration", error.message, help: error.help) }
  }

  /// Reads the environment of this process; `service` names it where `BUS_SERVICE` does not.
  public static func fromEnvironment(service: String? = nil) throws(BusError) -> BusConfiguration {
    try BusConfiguration(environment: SystemFacts.environment, service: service)
  }
}

/// Chance from the system, fetched for many at once: a call for each would cost as much as all the rest of publishing.
final class SystemChance: Sendable {
  static let shared = SystemChance()

  /// The most bytes that the system gives at a time.
  private static let byteCount = 256
  private let words = Mutex<[UInt64]>([])

  func next() -> UInt64 {
    words.withLock { words in
      if words.isEmpty { words = SystemChance.fetch() }
      return words.popLast() ?? .random(in: .min ... .max)
    }
  }

  /// Empty when the system gives none, which only very old ones do.
  private static func fetch() -> [UInt64] {
    let count = byteCount / MemoryLayout<UInt64>.size
    return [UInt64](unsafeUninitializedCapacity: count) { buffer, filled in
      buffer.initialize(repeating: 0)
      filled = getentropy(buffer.baseAddress, byteCount) == 0 ? count : 0
    }
  }
}

/// The system's clock.
enum SystemClock {
  static func now() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
  }
}

/// What the system says of this process.
package enum SystemFacts {
  /// The variables of the environment.
  package static var environment: [String: String] {
    var all: [String: String] = [:]
    var entry = environ
    while let text = entry.pointee {
      let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { all[String(parts[0])] = String(parts[1]) }
      entry += 1
    }
    return all
  }

  /// The machine's name.
  package static var hostName: String {
    var bytes = [CChar](repeating: 0, count: 256)
    guard gethostname(&bytes, bytes.count - 1) == 0 else { return "localhost" }
    return String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The program's own name, with what no name may have left out.
  package static var programName: String {
    let last = CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? ""
    let kept = last.utf8.filter { Name.isNameByte($0) }
    return kept.isEmpty ? "service" : String(decoding: kept.prefix(Name.maximumLength), as: UTF8.self)
  }
}
