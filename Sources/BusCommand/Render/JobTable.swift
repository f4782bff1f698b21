internal import BusProtocol
internal import BusSigning

/// Jobs as a table, and one job with all that is known of it.
struct JobTable {
  var text: JobText
  var columns: Int?

  /// The table of `bus jobs ls`.
  func lines(_ jobs: [Job]) -> [String] {
    var table = Columns([
      ("ID", .left), ("STATE", .left), ("WORKER", .left), ("INPUTS", .left), ("LOCK", .left), ("TRIES", .right),
      ("WHEN", .left), ("NOTE", .left),
    ])
    let names = JobText.shortNames(jobs.map(\.id))
    for job in jobs {
      table.add([
        .init(names[job.id] ?? job.id.description), .init(JobText.word(job.state), JobText.ink(job.state)),
        .init(JobText.worker(job)), .init(inputs(job)), .init(job.wish.workerLock ?? job.wish.queueLock ?? "-"),
        .init(JobText.tries(job)), .init(text.when(job)), .init(note(job)),
      ])
    }
    return table.lines(paint: text.paint, terminalColumns: columns)
  }

  /// What stands below the table: how many there are, and what to look at next.
  func footer(_ jobs: [Job]) -> String {
    let count = Brief.count(jobs.count, "job")
    let interesting = jobs.first { $0.state == .dead } ?? jobs.first { $0.state == .blocked || $0.state == .parked }
    guard let job = interesting ?? jobs.first else { return "\(count)." }
    let name = JobText.shortNames(jobs.map(\.id))[job.id] ?? job.id.description
    return "\(count). Why one is where it is: bus why \(name)"
  }

  /// The lines of `bus jobs show`.
  func details(_ job: Job, batch: JobBatch? = nil, awaitedBy: [JobID] = []) -> [String] {
    var facts: [(String, String?)] = [
      ("job", job.id.description), ("worker", JobText.worker(job)),
      ("inputs", JSONValue.object(job.wish.inputs).text), ("state", JobText.word(job.state)),
      ("progress", job.progress.map(NewsText.progress)), ("answer", job.result?.text), ("reason", job.reason),
      ("queue", job.wish.queue.description),
      ("priority", "\(job.wish.priority)"),
      ("queue lock", job.wish.queueLock), ("worker lock", job.wish.workerLock), ("tries", JobText.tries(job)),
      ("crashes", job.crashes > 0 ? "\(job.crashes)" : nil), ("merges", job.merges > 0 ? "\(job.merges)" : nil),
      ("enqueued", text.time(job.enqueuedAt)), ("due", job.wish.dueAt.map { text.time($0) }),
      ("started", job.startedAt.map { text.time($0) }), ("finished", job.finishedAt.map { text.time($0) }),
      ("process", job.process),
    ]
    facts += causes(job.wish.cause)
    facts += (batch.map { WhyBatch(batch: $0).lines } ?? []).map { ("batch", $0) }
    facts += awaitedBy.map { ("awaited by", $0.description) }
    facts += job.failures.map { ("attempt \($0.attempt)", "\(text.time($0.at)) \($0.error)") }
    let width = facts.filter { $0.1 != nil }.map(\.0.count).max() ?? 0
    return facts.compactMap { name, value in
      guard let value else { return nil }
      let blanks = String(repeating: " ", count: width - name.count)
      return "\(text.paint(name, .bold))\(blanks)  \(Printable.line(value))"
    }
  }

  private func causes(_ cause: JobCause) -> [(String, String?)] {
    let event = cause.event.map { event in
      [cause.topic?.text, cause.offset?.description, event.description].compactMap(\.self).joined(separator: " ")
    }
    return [
      ("event", event), ("subscription", cause.subscription?.description), ("by job", cause.job?.description),
      ("by", cause.source), ("trace", cause.trace?.description),
      ("context", cause.context.map { JSONValue.object(ContextSeal.values(of: $0)).text }),
    ]
  }

  private func inputs(_ job: Job) -> String {
    DisplayWidth.truncate(Printable.line(JSONValue.object(job.wish.inputs).text), to: 60)
  }

  private func note(_ job: Job) -> String {
    job.reason ?? job.failures.last.map { Printable.line($0.error) } ?? ""
  }
}
