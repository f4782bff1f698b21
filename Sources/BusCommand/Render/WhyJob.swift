internal import BusProtocol

/// busd's answer to why a job is where it is.
struct WhyJobAnswer {
  /// The job.
  var job: Job
  /// How many jobs go before it, while it is ready.
  var position: Int?
  /// The id that was asked about, when it is that of a wish that was merged into the job.
  var wish: JobID?
  /// Who holds its worker lock, while it is blocked.
  var holder: Job?
  /// Whether it is blocked by its limit, and not by its worker lock.
  var waitsForLimit: Bool
  /// Some of those that hold what it waits for, and how many there are.
  var holders: [Job]
  var running: Int
  /// How many wait before it, and who goes first where nobody runs.
  var ahead: Int?
  var next: JobID?
  /// When time alone lets the next job of its limit or its queue start.
  var opensAt: Timestamp?
  /// How many wait for it to end.
  var waiting: Int
  /// Its queue: how it is stopped and limited.
  var queuePause: QueuePause?
  var queueConcurrency: Int?
  var queueRate: String?
  var queueRunning: Int
  /// The schedule that made it, and how that is stopped.
  var schedule: (name: String, pause: Pause?)?
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
    wish = try members.optional("wish")
    waitsForLimit = members.optionalValue("waits_for") == "limit"
    let hasHolders = members.optionalValue("holders") != nil
    holders = try hasHolders ? members.list("holders") { (json) throws(ProtocolError) in try Job(json: json) } : []
    running = try members.optional("running") ?? holders.count
    ahead = try members.optional("ahead")
    next = try members.optional("next")
    opensAt = try members.optional("opens_at", as: String.self)
      .map { (text) throws(ProtocolError) in try Timestamp(text) }
    waiting = try members.optional("waiting") ?? 0
    let queue = JSONMembers(try members.optionalObject("queue") ?? [:], of: "queue")
    queuePause = try queue.optionalValue("pause")
      .map { (json) throws(ProtocolError) in try QueuePause(json: json) }
    queueConcurrency = try queue.optional("concurrency")
    queueRate = try queue.optional("rate")
    queueRunning = try queue.optional("running") ?? 0
    if let schedule = try members.optionalObject("schedule") {
      let schedule = JSONMembers(schedule, of: "schedule")
      let pause = try schedule.optionalValue("pause").map { (json) throws(ProtocolError) in try Pause(json: json) }
      self.schedule = (try schedule.string("name"), pause)
    }
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
    let reasons = WhyReasons(text: text, answer: answer).lines
    return TreeNode(text: headline, notes: wish(answer) + reasons + failures(job), children: causes(answer)).lines
  }

  private func wish(_ answer: WhyJobAnswer) -> [String] {
    answer.wish.map { ["\($0) was asked for while it waited, and merged into it"] } ?? []
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

  // MARK: What went wrong

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

  private func merge(_ json: JSONValue) -> String { "merged: \(WishText(time: time).words(json))" }

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
    if let schedule = answer.schedule {
      let pause = schedule.pause.map { pause in
        ", which is paused \(PauseText(time: time).words(pause)): bus cron resume \(schedule.name)"
      }
      nodes.append(TreeNode(text: "schedule \(schedule.name)\(pause ?? "")"))
    }
    if nodes.isEmpty, let source = cause.source { nodes.append(TreeNode(text: "by \(Printable.line(source))")) }
    return nodes
  }
}
