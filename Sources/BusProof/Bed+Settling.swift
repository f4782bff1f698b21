import BusProtocol
import BusSpool
import Foundation

extension Bed {
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
    for state in ["ready", "scheduled", "blocked", "running"] {
      let (code, text) = try await bus("jobs", "ls", "--engine", "proof", "--state", state, "--json", "--limit", "1")
      if code != 0 || text.contains("{") { return false }
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
    var (strangers, fillers) = (0, 0)
    repeat {
      let chunk = try reader.read(after: through, maximumByteCount: 1 << 20, maximumCount: 10_000) {
        if $0.elementsEqual("proof".utf8) { return true }
        if $0.elementsEqual("filler".utf8) {
          fillers += 1
        } else if !$0.starts(with: "bus".utf8), !$0.starts(with: "job_".utf8) {
          // busd itself publishes on `bus…`, and on `job_…` of jobs that failed.
          strangers += 1
        }
        return false
      }
      for event in try Record.events(chunk.bytes) {
        evidence.stored.append(
          Evidence.Stored(offset: event.offset.rawValue, event: try event["event"], key: try event["key"]))
      }
      through = chunk.through
    } while through < reader.head
    (evidence.strangers, evidence.fillers) = (strangers, fillers)
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
