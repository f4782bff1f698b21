internal import BusProtocol
internal import BusStore

/// A mistake that is built into the world's wiring on purpose: a simulation that does not find it is no proof of
/// anything.
enum Mutant: String, CaseIterable, Sendable {
  /// The disk says that what is written is on it, and does nothing.
  case syncDoesNothing
  /// A result counts whatever its token.
  case finishIgnoresTokens
  /// An equal job that runs already takes a new wish in.
  case locksCountRunning
  /// The cursor moves in a transaction of its own, before the jobs.
  case cursorBeforeJobs
  /// A worker lock ends after its own time, whoever still runs.
  case lockWithTimeLimit
  /// A batch that ended with a denied record and was not stored is taken for a repeat when it comes again.
  case passedSurvivesFailedCommit
  /// Whoever takes a subscription over begins at the log's end, not at the cursor.
  case takeoverSkipsAhead
  /// A result that came too late is answered like any other.
  case lateResultsLookAccepted
  /// A disk that was full stays so for the process that saw it.
  case roomIsNotNoticed
  /// A sync that fails says nothing.
  case failedSyncIsSilent
  /// Jobs are kept without their priorities.
  case prioritiesAreForgotten
  /// Whose an outbox is does not outlive busd.
  case ownersAreForgotten

  /// The invariant that it breaks.
  var invariant: String {
    switch self {
    case .syncDoesNothing: "I1"
    case .finishIgnoresTokens: "I14"
    case .locksCountRunning: "I8"
    case .cursorBeforeJobs: "I10"
    case .lockWithTimeLimit: "I16"
    case .passedSurvivesFailedCommit: "I11"
    case .takeoverSkipsAhead: "I7"
    case .lateResultsLookAccepted: "I18"
    case .roomIsNotNoticed: "I26"
    case .failedSyncIsSilent: "I27"
    case .prioritiesAreForgotten: "I22"
    case .ownersAreForgotten: "I31"
    }
  }
}

/// A store with one of the mistakes. It outlives busd's restarts.
final class StoreMutation {
  private let mutant: Mutant?
  private var locks: [JobID: String] = [:]
  private var held: [String: (job: JobID, until: Timestamp)] = [:]

  private static let timeLimit: Duration = .milliseconds(300)

  init?(_ mutant: Mutant?) {
    switch mutant {
    case .finishIgnoresTokens, .locksCountRunning, .cursorBeforeJobs, .lockWithTimeLimit, .lateResultsLookAccepted,
      .prioritiesAreForgotten:
      self.mutant = mutant
    default: return nil
    }
  }

  /// - Parameter dies: set when the process is to die between two transactions.
  func perform(
    _ commands: [StoreCommand], on store: SQLiteJobStore, at now: Timestamp, dies: (() -> Void)?
  ) throws(StoreError) -> [StoreReply] {
    switch mutant {
    case .finishIgnoresTokens: return try store.perform(try forged(commands, store), at: now)
    case .locksCountRunning: return try merging(commands, store, at: now)
    case .cursorBeforeJobs: return try inTwo(commands, store, at: now, dies: dies)
    case .lockWithTimeLimit: return try locking(commands, store, at: now)
    case .lateResultsLookAccepted: return try store.perform(commands, at: now).map(flattered)
    case .prioritiesAreForgotten: return try store.perform(commands.map(levelled), at: now)
    default: return try store.perform(commands, at: now)
    }
  }

  private func levelled(_ command: StoreCommand) -> StoreCommand {
    guard case .enqueue(var jobs) = command else { return command }
    for index in jobs.indices { jobs[index].priority = 0 }
    return .enqueue(jobs)
  }

  private func flattered(_ reply: StoreReply) -> StoreReply {
    guard case .finished(let replies) = reply else { return reply }
    return .finished(replies.map { $0 == .stale ? .accepted(.done, dueAt: nil) : $0 })
  }

