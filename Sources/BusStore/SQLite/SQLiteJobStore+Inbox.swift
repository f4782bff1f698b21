public import BusProtocol

/// Inboxes: whoever a job is to notify is told of its end, in the transaction in which it ended.
extension SQLiteJobStore {
  static let completionTopic: Topic = "job_completed"
  /// So many are told of one job at the most: equal wishes that were merged have one each.
  static let maximumOwnerCount = 100

  /// The end of a job that is not finished will be told to one more.
  func tell(_ owner: String, ofEndOf job: JobID) throws {
    guard let before = try statements.inbox.notified.bind(job).first({ $0.text() }) else { return }
    var owners = try before.map(SQLiteJobStore.owners) ?? []
    guard !owners.contains(owner), owners.count < SQLiteJobStore.maximumOwnerCount else { return }
    owners.append(owner)
    try settleLease(of: job)
    forgetOrder()
    try statements.inbox.notify.bind(JSONValue.array(owners.map { .string($0) }).text).bind(job).run()
  }

  /// The owners of the column `notify`.
  static func owners(_ text: String) throws -> [String] {
    guard case .array(let owners) = try JSONParser.parse(Array(text.utf8)) else { return [] }
    return owners.compactMap { String(jsonValue: $0) }
  }

  /// Tells that a job ended: an item for each owner, and an event for those who write mails.
  func tellEnd(of id: JobID, to notify: String, at now: Timestamp) throws {
    guard let job = try statements.job.bind(id).first({ try self.job($0) }) else { return }
    let owners = try SQLiteJobStore.owners(notify)
    let text = job.state == .done ? nil : job.reason ?? (job.state == .dead ? job.failures.last?.error : nil)
    for owner in owners {
      try statements.inbox.forget.bind(owner).bind(id).run()
      try statements.inbox.insert.bind(owner).bind(id).bind(job.wish.queue.description).bind(job.wish.worker.text)
        .bind(job.state).bind(now).bind(text).bind(job.result?.text).run()
      try statements.inbox.trim.bind(owner).bind(InboxItem.maximumCount).run()
      inboxNews.insert(owner)
    }
    try announceCompletion(of: job, to: owners, text, at: now)
  }

  private func announceCompletion(of job: Job, to owners: [String], _ text: String?, at now: Timestamp) throws {
    // What handles ends and tells of its own says nothing, or it would be told of itself for ever.
    guard job.wish.cause.topic != SQLiteJobStore.completionTopic else { return }
    var data: JSONObject = [
      "job": job.id.jsonValue, "queue": .string(job.wish.queue.description), "worker": .string(job.wish.worker.text),
      "state": .string(job.state.rawValue), "notify": .array(owners.map { .string($0) }),
    ]
    data.set("text", text)
    if let result = job.result { data["result"] = result }
    let cause = job.wish.cause
    let headers = EventHeaders(
      source: "busd", trace: cause.trace, causation: .job(job.id),
      correlation: cause.correlation ?? CorrelationID(high: job.id.high, low: job.id.low), context: cause.context)
    // Of one job each end has its own lease or its own number of retries, and so its own id; a death has another.
    let chance = job.id.low ^ (job.token &+ UInt64(job.retries) &+ 1) &* 0xD6E8_FEB8_6659_FD93
    let event = EventID(at: now, random: (chance >> 32, chance))
    _ = try announce([
      Announcement(
        id: event, topic: SQLiteJobStore.completionTopic, data: JSONValue.object(data).bytes, dueAt: now,
        headers: headers)
    ])
  }

  // MARK: Reading

  func markRead(_ owner: String, _ jobs: [JobID]?, at now: Timestamp) throws -> Int {
    guard let jobs else { return try statements.inbox.readAll.bind(now).bind(owner).run() }
    return try jobs.reduce(0) { count, job in
      count + (try statements.inbox.read.bind(now).bind(owner).bind(job).run())
    }
  }

  /// What an inbox has, oldest first: behind a number, else the newest.
  public func inbox(
    of owner: String, after number: UInt64?, unreadOnly: Bool, limit: Int
  ) throws(StoreError) -> [InboxItem] {
    try reading("the inbox of \(owner)", ofRuns: false) {
      let inbox = statements.inbox
      guard let number else {
        let statement = unreadOnly ? inbox.newestUnread : inbox.newest
        return try statement.bind(owner).bind(limit).all { try self.item($0) }.reversed()
      }
      let statement = unreadOnly ? inbox.behindUnread : inbox.behind
      return try statement.bind(owner).bind(Int64(clamping: number)).bind(limit).all { try self.item($0) }
    }
  }

  /// Whose inbox has got something since this was asked last.
  public func takeInboxNews() -> Set<String> {
    defer { inboxNews = [] }
    return inboxNews
  }

  private func item(_ row: SQLStatement) throws -> InboxItem {
    let number = UInt64(clamping: row.integer())
    let owner = row.text() ?? ""
    guard let job: JobID = row.id() else {
      throw StoreError(.corrupt, "item \(number) of an inbox has no job: restore from a backup")
    }
    return InboxItem(
      number: number, owner: owner, job: job, queue: try QueueName(row.text() ?? ""),
      worker: try Name(row.text() ?? ""), state: try JobState(code: row.integer()),
      at: Timestamp(microseconds: row.integer()), text: row.text(),
      result: try row.text().map { try JSONParser.parse(Array($0.utf8)) }, readAt: row.time())
  }
}
