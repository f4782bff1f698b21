internal import BusProtocol

/// Why a job is not further than it is, line by line; the last one is what can be done about it.
struct WhyReasons {
  var text: JobText
  var answer: WhyJobAnswer

  private var time: TimeText { text.time }
  private var job: Job { answer.job }
  private var queue: QueueName { job.wish.queue }

  /// The lines for the state that the job is in.
  var lines: [String] { before + own }

  private var own: [String] {
    switch job.state {
    case .ready: ready
    case .blocked: answer.waitsForLimit ? limited : locked
    case .running: running
    case .scheduled: scheduled
    case .parked: parked
    case .dead: dead
    case .merged: merged
    case .cancelled, .expired: told + ["again: bus jobs retry \(job.id)"]
    case .notNeeded, .done: told + ["what came of it: bus trace \(job.id)"]
    }
  }

  private var told: [String] { job.reason == nil ? [] : [reason(or: "")] }

  private func reason(or other: String) -> String { "reason: \(Printable.line(job.reason ?? other))" }

  // MARK: Whatever its state is

  private var before: [String] { expiry + awaited }

  /// Until when a waiting job may start.
  private var expiry: [String] {
    guard job.state.isWaiting, job.attempts == 0, let end = job.wish.expiresAt else { return [] }
    return ["it expires \(time.relative(end)) (\(time(end))) unless it starts before"]
  }

  /// Whom it waited for, and who waits for it.
  private var awaited: [String] {
    var lines: [String] = []
    if let batch = answer.batch, batch.open == 0 { lines.append(WhyBatch(batch: batch).ended) }
    let word = job.state.isFinished ? "waited" : "waits"
    return lines + answer.awaitedBy.map { "job \($0) \(word) for its end: bus why \($0)" }
  }

  // MARK: It waits

  private var parked: [String] {
    if let batch = answer.batch, batch.open > 0 {
      return WhyBatch(batch: batch).lines + ["to take it out: bus jobs cancel \(job.id)"]
    }
    return [
      reason(or: "nothing can run it"),
      "it runs by itself once queue \(queue) is in the topology and a process knows \(job.wish.worker)",
      "whether they fit: bus topology check",
    ]
  }

  private var ready: [String] { stop + full + [ahead, crew] }

  private var ahead: String {
    let count = answer.position ?? 0
    guard count > 0 else { return "it is the next one of queue \(queue)" }
    return "\(Brief.count(count, "job")) of queue \(queue) \(count == 1 ? "goes" : "go") before it"
  }

  private var crew: String {
    guard answer.hands > 0 else { return "no process works queue \(queue): start one with 'bus work \(queue.engine)'" }
    return
      "\(Brief.count(answer.hands, "hand")) \(answer.hands == 1 ? "works" : "work") the queue, \(answer.busy) busy: bus ps"
  }

  /// How its queue is stopped.
  private var stop: [String] {
    guard let pause = answer.queuePause else { return [] }
    let since = Brief.duration(time.now - pause.since)
    let why = pause.reason.isEmpty ? "" : " (\(Printable.line(pause.reason)))"
    let end = pause.until.map { ", until \(time.relative($0))" } ?? ""
    let isPaused = pause.kind == .pause
    let words = "queue \(queue) is \(isPaused ? "paused" : "drained") for \(since)\(why)\(end)"
    return ["\(words): \(isPaused ? "bus queues resume \(queue)" : "what waits is worked")"]
  }

  /// What of its queue's limits is used up.
  private var full: [String] {
    var lines: [String] = []
    if let bound = answer.queueConcurrency, answer.queueRunning >= bound {
      lines.append("queue \(queue) lets \(bound) run at once, and \(answer.queueRunning) do")
    }
    if let opens = answer.opensAt, answer.queuePause?.kind != .pause {
      let rate = answer.queueRate.map { " of \(Printable.line($0))" } ?? ""
      lines.append("queue \(queue) has used up its rate\(rate): the next job starts \(time.relative(opens))")
    }
    return lines
  }

  // MARK: It is blocked

