internal import BusProtocol

/// busd's answer to why a job is where it is.
struct WhyJobAnswer {
  /// The job.
  var job: Job
  /// How many jobs go before it, while it is ready.
  var position: Int?
  /// Who holds its worker lock, while it is blocked.
  var holder: Job?
  /// The events whose wishes were merged into it.
  var merges: [JSONValue]
  /// What it waits for, or waited for: of its batch some of those that have not ended.
  var batch: JobBatch?
  /// The jobs that wait for its end, or did.
  var awaitedBy: [JobID]
  /// How many hands work its queue, and how many of those are busy.
  var hands: Int
  var busy: Int
  /// The event that led to it, where the spool still has it.
  var event: JSONValue?
  /// The retry budget of its queue, while it waits for that.
  var retryBudget: JSONValue?

  /// Reads the answer.
  init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("answer")
    job = try Job(json: try members.value("job"))
    position = try members.optional("position")
    if let found = members.object["holder"], found != .null { holder = try Job(json: found) }
    merges = try members.list("merges") { $0 }
    batch = try members.optionalValue("batch").map { (json) throws(ProtocolError) in try JobBatch(json: json) }
    awaitedBy = try members.list("awaited_by") { JobID(jsonValue: $0) }.compactMap(\.self)
    hands = try members.optional("hands") ?? 0
    busy = try members.optional("busy") ?? 0
    event = members.object["event"]
    retryBudget = members.object["retry_budget"]
  }
}

/// Tells why a job is where it is, as a tree of causes.
struct WhyJob {
  var text: JobText

  private var time: TimeText { text.time }

  /// The lines of `bus why JOB`.
  func lines(_ answer: WhyJobAnswer) -> [String] {
    let job = answer.job
    let headline = "\(JobText.title(job))  \(text.paint(state(job), JobText.ink(job.state)))"
    return TreeNode(
      text: headline, notes: reasons(answer) + expiry(job) + awaited(answer) + failures(job), children: causes(answer)
    ).lines
  }

  // MARK: The state in a few words

  private func state(_ job: Job) -> String {
    switch job.state {
    case .done, .notNeeded, .dead, .merged, .cancelled, .expired: ended(job)
    case .running: "running, attempt \(attempts(job))" + (job.process.map { " on \(Printable.line($0))" } ?? "")
    case .ready, .blocked: "\(job.state.rawValue), \(text.when(job))"
    case .scheduled: job.wish.dueAt.map { "scheduled, due \(time.relative($0)) (\(time($0)))" } ?? "scheduled"
    case .parked: "parked, \(text.when(job))"
    }
  }

  private func ended(_ job: Job) -> String {
    var parts = [JobText.word(job.state)]
    if let started = job.startedAt, let finished = job.finishedAt {
      parts.append(Brief.duration(finished - started))
    }
    if job.attempts > 0 { parts.append("attempt \(attempts(job))") }
    if let started = job.startedAt, job.attempts == 1 {
      parts.append("waited \(Brief.duration(started - (job.wish.dueAt ?? job.enqueuedAt)))")
    }
    if let finished = job.finishedAt { parts.append(time.relative(finished)) }
    return parts.joined(separator: ", ")
  }

  private func attempts(_ job: Job) -> String {
    "\(job.attempts)" + (job.wish.retry.map { " of \($0.attempts)" } ?? "")
  }

  // MARK: Why it is not further

  private func reasons(_ answer: WhyJobAnswer) -> [String] {
    let job = answer.job
    switch job.state {
    case .ready: return [ahead(answer), crew(answer)]
    case .blocked: return blocked(answer)
    case .running: return running(job)
    case .parked:
      if let batch = answer.batch, batch.open > 0 { return WhyBatch(batch: batch).lines }
      return [
        "reason: \(Printable.line(job.reason ?? "nothing can run it"))",
        "it runs by itself once queue \(job.wish.queue) is in the topology and a process knows \(job.wish.worker)",
      ]
    case .dead: return dead(job)
    case .scheduled where answer.retryBudget != nil:
      let budget = answer.retryBudget.flatMap { String(jsonValue: $0) }.map { " of \(Printable.line($0))" } ?? ""
      return ["it failed, and waits for the retry budget\(budget) of queue \(job.wish.queue)"]
    case .scheduled, .merged, .cancelled, .expired, .notNeeded, .done:
      return job.reason.map { ["reason: \(Printable.line($0))"] } ?? []
    }
  }

  private func dead(_ job: Job) -> [String] {
    var lines = [
      "reason: \(Printable.line(job.reason ?? "all attempts failed"))",
      "it is kept as it is: bus jobs show \(job.id)",
    ]
    if job.crashes >= Job.maximumCrashes {
      lines.append("it is in quarantine: its process was lost \(job.crashes) times, so it may be what ends them")
      lines.append("all such jobs: bus jobs ls --state dead --where 'crashes >= \(Job.maximumCrashes)'")
    }
    return lines
  }

