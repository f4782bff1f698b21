internal import BusProtocol
internal import BusSpool
internal import BusStore
internal import BusTopology

/// The questions that busd answers from stored state. Each answer is one JSON object; the protocol article lists them.
extension StoreLoop {
  /// The longest list in one answer.
  private static let longestList = 1000

  /// The answer to a question, nil for one whose answer has to wait: who asks gets it later.
  func answer(
    _ about: String, _ parameters: JSONObject, at moment: Timestamp, _ waiter: WaitDesk.Waiter
  ) throws -> JSONValue? {
    let asked = JSONMembers(parameters, of: "ask \(about)")
    switch about {
    case "status": return status(at: moment)
    case "queues": return try queues()
    case "jobs": return ["jobs": .array(try store.jobs(try filter(asked, at: moment)).map(\.json))]
    case "job": return try oneJob(asked)
    case "wait": return try wait(for: try job(asked, "job"), waiter)
    case "batch": return try batch(asked)
    case "lines": return try lines(asked, waiter)
    case "subscriptions": return try subscriptionList()
    case "why": return try why(asked, at: moment)
    case "ledger": return try ledger(asked)
    case "lock": return try lock(asked)
    case "spool": return try spoolStatus()
    case "sessions": return sessionList()
    case "announcements":
      let limit = min(max(try asked.optional("limit") ?? 50, 1), StoreLoop.longestList)
      let list = try store.announcements(dueBy: Timestamp(microseconds: .max), limit: limit)
      return ["announcements": .array(list.map(\.json))]
    case "schedules": return try scheduleList(at: moment)
    case "inbox": return try inbox(asked, waiter)
    case "offset":
      let offset = try reader.offset(at: try Timestamp(try asked.string("at")))
      return ["offset": offset.rawValue.jsonValue]
    case "access": return access.answer(try AccessQuestion(asked))
    case "topology": return topologyText()
    default:
      throw Refusal(
        code: "unknown_question", message: "busd cannot be asked about \"\(about.prefix(40))\"",
        help:
          "ask about status, queues, jobs, job, wait, lines, batch, subscriptions, why, ledger, lock, spool, sessions, announcements, schedules, inbox, offset, access, topology"
      )
    }
  }

  private func status(at moment: Timestamp) -> JSONValue {
    [
      "version": .string(facts.version), "pid": Int(facts.processID).jsonValue,
      "uptime": (moment - facts.startedAt).inMicroseconds.jsonValue, "log": facts.log.jsonValue,
      "first": reader.first.rawValue.jsonValue, "head": reader.durable.rawValue.jsonValue,
      "sessions": facts.sessions.jsonValue,
      "endpoints": [
        "requests": .string(facts.endpoints.requests), "live": .string(facts.endpoints.live),
        "intake": .string(facts.endpoints.intake),
      ], "counters": counters.json, "topology": facts.topologyFile.map { .string($0) } ?? .null,
    ]
  }

  private func queues() throws -> JSONValue {
    var counts: [QueueName: QueueCounts] = [:]
    for count in try store.queueCounts() { counts[count.queue] = count }
    // A queue of the topology is there also while it is empty.
    for queue in facts.ranks.keys where counts[queue] == nil { counts[queue] = QueueCounts(queue: queue) }
    let sorted = counts.values.sorted {
      let (left, right) = (facts.ranks[$0.queue]?.priority ?? 100, facts.ranks[$1.queue]?.priority ?? 100)
      return ($0.queue.engine, right, $0.queue.name) < ($1.queue.engine, left, $1.queue.name)
    }
    return ["queues": .array(sorted.map(queueJSON))]
  }

