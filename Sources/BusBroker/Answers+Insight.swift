internal import BusProtocol
internal import BusSpool
internal import BusStore
internal import BusTopology

/// Why a job is where it is, and what locks hold up and save.
extension StoreLoop {
  /// So many jobs and wishes of each kind are told of a lock.
  private static let toldOfLock = 100

  /// Why a job is where it is: its cause, who goes before it, what holds it up, what was merged into it. The id of a
  /// merged wish means the job that it became part of.
  func whyJob(_ asked: JSONMembers, at moment: Timestamp) throws -> JSONValue {
    let (job, wish) = try jobOrWish(asked)
    let standing = try store.standing(of: job, at: moment)
    var answer: JSONObject = ["job": job.json]
    answer.set("wish", wish)
    try addBatch(of: job, to: &answer)
    if job.state == .scheduled, try store.isHeldBack(job.id) {
      let budget = facts.topology?.queue(job.wish.queue)?.retryBudget
      answer["retry_budget"] = budget.map { .string($0.description) } ?? .null
    }
    if job.state == .ready { answer.set("position", standing.ahead) }
    write(standing, of: job, to: &answer)
    let occupancy = jobs.occupancy(of: job.wish.queue)
    answer.set("hands", occupancy.hands)
    answer.set("busy", occupancy.busy)
    if let counts = try store.queueCounts().first(where: { $0.queue == job.wish.queue }) {
      answer["queue"] = queueJSON(counts)
    }
    if let schedule = try schedule(of: job) { answer["schedule"] = schedule }
    if let offset = job.wish.cause.offset, let event = try reader.event(at: offset) {
      answer["event"] = event.cloudEvent
    }
    return .object(answer)
  }

  private func jobOrWish(_ asked: JSONMembers) throws -> (Job, wish: JobID?) {
    let text = try asked.string("job").uppercased()
    if text.utf8.count == 26, let id = try? JobID(text), let target = try store.target(ofWish: id),
      let job = try store.job(target)
    {
      return (job, id)
    }
    return (try job(asked, "job"), nil)
  }

  private func write(_ standing: JobStanding, of job: Job, to answer: inout JSONObject) {
    if job.state == .blocked {
      answer["waits_for"] = standing.waitsForLimit ? "limit" : "worker_lock"
      answer.set("ahead", standing.ahead)
      if !standing.waitsForLimit, let holder = standing.holders.first { answer["holder"] = holder.json }
      answer["holders"] = .array(standing.holders.map(\.json))
      answer.set("running", standing.holderCount)
      answer.set("next", standing.next)
    }
    answer.set("opens_at", standing.opensAt?.description)
    if job.state == .running { answer.set("waiting", standing.waiting) }
    answer["merges"] = .array(standing.merges.map(json))
  }

  /// The schedule that made it, by the source that such jobs have.
  private func schedule(of job: Job) throws -> JSONValue? {
    guard let source = job.wish.cause.source, source.hasPrefix("schedule:") else { return nil }
    let name = source.dropFirst("schedule:".count).prefix { $0 != " " }
    guard let status = try store.schedules().first(where: { $0.name.description == name }) else { return nil }
    var object: JSONObject = ["name": .string(status.name.description)]
    object.set("pause", status.pause)
    return .object(object)
  }

  /// What locks saved, those that saved most first.
  func ledger(_ asked: JSONMembers) throws -> JSONValue {
    let limit = min(max(try asked.optional("limit") ?? 50, 1), LockSaving.maximumCount)
    return ["ledger": .array(try store.savings(limit: limit).map(json))]
  }

  /// Who has to do with one lock.
  func lock(_ asked: JSONMembers) throws -> JSONValue {
    let key = try asked.string("key")
    let line = try store.line(ofLock: key, limit: StoreLoop.toldOfLock)
    let isUnknown = line.holders.isEmpty && line.keeper == nil && line.waiting.isEmpty && line.merges.isEmpty
    guard !isUnknown || !line.savings.isEmpty else { throw notFound("lock", key) }
    var answer: JSONObject = [
      "lock": .string(key), "holders": .array(line.holders.map(\.json)),
      "waiting": .array(line.waiting.map(\.json)), "waiting_count": line.waitingCount.jsonValue,
      "merges": .array(line.merges.map(json)), "ledger": .array(line.savings.map(json)),
    ]
    if let keeper = line.keeper { answer["keeper"] = keeper.json }
    return .object(answer)
  }

  private func json(_ saving: LockSaving) -> JSONValue {
    [
      "lock": .string(saving.lock), "worker": .string(saving.worker), "saved": saving.saved.jsonValue,
      "since": .string(saving.since.description), "last": .string(saving.last.description),
    ]
  }

  private func json(_ merge: MergedWish) -> JSONValue {
    var object: JSONObject = [
      "id": merge.id.jsonValue, "job": merge.into.jsonValue, "at": .string(merge.at.description),
    ]
    object.set("event", merge.event)
    object.set("offset", merge.offset?.rawValue)
    object.set("subscription", merge.subscription?.description)
    return .object(object)
  }
}

extension JSONObject {
  /// Writes how something is stopped, and nothing where it is not.
  mutating func set(_ key: String, _ pause: Pause?) {
    if let pause { self[key] = pause.json }
  }
}
