import BusProtocol
import Foundation
import Synchronization

/// All faults in their full numbers, by one command: each part in a process of its own, so that one that breaks takes no
/// other with it, some of them beside each other, and each written down as soon as it is over.
struct FullRun: Sendable {
  /// One process of the run.
  struct Part: Equatable, Sendable {
    var fault: FaultName
    var cycles: Int
    var seed: UInt64
    var name: String { "\(fault.rawValue)-\(seed)" }
  }

  /// No part takes longer than this; then it is ended, and counts as broken.
  private static let longest = Duration.seconds(3600)

  /// Fewer faults than this are one part.
  private static let longPart = 100

  let options: ProofOptions
  private let directory = "/tmp/bus-proof-\(getpid())-full"

  init(_ options: ProofOptions) { self.options = options }

  /// The parts of a run. What takes long is several, so that lanes end at about the same time.
  static func parts(_ options: ProofOptions) -> [Part] {
    options.faults.flatMap { fault in
      let cycles = min(options.cycles ?? .max, fault.fullCount)
      let count = cycles < longPart ? 1 : fault.partCount
      return (0..<count).map { index in
        let share = cycles * (index + 1) / count - cycles * index / count
        return Part(fault: fault, cycles: share, seed: options.seed &+ UInt64(index))
      }
    }
  }

  /// Runs what the evidence does not have yet; the reports of all parts.
  func run() async throws -> [JSONObject] {
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    let facts = await RunFacts.gather(seed: options.seed, in: directory)
    let file = try EvidenceFile(options.evidence, facts: facts)
    let parts = FullRun.parts(options).filter { part in
      guard let earlier = file.report(of: part) else { return true }
      ReportText.say(earlier, options, ["\(part.name) is in the evidence already"])
      return false
    }
    try await run(parts.filter { !$0.fault.wantsMachine }, lanes: options.lanes, file)
    try await run(parts.filter { $0.fault.wantsMachine }, lanes: 1, file)
    if !Stop.isAsked { try file.end() }
    let reports = file.reports
    if ReportTotal(reports).holds { try FileManager.default.removeItem(atPath: directory) }
    return reports
  }

  private func run(_ parts: [Part], lanes: Int, _ file: EvidenceFile) async throws {
    let waiting = WaitingParts(parts)
    try await withThrowingTaskGroup { group in
      for _ in 0..<lanes { group.addTask { try await lane(waiting, file) } }
      try await group.waitForAll()
    }
  }

  /// Takes one part after the other.
  @concurrent private func lane(_ waiting: WaitingParts, _ file: EvidenceFile) async throws {
    while !Stop.isAsked, let part = waiting.next() {
      let reports = try await run(part)
      // What was cut short says nothing: it runs again.
      if !Stop.isAsked { for report in reports { try file.add(report, of: part) } }
    }
  }

  /// Runs one part to its end, and says what came of it at once.
  private func run(_ part: Part) async throws -> [JSONObject] {
    let arguments =
      [part.fault.rawValue, "--cycles", "\(part.cycles)", "--seed", "\(part.seed)", "--json"]
      + (options.keepsDirectories ? ["--keep"] : [])
    let child = try Child("BusProof", arguments, environment: [:], log: "\(directory)/\(part.name).log")
    do {
      // A part that is asked to end cleans up behind itself, and is given the time.
      try await Wait.until(within: FullRun.longest, "\(part.name) ends") { !child.isRunning }
    } catch {
      child.signal(SIGTERM)
    }
    let status = try await child.end(within: .seconds(180))
    var reports = child.text.split(separator: "\n").compactMap { line -> JSONObject? in
      guard line.hasPrefix("{"), case .object(let report) = try? JSONParser.parse(Array(line.utf8)) else { return nil }
      return report
    }
    if reports.isEmpty {
      let words = "no report, status \(status): \(child.text.suffix(300))"
      reports = [
        ["fault": .string(part.fault.rawValue), "seed": part.seed.jsonValue, "held": false, "broken": [.string(words)]]
      ]
    }
    for report in reports { ReportText.say(report, options) }
    return reports
  }
}

/// The parts that no lane has taken yet.
private final class WaitingParts: Sendable {
  private let parts: Mutex<[FullRun.Part]>

  init(_ parts: [FullRun.Part]) { self.parts = Mutex(parts.reversed()) }

  func next() -> FullRun.Part? { parts.withLock { $0.popLast() } }
}