  func queueJSON(_ counts: QueueCounts) -> JSONValue {
    let occupancy = jobs.occupancy(of: counts.queue)
    var object: JSONObject = [
      "queue": .string(counts.queue.description),
      "priority": (facts.ranks[counts.queue]?.priority ?? JobDesk.QueueRank.unnamed.priority).jsonValue,
      "ready": counts[.ready].jsonValue, "scheduled": counts[.scheduled].jsonValue,
      "blocked": counts[.blocked].jsonValue, "running": counts[.running].jsonValue,
      "parked": counts[.parked].jsonValue,
      "dead": counts[.dead].jsonValue,
      "oldest_ready_at": counts.oldestReady.map { .string($0.description) } ?? .null,
      "done": counts.totals.done.jsonValue, "not_needed": counts.totals.notNeeded.jsonValue,
      "merged": counts.totals.mergedWishes.jsonValue, "expired": counts.totals.expired.jsonValue,
      "cancelled": counts.totals.cancelled.jsonValue, "absorbed": counts.totals.merged.jsonValue,
      "enqueued": counts.totals.enqueued.jsonValue, "moved": counts.totals.moved.jsonValue,
      "revived": counts.totals.revived.jsonValue, "removed": counts.totals.removed.jsonValue,
      "pruned": counts.totals.pruned.jsonValue, "kept": counts.kept.jsonValue,
      "hands": occupancy.hands.jsonValue, "busy": occupancy.busy.jsonValue,
    ]
    object.set("weight", facts.ranks[counts.queue]?.weight)
    object.set("concurrency", counts.limits.concurrency)
    object.set("rate", counts.limits.rate?.description)
    object.set("limit", counts.limits.waiting)
    object.set("retry_budget", counts.limits.retries?.description)
    if let pause = counts.pause { object["pause"] = pause.json }
    return .object(object)
  }

  private func filter(_ asked: JSONMembers, at moment: Timestamp) throws -> JobFilter {
    var filter = JobFilter()
    if let word: String = try asked.optional("state") {
      guard let state = JobState(rawValue: word) else {
        let known = JobState.allCases.map(\.rawValue).joined(separator: ", ")
        throw Refusal(code: "bad_filter", message: "\"\(word.prefix(40))\" is no state", help: "use one of \(known)")
      }
      filter.state = state
    }
    if let queue: String = try asked.optional("queue") { filter.queue = try QueueName(queue) }
    if let engine: String = try asked.optional("engine") { filter.engine = try Name(engine, of: "engine") }
    if let worker: String = try asked.optional("worker") { filter.worker = try Name(worker, of: "worker") }
    filter.lock = try asked.optional("lock")
    filter.event = try asked.optional("event")
    filter.parent = try asked.optional("parent")
    filter.before = try asked.optional("before")
    if let since: String = try asked.optional("since") { filter.since = try Timestamp(since) }
    if let text: String = try asked.optional("where") {
      do { filter.where = try Filter(text).bound(to: .jobs, at: moment) } catch {
        throw Refusal(code: "bad_filter", message: error.problemAndPlace, help: error.help)
      }
    }
    if let word: String = try asked.optional("sort") {
      guard let sort = JobFilter.Sort(rawValue: word) else {
        let known = JobFilter.Sort.allCases.map(\.rawValue).joined(separator: ", ")
        throw Refusal(code: "bad_filter", message: "\"\(word.prefix(40))\" is no order", help: "use one of \(known)")
      }
      filter.sort = sort
    }
    filter.limit = min(max(try asked.optional("limit") ?? 50, 1), StoreLoop.longestList)
    return filter
  }

  /// The job of an id, or of a prefix that only one job has.
  func job(_ asked: JSONMembers, _ key: String = "id") throws -> Job {
    let text = try asked.string(key).uppercased()
    if text.utf8.count == 26 {
      guard let job = try store.job(try JobID(text)) else { throw notFound("job", text) }
      return job
    }
    let found = try store.jobs(withPrefix: text, limit: 3)
    guard found.count < 2 else {
      throw Refusal(
        code: "ambiguous", message: "more than one job begins with \(text)",
        help: "write more of it: \(found.map(\.id.description).joined(separator: ", "))")
    }
    guard let job = found.first else { throw notFound("job", text) }
    return job
  }

  func notFound(_ what: String, _ name: String) -> Refusal {
    Refusal(
      code: "not_found", message: "there is no \(what) \(name)",
      help: "it may never have been, or be past its retention")
  }

  private func subscriptionList() throws -> JSONValue {
    let list = try store.subscriptions().map { JSONValue.object(json($0)) }
    return ["subscriptions": .array(list), "head": reader.durable.rawValue.jsonValue]
  }

