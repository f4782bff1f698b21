import BusProtocol
import BusSpool
import Foundation

/// A directory with a busd in it, and the programs that use it.
final class Bed {
  /// What the runner starts beside busd.
  enum Role: String, CaseIterable { case publisher, worker, watcher }

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
  private(set) var busd: Child?
  private(set) var crew: [Role: [Child]] = [:]
  private(set) var restarts: [Int] = []
  private var evidence = Evidence()
  private var readers: [String: HistoryReader] = [:]
  private var startedCount: UInt64 = 0

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
    let arguments = ["--state-dir", stateDirectory] + daemon.arguments
    let line = daemon.prefix + ["\(Child.directory)/busd"] + arguments
    startedCount += 1
    let child = try Child(
      line[0], Array(line.dropFirst()), environment: common.merging(daemon.environment) { $1 },
      log: "\(directory)/log/busd-\(startedCount).log")
    busd = child
    try await Wait.until(within: limit, "busd is ready: \(child.text.suffix(500))") {
      child.text.contains("busd ready") || !child.isRunning
    }
    guard child.isRunning else { throw ProofError("busd ended when it was started: \(child.text.suffix(500))") }
    let milliseconds = Int((ContinuousClock.now - begin) / .milliseconds(1))
    restarts.append(milliseconds)
    return milliseconds
  }

  // MARK: The crew

  /// Starts so many of each, beside busd.
  func startCrew(publishers: Int = 2, workers: Int = 2, watchers: Int = 1) throws {
    for _ in 0..<publishers { try start(.publisher) }
    for _ in 0..<workers { try start(.worker) }
    for _ in 0..<watchers { try start(.watcher) }
  }

  func start(_ role: Role) throws {
    startedCount += 1
    let name = "\(role.rawValue)-\(startedCount)"
    let own = [
      "PROOF_HISTORY": "\(directory)/history/\(name)", "PROOF_NUMBER": "\(startedCount)", "PROOF_PAUSE": "\(pause)",
      "BUS_CONCURRENCY": "4",
    ]
    let child = try Child(
      "BusProof", [role.rawValue], environment: common.merging(own) { $1 }, log: "\(directory)/log/\(name).log")
    crew[role, default: []].append(child)
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

  // MARK: The end

  /// Lets everything come to its end without faults, ends all programs, and hands out what the checker needs.
  func settle(within limit: Duration = .seconds(120)) async throws -> Evidence {
    for child in crew[.publisher, default: []] { child.signal(SIGTERM) }
    for child in crew[.publisher, default: []] { try await child.end() }
    crew[.publisher] = []
    pause = 0
    try start(.publisher)
    let deadline = ContinuousClock.now + limit
    var isSettled = false
    while !isSettled, ContinuousClock.now < deadline {
      try await Wait.milliseconds(250)
      readHistories()
      let idle = try await isIdle()
      isSettled = evidence.undone(deadOnes: try await deadJobs()) == 0 && idle
    }
    for children in crew.values { for child in children { child.signal(SIGTERM) } }
    for children in crew.values { for child in children { try await child.end() } }
    crew = [:]
    busd?.signal(SIGTERM)
    try await busd?.end()
    readHistories()
    try readSpool()
    return evidence
  }

  /// Whether no job waits or runs: a refresh may be behind the last change.
  private func isIdle() async throws -> Bool {
    for state in ["queued", "scheduled", "blocked", "running"] {
      let (code, text) = try await bus("jobs", "ls", "--state", state, "--json", "--limit", "1")
      // A state of another name is none that anything waits in.
      if code == 0, text.contains("{") { return false }
      if code == 69 { return false }
    }
    return true
  }

  private func deadJobs() async throws -> Set<UInt64> {
    let (_, text) = try await bus("jobs", "ls", "--state", "dead", "--json", "--limit", "1000")
    for line in text.split(separator: "\n") where line.hasPrefix("{") {
      if let id = try JSONParser.parse(Array(line.utf8))["id"].flatMap(String.init(jsonValue:)) {
        evidence.dead.insert(try JobID(id).low)
      }
    }
    return evidence.dead
  }

  /// Runs a `bus` command to its end.
  func bus(_ arguments: String...) async throws -> (Int32, String) {
    let child = try Child("bus", arguments, environment: common, log: "\(directory)/log/bus.log")
    return (try await child.end(), child.text)
  }

  /// How many events publishers were told are on disk, so far.
  func acknowledgedCount() -> Int {
    readHistories()
    return evidence.acknowledgedCount
  }

  /// The highest attempt that any job has had so far.
  func highestAttempt() -> UInt64 {
    readHistories()
    return evidence.highestAttempt
  }

  private func readHistories() {
    let folder = "\(directory)/history"
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder))?.sorted() ?? [] {
      let lines = readers[name, default: HistoryReader("\(folder)/\(name)")].next()
      evidence.add(lines, of: name)
    }
  }

  /// Reads every event that busd has, and every bit of its spool.
  private func readSpool() throws {
    let spool = "\(stateDirectory)/spool"
    let verification = try SpoolVerification(directory: spool)
    guard verification.isSound else {
      throw ProofError("the spool is damaged: \(verification.problems.map(\.message).joined(separator: "; "))")
    }
    let reader = try Spool(
      directory: spool, options: SpoolOptions(isReadOnly: true), now: Timestamp(microseconds: 0), random: { 0 }
    ).reader()
    var through = Offset.zero
    repeat {
      let chunk = try reader.read(after: through, maximumByteCount: 1 << 20, maximumCount: 10_000) {
        $0.elementsEqual("proof".utf8)
      }
      for event in try Record.events(chunk.bytes) {
        evidence.stored.append(
          Evidence.Stored(offset: event.offset.rawValue, event: try event["event"], key: try event["key"]))
      }
      through = chunk.through
    } while through < reader.head
  }

  /// Kills what is left.
  func stopAll() async throws {
    for child in crew.values.flatMap({ $0 }) + [busd].compactMap({ $0 }) { try await child.kill9() }
  }

  /// Removes the directory.
  func clear(keeping: Bool) throws {
    if !keeping { try FileManager.default.removeItem(atPath: directory) }
  }
}