  private var locked: [String] {
    let lock = Printable.line(job.wish.workerLock ?? "?")
    var lines = stop
    if let holder = answer.holders.first ?? answer.holder {
      lines.append("worker lock \(lock) is held by \(self.holder(holder))")
      lines += line + ["it runs when that one ends: bus why \(holder.id)"]
    } else if let next = answer.next {
      lines += ["worker lock \(lock) is free, and \(next) goes first"] + line + ["it runs then: bus why \(next)"]
    } else {
      lines.append("worker lock \(lock) was held a moment ago: ask again")
    }
    return lines
  }

  private var limited: [String] {
    let limit = job.wish.limit
    let key = Printable.line(limit?.key ?? "?")
    var lines = stop
    if let bound = limit?.concurrency {
      let now = "\(answer.running) \(answer.running == 1 ? "does" : "do")"
      lines.append("limit \(key) lets \(bound) run at once, and \(now)")
    }
    if let rate = limit?.rate {
      let opens = answer.opensAt.map { ": the next job starts \(time.relative($0))" } ?? ""
      lines.append("limit \(key) lets \(rate) start\(opens)")
    }
    lines += answer.holders.map { "under it runs \(holder($0))" }
    if answer.running > answer.holders.count { lines.append("and \(answer.running - answer.holders.count) others") }
    return lines + line + ["all of them: bus locks show '\(key)'"]
  }

  private func holder(_ holder: Job) -> String {
    let since = holder.startedAt.map { ", running for \(Brief.duration(time.now - $0))" } ?? ""
    let place = holder.process.map { " on \(Printable.line($0))" } ?? ""
    return "\(JobText.worker(holder)) \(holder.id)\(since)\(place)"
  }

  private var line: [String] {
    guard let ahead = answer.ahead, ahead > 0 else { return [] }
    return ["\(Brief.count(ahead, "other job")) of queue \(queue) \(ahead == 1 ? "waits" : "wait") before it"]
  }

  // MARK: Its time has not come, or has

  private var scheduled: [String] {
    if let budget = answer.retryBudget {
      let words = String(jsonValue: budget).map { " of \(Printable.line($0))" } ?? ""
      let wait = "it failed, and waits for the retry budget\(words) of queue \(queue)"
      return stop + [wait, "at once: bus jobs run \(job.id)"]
    }
    let failedLast = job.failures.last.map { failure in job.startedAt.map { failure.at >= $0 } ?? true } ?? false
    let why =
      failedLast
      ? "it is tried again then" : job.startedAt == nil ? "it was asked for then" : "its worker put it off until then"
    return stop + ["\(why); at once: bus jobs run \(job.id)"]
  }

  private var running: [String] {
    var lines = job.startedAt.map { ["since \(time($0)), for \(Brief.duration(time.now - $0))"] } ?? []
    if let again = job.rerunAt {
      let when = again > time.now ? ", \(time.relative(again))" : " after this run"
      lines.append("asked for again meanwhile: it runs once more\(when)")
    }
    if let asked = job.cancelRequestedAt {
      let why = job.reason.map { " (\(Printable.line($0)))" } ?? ""
      lines.append("it was asked to stop \(time.relative(asked))\(why); by force: bus jobs cancel --force \(job.id)")
    } else {
      lines.append("to stop it: bus jobs cancel \(job.id)")
    }
    if answer.waiting > 0 {
      let held = [job.wish.workerLock, job.wish.limit?.key].compactMap(\.self).first ?? "?"
      let many = "\(Brief.count(answer.waiting, "job")) \(answer.waiting == 1 ? "waits" : "wait")"
      lines.append("\(many) for it to end: bus locks show '\(Printable.line(held))'")
    }
    return lines
  }

  private var dead: [String] {
    var lines = [reason(or: "all attempts failed")]
    if job.crashes >= Job.maximumCrashes {
      lines.append("it is in quarantine: its process was lost \(job.crashes) times, so it may be what ends them")
      lines.append("all such jobs: bus jobs ls --state dead --where 'crashes >= \(Job.maximumCrashes)'")
    }
    return lines + ["again: bus dlq retry \(job.id), or forget it: bus dlq rm \(job.id)"]
  }

  private var merged: [String] {
    let target = job.reason.flatMap { $0.split(separator: " ").last }.flatMap { try? JobID(String($0)) }
    return told + (target.map { ["that job does the work of both: bus why \($0)"] } ?? [])
  }
}
