@preconcurrency import Dispatch
import Foundation
import Synchronization

@testable import BusSupervisor

/// A supervisor at work, and the lines that it has told so far.
final class Run: Sendable {
  struct Missing: Error, CustomStringConvertible {
    let description: String
  }

  private let told: Told
  private let wishes: AsyncStream<StopWish>.Continuation
  private let task: Task<Supervisor.Outcome, Never>

  init(
    _ definitions: [ProcessDefinition], policy: RestartPolicy = .standard, environment: [String: String] = [:],
    control: ControlServer? = nil, scales: ScaleFile? = nil, sockets: ListenSockets = .none
  ) {
    let told = Told()
    let (stream, continuation) = AsyncStream.makeStream(of: StopWish.self)
    self.told = told
    wishes = continuation
    let supervisor = Supervisor(
      definitions, policy: policy, environment: environment.merging(["PATH": "/usr/bin:/bin"]) { $1 }, scales: scales,
      sockets: sockets
    ) { told.add($0) }
    // Awaited by outcome().
    task = Task { await supervisor.run(until: stream, control: control) }
  }

  var lines: [Supervisor.Line] { told.lines }

  func wish(_ wish: StopWish) { wishes.yield(wish) }

  func outcome() async -> Supervisor.Outcome { await task.value }

  func stop() async -> Supervisor.Outcome {
    wish(.gracefully)
    return await outcome()
  }

  /// Waits for the lines to fulfil the condition, for twenty seconds at most.
  func waitUntil(_ condition: @escaping @Sendable ([Supervisor.Line]) -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(20)
    for await _ in told.changes() {
      if condition(lines) { return }
      guard ContinuousClock.now < deadline else { break }
    }
    wish(.atOnce)
    throw Missing(description: "did not come: \(lines)")
  }

  /// The number in the n-th line that begins with the word.
  func number(after word: String, from process: String, occurrence: Int = 1) async throws -> Int32 {
    let find: @Sendable ([Supervisor.Line]) -> Int32? = { lines in
      let numbers = lines.compactMap { line -> Int32? in
        guard case .output(process, let text) = line, text.hasPrefix("\(word) ") else { return nil }
        return Int32(text.dropFirst(word.count + 1))
      }
      return numbers.count >= occurrence ? numbers[occurrence - 1] : nil
    }
    try await waitUntil { find($0) != nil }
    guard let number = find(lines) else { throw Missing(description: "\(word) of \(process)") }
    return number
  }

  /// Whether a process is there and no zombie.
  static func isAlive(_ pid: Int32) -> Bool {
    guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
    return !stat.contains(") Z ")
  }

  static func restart(in line: Supervisor.Line) -> (failures: Int, delay: Duration)? {
    guard case .notice(_, .restarting(_, _, let failures, let delay)) = line else { return nil }
    return (failures, delay)
  }
}

/// The lines so far, and who waits for the next one.
final class Told: Sendable {
  private struct State {
    var lines: [Supervisor.Line] = []
    var waiting: [AsyncStream<Void>.Continuation] = []
  }

  private let state = Mutex(State())

  var lines: [Supervisor.Line] { state.withLock { $0.lines } }

  func add(_ line: Supervisor.Line) {
    let waiting = state.withLock { state in
      state.lines.append(line)
      return state.waiting
    }
    for continuation in waiting { continuation.yield() }
  }

  /// One element now, one with each further line, and one every 20 ms for what no line tells.
  func changes() -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let timer = DispatchSource.makeTimerSource()
    timer.schedule(deadline: .now(), repeating: .milliseconds(20))
    timer.setEventHandler { continuation.yield() }
    timer.resume()
    state.withLock { $0.waiting.append(continuation) }
    continuation.onTermination = { _ in timer.cancel() }
    return stream
  }
}
