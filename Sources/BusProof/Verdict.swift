/// What the evidence proves: how often each promise was broken. All zeros is a bus that held.
struct Verdict: Equatable {
  /// A breach is kept as a sentence up to this many.
  static let maximumSentences = 20

  /// Acknowledged, or in an outbox that is still there, and not in the spool.
  var lost = 0
  /// In the spool more than once.
  var duplicates = 0
  /// Events of one publisher in another order than it published them.
  var disordered = 0
  /// In the spool, and published by nobody who may.
  var foreign = 0
  /// In the spool, and its job neither done nor dead.
  var undone = 0
  /// Events with more than one job.
  var doubled = 0
  /// Keys whose last change no successful run began after.
  var lostUpdates = 0
  /// Successful runs under one worker lock at the same time.
  var overlaps = 0
  /// Events that a watcher missed without being told.
  var silentGaps = 0
  /// Runs beyond the most attempts there may be.
  var excessAttempts = 0
  /// Each of the first breaches, in words.
  var sentences: [String] = []

  /// Whether nothing was broken.
  var holds: Bool {
    figures.allSatisfy { $0.1 == 0 }
  }

  /// Compares what was said with what is.
  init(_ evidence: Evidence, maximumAttempts: Int) {
    checkSpool(evidence)
    checkJobs(evidence)
    checkLocks(evidence)
    for lines in evidence.watched.values { checkWatcher(lines) }
    if evidence.highestAttempt > UInt64(maximumAttempts) {
      excessAttempts = 1
      say("a job had attempt \(evidence.highestAttempt) of at most \(maximumAttempts)")
    }
  }

  private mutating func checkSpool(_ evidence: Evidence) {
    var places: [UInt64: UInt64] = [:]
    var last: [UInt64: UInt64] = [:]
    for record in evidence.stored {
      if let first = places[record.event] {
        duplicates += 1
        say("event \(record.event) is in the spool as #\(first) and as #\(record.offset)")
        continue
      }
      places[record.event] = record.offset
      let publisher = record.event / Publisher.numberSpace
      if let before = last[publisher], before > record.event {
        disordered += 1
        say("event \(record.event) is behind \(before) of the same publisher")
      }
      last[publisher] = max(record.event, last[publisher] ?? 0)
    }
    foreign = evidence.strangers + places.keys.count { evidence.published[$0] == nil }
    if foreign > 0 { say("\(foreign) events of the spool were published by none of the publishers") }
    for (event, publication) in evidence.published
    where publication.isKept || publication.isAcknowledged {
      guard places[event] == nil else { continue }
      lost += 1
      say(
        "event \(event) was \(publication.isAcknowledged ? "acknowledged" : "in the outbox"), and is not in the spool")
    }
  }

  private mutating func checkJobs(_ evidence: Evidence) {
    for record in evidence.stored {
      let jobs = evidence.begun[record.event, default: []]
      if evidence.applied[record.event] == nil, jobs.isDisjoint(with: evidence.dead) {
        undone += 1
        say("event \(record.event), #\(record.offset), was never worked, and no job of it is dead")
      }
      if jobs.count > 1 {
        doubled += 1
        say("event \(record.event) had \(jobs.count) jobs")
      }
    }
  }

  private mutating func checkLocks(_ evidence: Evidence) {
    var changed: [UInt64: (event: UInt64, stamp: UInt64)] = [:]
    for record in evidence.stored {
      guard let publication = evidence.published[record.event] else { continue }
      if publication.stamp > changed[record.key]?.stamp ?? 0 { changed[record.key] = (record.event, publication.stamp) }
    }
    for (key, change) in changed {
      let runs = evidence.refreshed[key, default: []].sorted { $0.begin < $1.begin }
      if runs.last.map({ $0.begin < change.stamp }) ?? true {
        lostUpdates += 1
        say("key \(key): no successful run began after event \(change.event) was published")
      }
      for (run, next) in zip(runs, runs.dropFirst()) where next.begin < run.end {
        overlaps += 1
        say("key \(key): jobs \(run.job) and \(next.job) ran at the same time")
      }
    }
  }

  private mutating func checkWatcher(_ lines: [HistoryLine]) {
    var last: UInt64?
    for line in lines {
      // What is no longer kept was told: the sequence may go on anywhere.
      guard line.kind == "w" else {
        last = nil
        continue
      }
      if let last, line.numbers[0] != last + 1 {
        silentGaps += 1
        say("a watcher saw event \(line.numbers[0]) of the topic after event \(last)")
      }
      last = line.numbers[0]
    }
  }

  private mutating func say(_ sentence: String) {
    if sentences.count < Verdict.maximumSentences { sentences.append(sentence) }
  }
}