  private func forged(_ commands: [StoreCommand], _ store: SQLiteJobStore) throws(StoreError) -> [StoreCommand] {
    var forged: [StoreCommand] = []
    for command in commands {
      guard case .finish(var results) = command else {
        forged.append(command)
        continue
      }
      for index in results.indices {
        if let token = try store.job(results[index].id)?.token { results[index].token = token }
      }
      forged.append(.finish(results))
    }
    return forged
  }

  private func merging(
    _ commands: [StoreCommand], _ store: SQLiteJobStore, at now: Timestamp
  ) throws(StoreError) -> [StoreReply] {
    var changed = commands
    var taken: [Int: [Int: JobID]] = [:]
    for index in commands.indices {
      guard case .commit(var commit) = commands[index] else { continue }
      for (place, job) in commit.jobs.enumerated() {
        guard let lock = job.queueLock else { continue }
        guard let running = try store.jobs(JobFilter(state: .running, lock: lock, limit: 1)).first else { continue }
        taken[index, default: [:]][place] = running.id
      }
      commit.jobs = commit.jobs.enumerated().filter { taken[index]?[$0.offset] == nil }.map(\.element)
      changed[index] = .commit(commit)
    }
    var replies = try store.perform(changed, at: now)
    for (index, places) in taken {
      guard case .committed(var outcomes) = replies[index] else { continue }
      for (place, id) in places.sorted(by: { $0.key < $1.key }) { outcomes.insert(.merged(into: id), at: place) }
      replies[index] = .committed(outcomes)
    }
    return replies
  }

  private func inTwo(
    _ commands: [StoreCommand], _ store: SQLiteJobStore, at now: Timestamp, dies: (() -> Void)?
  ) throws(StoreError) -> [StoreReply] {
    var cursors = commands
    for (index, command) in commands.enumerated() {
      guard case .commit(var commit) = command else { continue }
      commit.jobs = []
      cursors[index] = .commit(commit)
    }
    var replies = try store.perform(cursors, at: now)
    if let dies {
      dies()
      throw StoreError(.closed, "the process is dead")
    }
    for (index, command) in commands.enumerated() {
      guard case .commit(let commit) = command, case .committed = replies[index], !commit.jobs.isEmpty else { continue }
      guard case .enqueued(let outcomes)? = try store.perform([.enqueue(commit.jobs)], at: now).first else { continue }
      replies[index] = .committed(outcomes)
    }
    return replies
  }

  private func locking(
    _ commands: [StoreCommand], _ store: SQLiteJobStore, at now: Timestamp
  ) throws(StoreError) -> [StoreReply] {
    var replies = try store.perform(commands.map(withoutLocks), at: now)
    for index in commands.indices {
      switch (commands[index], replies[index]) {
      case (.finish(let results), _): for result in results { release(result.id) }
      case (.lose(let lost), _): for lease in lost { release(lease.id) }
      case (_, .claimed(let assignments)):
        var kept: [Assignment] = []
        for assignment in assignments {
          if take(assignment.id, at: now) {
            kept.append(assignment)
          } else {
            let back = JobResult(id: assignment.id, token: assignment.token, outcome: .returned)
            _ = try store.perform([.finish([back])], at: now)
          }
        }
        replies[index] = .claimed(kept)
      default: break
      }
    }
    return replies
  }

  private func withoutLocks(_ command: StoreCommand) -> StoreCommand {
    guard case .commit(var commit) = command else { return command }
    for index in commit.jobs.indices {
      locks[commit.jobs[index].id] = commit.jobs[index].workerLock
      commit.jobs[index].workerLock = nil
    }
    return .commit(commit)
  }

  private func take(_ job: JobID, at now: Timestamp) -> Bool {
    guard let lock = locks[job] else { return true }
    if let holder = held[lock], holder.job != job, holder.until > now { return false }
    held[lock] = (job, now + StoreMutation.timeLimit)
    return true
  }

  private func release(_ job: JobID) {
    guard let lock = locks[job], held[lock]?.job == job else { return }
    held[lock] = nil
  }
}
