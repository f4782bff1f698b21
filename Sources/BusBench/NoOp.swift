import ArgumentParser
import Bus
import Foundation
import Synchronization

/// Does nothing, and says so to who counts.
struct NoOp: Worker {
  let number: Int
  /// Of one key one waits.
  var waits: Int?
  /// Of one key one runs.
  var runs: Int?

  init(number: Int, waits: Int? = nil, runs: Int? = nil) {
    self.number = number
    self.waits = waits
    self.runs = runs
  }

  var queueLock: LockKey? { waits.map { LockKey($0) } }
  var workerLock: LockKey? { runs.map { LockKey($0) } }

  func work(_ run: Run<Tally>) async throws { run.services.add(number) }
}

/// Counts runs, and keeps when each began.
final class Tally: Sendable {
  private let starts = Mutex<[Int: ContinuousClock.Instant]>([:])
  private let goal: Countdown?

  /// Counts up to the goal; nothing without one.
  init(goal: Int?) { self.goal = goal.map { Countdown($0) } }

  func add(_ number: Int) {
    guard let goal else { return }
    let now = ContinuousClock.now
    let isNew = starts.withLock { $0.updateValue(now, forKey: number) == nil }
    if isNew { goal.hit() }
  }

  func start(of number: Int) -> ContinuousClock.Instant? { starts.withLock { $0[number] } }

  func untilGoal() async throws { try await goal?.wait() }
}

/// A process of the engine `bench`, started by the benchmarks themselves.
struct WorkerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Be a process whose jobs do nothing.", shouldDisplay: false)

  /// What it says when it has begun.
  static let ready = "bench worker began"

  @Option var number = 0
  @Option var subscriptions = 0

  func run() async throws {
    let (number, count) = (number, subscriptions)
    let engine = Engine("bench", services: Tally(goal: nil)) {
      Workers(NoOp.self)
      for index in 0..<count {
        Subscription<Tally>(Topic.stranger(index), named: Name.stranger(number, index)) { event in
          NoOp(number: try event["number"])
        }
      }
    }
    FileHandle.standardError.write(Data("\(WorkerCommand.ready)\n".utf8))
    try await engine.run()
  }
}

extension Topic {
  /// A topic that nobody publishes to.
  static func stranger(_ index: Int) -> TopicPattern { TopicPattern(stringLiteral: "stranger_\(index)") }
}

extension Name {
  /// The name of a subscription of a process.
  static func stranger(_ process: Int, _ index: Int) -> Name { Name(stringLiteral: "stranger_\(process)_\(index)") }
}
