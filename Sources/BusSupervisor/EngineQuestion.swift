public import BusProtocol
internal import BusTopology
internal import Synchronization

/// Asks a binary what its engine declares in Swift.
public enum EngineQuestion {
  /// The most that a binary may answer, in bytes.
  static let maximumAnswerByteCount = 1 << 20

  /// Runs `BINARY ARGUMENTS --bus-describe` and reads what it prints; the error says why that failed.
  public static func ask(
    _ executable: String, arguments: [String], environment: [String: String], timeout: Duration = .seconds(10)
  ) async throws(SupervisorError) -> EngineDeclaration {
    let command = ([executable] + arguments + ["--bus-describe"]).joined(separator: " ")
    let question = ProcessDefinition(
      name: command, executable: executable, arguments: arguments + ["--bus-describe"])
    let child = ChildProcess(Launch(question, environment: environment))
    let said = Said()
    let (end, isLate) = await run(child, said, timeout: timeout)
    if isLate { throw refusal("'\(command)' did not answer within \(timeout.words)") }
    guard end == .exited(0) else {
      throw refusal("'\(command)' \(end)" + (said.words.map { ", it said: \($0)" } ?? ""))
    }
    guard let answer = said.answer else {
      throw refusal("'\(command)' printed no declaration" + (said.words.map { ", it said: \($0)" } ?? ""))
    }
    do {
      return try EngineDeclaration(json: try JSONParser.parse(Array(answer.utf8)))
    } catch {
      throw refusal("'\(command)' answered something else: \(error.message)")
    }
  }

  private static func refusal(_ message: String) -> SupervisorError {
    SupervisorError(.noDeclaration, message, help: "its main has to run an Engine; or check with --no-binaries")
  }

  /// Runs to the end, or to the end of patience.
  private static func run(
    _ child: ChildProcess, _ said: Said, timeout: Duration
  ) async -> (end: ProcessEnd, isLate: Bool) {
    await withTaskGroup(of: Bool.self) { group in
      group.addTask {
        do { try await ContinuousClock().sleep(for: timeout) } catch { return false }
        child.signal(.kill)
        return true
      }
      let end = await child.run(ChildProcess.Listener(line: { said.add($0) }))
      group.cancelAll()
      return (end, await group.next() ?? false)
    }
  }
}

/// What a binary said: the line that can be a declaration, and the first other one.
private final class Said: Sendable {
  private struct State {
    var answer: String?
    var words: String?
    var byteCount = 0
  }

  private let state = Mutex(State())

  func add(_ line: String) {
    state.withLock { state in
      state.byteCount += line.utf8.count
      guard state.byteCount <= EngineQuestion.maximumAnswerByteCount else { return }
      if line.hasPrefix("{") { state.answer = line } else if !line.isEmpty { state.words = state.words ?? line }
    }
  }

  var answer: String? { state.withLock { $0.answer } }
  var words: String? { state.withLock { $0.words } }
}
