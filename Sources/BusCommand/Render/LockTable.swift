internal import BusProtocol

/// The locks that are held now: by whom, how long, and who waits for them or was merged under them.
struct LockTable {
  /// A lock and the job that has it.
  struct Lock: Equatable {
    /// Which of the two it is.
    enum Kind: String {
      /// Of one that runs: the others wait.
      case worker
      /// Of one that waits: the others are merged into it.
      case queue
    }

    var key: String
    var kind: Kind
    var job: Job
    /// How many jobs wait for it.
    var waiting = 0
    /// How many runs it saved, since it is counted.
    var saved = 0

    /// Since when it is held.
    var since: Timestamp { kind == .worker ? job.startedAt ?? job.enqueuedAt : job.enqueuedAt }

    var json: JSONValue {
      [
        "lock": .string(key), "kind": .string(kind.rawValue), "job": job.id.jsonValue,
        "worker": .string(JobText.worker(job)), "since": .string(since.description), "waiting": waiting.jsonValue,
        "merged": job.merges.jsonValue, "saved": saved.jsonValue,
      ]
    }
  }

  var text: JobText
  var columns: Int?

  /// The locks of these jobs, those that hold up most first.
  static func locks(running: [Job], blocked: [Job], waiting: [Job]) -> [Lock] {
    let crowds = Dictionary(grouping: blocked.compactMap(\.wish.workerLock)) { $0 }.mapValues(\.count)
    let held = running.compactMap { job in
      job.wish.workerLock.map { Lock(key: $0, kind: .worker, job: job, waiting: crowds[$0] ?? 0) }
    }
    let merging = waiting.compactMap { job in job.wish.queueLock.map { Lock(key: $0, kind: .queue, job: job) } }
    return (held + merging).sorted {
      ($1.waiting, $1.job.merges, $0.since, $0.key) < ($0.waiting, $0.job.merges, $1.since, $1.key)
    }
  }

  /// Writes down what the locks saved.
  static func note(_ ledger: [LockLedger.Saving], in locks: inout [Lock]) {
    let sums = Dictionary(ledger.map { ($0.lock, $0.saved) }) { $0 + $1 }
    for index in locks.indices where locks[index].kind == .queue { locks[index].saved = sums[locks[index].key] ?? 0 }
  }

  /// The table of `bus locks`.
  func lines(_ locks: [Lock]) -> [String] {
    var table = Columns([
      ("LOCK", .left), ("KIND", .left), ("WORKER", .left), ("JOB", .left), ("HELD", .right), ("WAITING", .right),
      ("MERGED", .right), ("SAVED", .right),
    ])
    for lock in locks {
      table.add([
        .init(lock.key), .init(lock.kind.rawValue), .init(JobText.worker(lock.job)), .init("\(lock.job.id)"),
        .init(Brief.duration(text.time.now - lock.since)),
        .init("\(lock.waiting)", lock.waiting > 0 ? .yellow : .plain),
        .init("\(lock.job.merges)"), .init(lock.kind == .queue ? "\(lock.saved)" : "-"),
      ])
    }
    return table.lines(paint: text.paint, terminalColumns: columns)
  }
}
