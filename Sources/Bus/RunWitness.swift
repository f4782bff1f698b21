internal import BusProtocol
internal import Synchronization

/// What a process under a supervisor shows of its work: its title names what runs, and when it has done as many jobs as
/// one process is to do, its supervisor hears it and replaces it.
final class RunWitness: Sendable {
  private struct State {
    var running: [(id: JobID, worker: Name)] = []
    var doneCount = 0
  }

  /// A title is read by people: a stream of short jobs need not change it with each.
  private static let titleInterval = Duration.milliseconds(50)
  /// Who did not hear it hears it again after so many more.
  static let reminderInterval = 100

  private let process: String
  private let limit: Int?
  private let tell: @Sendable (_ jobs: Int) -> Void
  private let show: @Sendable (String) -> Void
  private let state = Mutex(State())
  private let alarm = Alarm()

  /// A witness of the process of that name.
  init(
    process: String, limit: Int?, tell: @escaping @Sendable (_ jobs: Int) -> Void,
    show: @escaping @Sendable (String) -> Void = { ProcessTitle.show($0) }
  ) {
    self.process = process
    self.limit = limit
    self.tell = tell
    self.show = show
    show(title)
  }

  /// One for a process that a supervisor started; nil for one that nobody looks after.
  convenience init?(engine: Name, _ environment: [String: String], _ manager: ServiceManager?) {
    guard environment["BUS_SUPERVISED"] != nil else { return nil }
    let settings = EngineSettings(environment)
    self.init(process: "\(engine).\(settings.slot)", limit: settings.recycleJobs, tell: { manager?.done(jobs: $0) })
  }

  /// A run began.
  func began(_ assignment: Assignment) {
    state.withLock { $0.running.append((assignment.id, assignment.worker)) }
    changeTitle()
  }

  /// A run ended, however.
  func ended(_ id: JobID) {
    let count = state.withLock { state in
      if let index = state.running.firstIndex(where: { $0.id == id }) { state.running.remove(at: index) }
      state.doneCount += 1
      return state.doneCount
    }
    changeTitle()
    if let limit, count >= limit, (count - limit) % RunWitness.reminderInterval == 0 { tell(count) }
  }

  /// `search.1: Reindex 01JEXK7A… (+2)`, the one that runs for the longest first.
  var title: String {
    let (first, count) = state.withLock { ($0.running.first, $0.running.count) }
    guard let first else { return "\(process): idle" }
    return "\(process): \(first.worker) \(first.id)" + (count > 1 ? " (+\(count - 1))" : "")
  }

  private func changeTitle() {
    alarm.set(at: .now + RunWitness.titleInterval) { [weak self] in
      guard let self else { return }
      show(title)
    }
  }
}
