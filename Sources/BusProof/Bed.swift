import Foundation

/// A directory with a busd in it, and the programs that use it.
final class Bed {
  /// What the runner starts beside busd.
  enum Role: String, CaseIterable { case publisher, worker, watcher }

  /// Where a program is started: in which network, with what in its environment.
  struct Place {
    /// What stands before the program on the command line.
    var prefix: [String] = []
    var environment: [String: String] = [:]
  }

  /// How a busd is started.
  struct Daemon {
    /// What stands before busd on the command line: a tracer, say.
    var prefix: [String] = []
    var arguments: [String] = []
    var environment: [String: String] = [:]
  }

  let directory: String
  /// Where busd keeps what it has: another file system, for some faults.
  var stateDirectory: String
  var daemon = Daemon()
  /// Between two events of a publisher, in milliseconds.
  var pause = 10
  /// So many bytes more in each event.
  var padding = 0
  /// Where the crew is, and who asks busd for the runner.
  var place = Place()
  /// The cable between busd and the crew, where there is one: it stays as long as the bed.
  var network: Network?
  private(set) var busd: Child?
  var crew: [Role: [Child]] = [:]
  private(set) var restarts: [Int] = []
  var evidence = Evidence()
  private var readers: [String: HistoryReader] = [:]
  private(set) var startedCount: UInt64 = 0

  init(_ name: String) throws {
    // Short: the path of an ipc socket has at most 107 bytes.
    directory = "/tmp/bus-proof-\(getpid())-\(name)"
    stateDirectory = "\(directory)/state"
    for path in [directory, "\(directory)/history", "\(directory)/run", "\(directory)/log"] {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
  }

  private var common: [String: String] {
    ["BUS_STATE_DIR": "\(directory)/services", "BUS_RUNTIME_DIR": "\(directory)/run", "NO_COLOR": "1"]
  }

  // MARK: busd

  /// Starts busd and waits until it is ready; how long that took, in milliseconds.
  @discardableResult
  func startBusd(within limit: Duration = .seconds(60)) async throws -> Int {
    let begin = ContinuousClock.now
    var child = try launchBusd()
    while true {
      let current = child
      try await Wait.until(within: limit, "busd is ready: \(current.text.suffix(500))") {
        current.text.contains("busd ready") || !current.isRunning
      }
      // What a tracer killed is gone for its parent, and the system may still be closing its files.
      guard !child.isRunning, child.text.contains("writes it"), ContinuousClock.now - begin < .seconds(5) else { break }
      child = try launchBusd()
    }
    guard child.isRunning else { throw ProofError("busd ended when it was started: \(child.text.suffix(500))") }
    let milliseconds = Int((ContinuousClock.now - begin) / .milliseconds(1))
    restarts.append(milliseconds)
    return milliseconds
  }

  /// Starts busd, whatever becomes of it.
  func launchBusd() throws -> Child {
    let child = try launch(
      "busd", ["--state-dir", stateDirectory] + daemon.arguments,
      at: Place(prefix: daemon.prefix, environment: daemon.environment), log: "busd")
    busd = child
    return child
  }

  /// Starts a program with what all of the bed have in common.
  func launch(_ program: String, _ arguments: [String], at place: Place, log: String) throws -> Child {
    startedCount += 1
    let line = place.prefix + [Child.path(program)] + arguments
    return try Child(
      line[0], Array(line.dropFirst()), environment: common.merging(place.environment) { $1 },
      log: "\(directory)/log/\(log)-\(startedCount).log")
  }

  // MARK: The crew

  /// Starts so many of each, beside busd.
  func startCrew(publishers: Int = 2, workers: Int = 2, watchers: Int = 1) throws {
    for _ in 0..<publishers { try start(.publisher) }
    for _ in 0..<workers { try start(.worker) }
    for _ in 0..<watchers { try start(.watcher) }
  }

  /// Starts one of the crew; its number.
  @discardableResult
  func start(_ role: Role, at place: Place? = nil) throws -> UInt64 {
    let child = try launch("BusProof", [role.rawValue], at: equipped(place ?? self.place, role), log: role.rawValue)
    crew[role, default: []].append(child)
    return startedCount
  }

  /// The place with what a program of the crew needs to write its history.
  func equipped(_ place: Place, _ role: Role) -> Place {
    let number = startedCount + 1
    let own = [
      "PROOF_HISTORY": "\(directory)/history/\(role.rawValue)-\(number)", "PROOF_NUMBER": "\(number)",
      "PROOF_PAUSE": "\(pause)", "PROOF_PADDING": "\(padding)", "BUS_CONCURRENCY": "4",
    ]
    return Place(prefix: place.prefix, environment: own.merging(place.environment) { $1 })
  }

  /// Takes one of the crew by chance, kills it, and starts another in its place.
  func replace(_ role: Role, at index: Int) async throws {
    guard let child = crew[role]?.remove(at: index) else { return }
    try await child.kill9()
    try start(role)
  }

  /// Starts anew what ended by itself, which is noted: nothing of the crew should.
  func revive() throws -> [String] {
    var words: [String] = []
    for (role, children) in crew {
      for (index, child) in children.enumerated().reversed() where !child.isRunning {
        words.append("a \(role.rawValue) ended by itself: \(child.text.suffix(300))")
        crew[role]?.remove(at: index)
        try start(role)
      }
    }
    return words
  }

  // MARK: What they saw

  /// Runs a `bus` command to its end; its status and its words.
  func bus(_ arguments: [String], at place: Place? = nil) async throws -> (Int32, String) {
    let child = try launch("bus", arguments, at: place ?? self.place, log: "bus")
    let status = try await child.end()
    defer { try? FileManager.default.removeItem(atPath: child.log) }
    return (status, child.text)
  }

  func bus(_ arguments: String...) async throws -> (Int32, String) { try await bus(arguments) }

  /// How many events publishers were told are on disk so far: all of them, or those with other numbers.
  func acknowledgedCount(except number: UInt64? = nil) -> Int {
    readHistories()
    return evidence.acknowledgedCount - (number.flatMap { evidence.acknowledgedBy[$0] } ?? 0)
  }

  /// The highest attempt that any job has had so far.
  func highestAttempt() -> UInt64 {
    readHistories()
    return evidence.highestAttempt
  }

  /// The runs of a held job so far.
  func holds(_ number: UInt64) -> [Evidence.Hold] {
    readHistories()
    return evidence.held[number, default: []]
  }

  /// How many events watchers have seen so far.
  func watchedCount() -> Int {
    readHistories()
    return evidence.watched.values.reduce(0) { $0 + $1.count }
  }

  func readHistories() {
    let folder = "\(directory)/history"
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder))?.sorted() ?? [] {
      let lines = readers[name, default: HistoryReader("\(folder)/\(name)")].next()
      evidence.add(lines, of: name)
    }
  }
}