  /// Whom it waited for, and who waits for it.
  private func awaited(_ answer: WhyJobAnswer) -> [String] {
    var lines: [String] = []
    if let batch = answer.batch, batch.open == 0 { lines.append(WhyBatch(batch: batch).ended) }
    let word = answer.job.state.isFinished ? "waited" : "waits"
    return lines + answer.awaitedBy.map { "job \($0) \(word) for its end: bus why \($0)" }
  }

  private func ahead(_ answer: WhyJobAnswer) -> String {
    let queue = answer.job.wish.queue
    let count = answer.position ?? 0
    guard count > 0 else { return "it is the next one of queue \(queue)" }
    return "\(Brief.count(count, "job")) of queue \(queue) \(count == 1 ? "goes" : "go") before it"
  }

  private func crew(_ answer: WhyJobAnswer) -> String {
    let queue = answer.job.wish.queue
    guard answer.hands > 0 else { return "no process works queue \(queue): start one with 'bus work \(queue.engine)'" }
    return "\(Brief.count(answer.hands, "hand")) \(answer.hands == 1 ? "works" : "work") the queue, \(answer.busy) busy"
  }

  private func blocked(_ answer: WhyJobAnswer) -> [String] {
    let lock = answer.job.wish.workerLock ?? "?"
    guard let holder = answer.holder else { return ["worker lock \(lock) was held a moment ago: ask again"] }
    let since = holder.startedAt.map { ", running for \(Brief.duration(time.now - $0))" } ?? ""
    let place = holder.process.map { " on \(Printable.line($0))" } ?? ""
    return [
      "worker lock \(lock) is held by \(JobText.worker(holder)) \(holder.id)\(since)\(place)",
      "it runs when that one ends: bus why \(holder.id)",
    ]
  }

  private func running(_ job: Job) -> [String] {
    let since = job.startedAt.map { "since \(time($0)), for \(Brief.duration(time.now - $0))" }
    let again = job.rerunAt.map {
      "asked for again meanwhile: it runs once more" + ($0 > time.now ? ", \(time.relative($0))" : " after this run")
    }
    return [since, again].compactMap(\.self)
  }

  /// Until when a waiting job may start.
  private func expiry(_ job: Job) -> [String] {
    guard job.state.isWaiting, job.attempts == 0, let end = job.wish.expiresAt else { return [] }
    return ["it expires \(time.relative(end)) (\(time(end))) unless it starts before"]
  }

  /// All failures of a dead job, the last one of any other.
  private func failures(_ job: Job) -> [String] {
    let shown = job.state == .dead ? job.failures[...] : job.failures.suffix(1)
    return shown.map { "attempt \($0.attempt) failed \(time($0.at)): \(Printable.line($0.error))" }
  }

  // MARK: What led to it

  private func causes(_ answer: WhyJobAnswer) -> [TreeNode] {
    let job = answer.job
    var facts = ["queue \(job.wish.queue)"]
    if let lock = job.wish.queueLock { facts.append("queue lock \(Printable.line(lock))") }
    if let lock = job.wish.workerLock { facts.append("worker lock \(Printable.line(lock))") }
    if job.merges > 0 {
      facts.append("\(Brief.count(job.merges, "later enqueue")) merged" + WhyEvent.inputs(job.wish.onMerge))
    }
    let origin = job.wish.cause.subscription.map { "subscription \($0)" } ?? "enqueued \(time(job.enqueuedAt))"
    let way = TreeNode(
      text: "\(origin)  \(facts.joined(separator: ", "))", notes: answer.merges.map(merge), children: source(answer))
    return [way]
  }

  private func merge(_ json: JSONValue) -> String {
    let offset = json["offset"].flatMap(UInt64.init(jsonValue:)).map { Offset($0).description }
    let event = json["event"].flatMap(String.init(jsonValue:))
    let subscription = json["subscription"].flatMap(String.init(jsonValue:))
    let at = json["at"].flatMap(String.init(jsonValue:)).flatMap { try? Timestamp($0) }
    let words = [
      "merged: the enqueue", subscription.map { "of \($0)" }, (offset ?? event).map { "for event \($0)" },
      at.map { time($0) },
    ]
    return Printable.line(words.compactMap(\.self).joined(separator: " "))
  }

  private func source(_ answer: WhyJobAnswer) -> [TreeNode] {
    let cause = answer.job.wish.cause
    var nodes: [TreeNode] = []
    if let event = answer.event {
      nodes.append(EventTree(time: time).node(event))
    } else if let id = cause.event {
      let place = cause.offset.map { " \($0)" } ?? ""
      nodes.append(TreeNode(text: "event \(cause.topic?.text ?? "?")\(place) \(id), no longer kept"))
    }
    if let job = cause.job { nodes.append(TreeNode(text: "job \(job)  enqueued it: bus why \(job)")) }
    if nodes.isEmpty, let source = cause.source { nodes.append(TreeNode(text: "by \(Printable.line(source))")) }
    return nodes
  }
}
