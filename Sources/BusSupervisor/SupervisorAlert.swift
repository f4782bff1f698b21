public import BusProtocol

/// Something about the processes that somebody should look at: an event for the bus.
public struct SupervisorAlert: Sendable, Equatable {
  /// What happened; its word is the event's topic.
  public enum Kind: String, Sendable, CaseIterable {
    /// An upgrade was taken back.
    case upgradeFailed = "upgrade_failed"
    /// A program's processes do not stay up.
    case crashLoop = "worker_crash_loop"
    /// They do again.
    case recovered = "worker_recovered"
    /// A process was silent for too long, and is replaced.
    case wedged = "worker_wedged"
  }

  /// What happened.
  public var kind: Kind
  /// To which program.
  public var engine: String
  /// To which of its processes.
  public var process: String?
  /// What is known about it, in words.
  public var reason: String
  /// How the process ended last.
  public var end: ProcessEnd?
  /// The last lines that the process wrote.
  public var output: [String] = []

  /// The event's data.
  public var data: JSONObject {
    var data = JSONObject()
    data.set("engine", JSONValue.string(engine))
    data.set("process", process.map { JSONValue.string($0) })
    data.set("reason", JSONValue.string(reason))
    switch end {
    case .exited(let code): data.set("exit_code", code.jsonValue)
    case .signaled(let signal): data.set("signal", signal.jsonValue)
    case .notStarted, nil: break
    }
    if !output.isEmpty { data.set("output", JSONValue.array(output.map { .string($0) })) }
    return data
  }
}

extension SupervisorLoop {
  /// How many lines of a process an alert brings.
  static let alertLineCount = 10

  /// What a notice is for those who do not look.
  func alert(_ process: String, _ notice: SupervisorNotice) -> SupervisorAlert? {
    let engine = engine(of: process)
    switch notice {
    case .looping(let end, _):
      return SupervisorAlert(
        kind: .crashLoop, engine: engine, process: process, reason: "\(notice)", end: end, output: words(of: process))
    case .recovered: return SupervisorAlert(kind: .recovered, engine: engine, reason: "\(notice)")
    case .stuck:
      return SupervisorAlert(
        kind: .wedged, engine: engine, process: process, reason: "\(notice)", output: words(of: process))
    default: return nil
    }
  }

  /// What the end of an upgrade is for those who do not look.
  func alert(_ crew: Int, _ outcome: UpgradeOutcome) -> SupervisorAlert? {
    guard case .takenBack(let failure, _) = outcome, failure != .stopped else { return nil }
    let end: ProcessEnd? = if case .ended(_, let end, _) = failure { end } else { nil }
    return SupervisorAlert(
      kind: .upgradeFailed, engine: pool.crews[crew].definition.name, process: failure.process,
      reason: "\(failure)", end: end, output: words(of: failure.process))
  }

  /// The last lines that a process wrote itself.
  func words(of process: String?) -> [String] {
    guard let process else { return [] }
    // Between them stands what was said about it: a few lines for each start.
    let lines = logs.last(5 * SupervisorLoop.alertLineCount) { $0 == process }.map(\.text)
    return Array(lines.filter { !$0.hasPrefix("-- ") }.suffix(SupervisorLoop.alertLineCount))
  }

  private func engine(of process: String) -> String {
    let name = pool.crews.lazy.map(\.definition.name).first { name in
      process == name || process.hasPrefix("\(name).") && process.dropFirst(name.count + 1).allSatisfy(\.isNumber)
    }
    return name ?? process
  }
}