  private func json(_ status: SubscriptionStatus) -> JSONObject {
    let head = reader.durable
    let holder = subscriptions.holder(of: status.name).flatMap { processes[$0]?.process }
    var object: JSONObject = [
      "name": .string(status.name.description),
      "patterns": .array(status.patterns.map { .string($0.text) }), "conditions": .object(status.conditions),
      "start": status.start.map(\.rawValue.jsonValue) ?? .null, "cursor": status.cursor.rawValue.jsonValue,
      "lag": (head.rawValue - min(head, status.cursor).rawValue).jsonValue,
      "process": holder.map { .string($0) } ?? .null, "token": status.token.jsonValue,
      "declared_at": .string(status.declaredAt.description),
    ]
    object.set("pause", status.pause)
    return object
  }

  private func spoolStatus() throws -> JSONValue {
    let status = try reader.status()
    return [
      "directory": .string(status.directory), "segments": status.segments.jsonValue,
      "bytes": status.byteCount.jsonValue, "first": reader.first.rawValue.jsonValue,
      "head": reader.durable.rawValue.jsonValue, "free": status.freeByteCount.jsonValue,
    ]
  }

  private func sessionList() -> JSONValue {
    let list = processes.sorted { $0.key < $1.key }.map { session -> JSONValue in
      [
        "session": session.key.rawValue.jsonValue, "role": .string(session.value.role.rawValue),
        "principal": access.principal(of: session.key).map { .string($0.text) } ?? .null,
        "process": .string(session.value.process),
        "engine": session.value.engine.map { .string($0.text) } ?? .null,
      ]
    }
    return ["sessions": .array(list)]
  }

  private func topologyText() -> JSONValue {
    [
      "file": facts.topologyFile.map { .string($0) } ?? .null,
      "text": facts.topology.map { .string(TopologyText.shown($0)) } ?? .null,
    ]
  }

  // MARK: Why

  private func why(_ asked: JSONMembers, at moment: Timestamp) throws -> JSONValue {
    if asked.object["job"] != nil { return try whyJob(asked, at: moment) }
    return try whyEvent(try event(try asked.string("event")))
  }

  /// What became of an event: the jobs it made, the jobs it was merged into, and who has not come to it yet.
  private func whyEvent(_ event: Event) throws -> JSONValue {
    let decisions = try store.decisions(forEvent: event.id)
    let subscriptions = try store.subscriptions().map { status in
      var object = json(status)
      object["wanted"] = .bool(status.patterns.contains { $0.matches(event.topic) })
      object["handled"] = .bool(status.cursor >= event.offset)
      return JSONValue.object(object)
    }
    return [
      "event": event.cloudEvent, "jobs": .array(decisions.jobs.map(\.json)),
      "merges": .array(decisions.merges.map(json)),
      "subscriptions": .array(subscriptions),
    ]
  }

  private func json(_ merge: EventDecisions.Merge) -> JSONValue {
    var object: JSONObject = ["job": merge.into.jsonValue, "at": .string(merge.at.description)]
    object.set("subscription", merge.subscription?.description)
    object.set("policy", merge.policy.rawValue)
    if merge.isRerun { object.set("rerun", true) }
    return .object(object)
  }

  /// The event of an offset (`#184223`, `184223`) or of an id.
  private func event(_ text: String) throws -> Event {
    let digits = text.hasPrefix("#") ? String(text.dropFirst()) : text
    if text.utf8.count != 26, let number = UInt64(digits) {
      guard let event = try reader.event(at: Offset(number)) else { throw notFound("event", "#\(digits)") }
      return event
    }
    guard let event = try find(try EventID(text)) else { throw notFound("event", text) }
    return event
  }

  /// An id tells about when its event was made: the spool is searched from a little before then.
  private func find(_ id: EventID) throws -> Event? {
    var after =
      try id.time.map { try reader.offset(at: $0 - .seconds(60)) } ?? Offset(max(reader.first.rawValue, 1) - 1)
    for _ in 0..<StoreLoop.searchedChunks {
      let chunk = try reader.read(after: after, maximumByteCount: 1 << 20, maximumCount: 10_000) { _ in true }
      for event in try Record.events(chunk.bytes) where event.id == id { return event }
      guard chunk.through < chunk.head else { return nil }
      after = chunk.through
    }
    return nil
  }

  /// So far a search for an id goes on, in chunks of a MiB: a question must not keep the loop from its work.
  private static let searchedChunks = 64
}
