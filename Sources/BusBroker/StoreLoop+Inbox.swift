internal import BusProtocol
internal import BusStore
internal import Logging

/// Inboxes: what people are told of jobs that ended.
extension StoreLoop {
  /// The items of an owner; with `wait` nil while there are none behind the number, and the answer comes later.
  func inbox(_ asked: JSONMembers, _ origin: WaitDesk.Waiter) throws -> JSONValue? {
    let waiter = InboxDesk.Waiter(
      session: origin.session, request: origin.request, owner: try InboxItem.checked(owner: asked.string("owner")),
      after: asked.optionalValue("after") == nil ? 0 : try asked.number("after"),
      unreadOnly: try asked.optional("unread") ?? false,
      limit: min(max(try asked.optional("limit") ?? 50, 1), InboxItem.maximumCount))
    let after = asked.optionalValue("after") == nil ? nil : waiter.after
    let items = try store.inbox(
      of: waiter.owner, after: after, unreadOnly: waiter.unreadOnly, limit: waiter.limit)
    let waits: Bool = try asked.optional("wait") ?? false
    guard waits, items.isEmpty else { return try answer(items) }
    guard inboxes.add(waiter, now: thread.now) else {
      throw Refusal(
        code: "busy", message: "\(InboxDesk.limit) callers wait for inboxes already", retryAfter: .seconds(1))
    }
    return nil
  }

  /// Answers those whose inbox has got something, and those who have waited long enough.
  func tellInboxes() {
    for waiter in inboxes.due(store.takeInboxNews(), now: thread.now) {
      do {
        let items = try store.inbox(
          of: waiter.owner, after: waiter.after, unreadOnly: waiter.unreadOnly, limit: waiter.limit)
        send(.answer(request: waiter.request, try answer(items)), to: waiter.session)
      } catch {
        refuse(
          Refusal(code: "store", message: "\(error)", retryAfter: .seconds(1)), request: waiter.request,
          session: waiter.session)
      }
    }
  }

  /// As much as fits into a message: the rest is behind the last number.
  private func answer(_ items: [InboxItem]) throws -> JSONValue {
    var (list, byteCount): ([JSONValue], Int) = ([], 0)
    for item in items {
      let json = try shown(item)
      byteCount += json.bytes.count
      if byteCount > 1 << 20, !list.isEmpty { break }
      list.append(json)
    }
    return ["inbox": .array(list)]
  }

  /// Without what stood at redacted paths of the job: errors and results may repeat it.
  private func shown(_ item: InboxItem) throws -> JSONValue {
    guard !facts.redaction.isEmpty, let job = try store.job(item.job) else { return item.json }
    return facts.redaction.shown(item.json, leftBy: job)
  }

  func readInbox(_ asked: JSONMembers, _ origin: Origin) throws {
    let owner = try InboxItem.checked(owner: try asked.string("owner"))
    var jobs: [JobID]?
    if try asked.optional("all", as: Bool.self) != true {
      jobs = try asked.list("ids") { (json) throws(ProtocolError) in
        guard let id = JobID(jsonValue: json) else { throw ProtocolError(.badMessage, "ids holds what is no id") }
        return id
      }
    }
    guard (jobs?.count ?? 0) <= InboxItem.maximumCount else {
      throw ProtocolError(.tooLarge, "\(jobs?.count ?? 0) items are named, the limit is \(InboxItem.maximumCount)")
    }
    add(.markRead(owner: owner, jobs: jobs), for: origin) { loop, reply in
      guard case .markedRead(let count) = reply else { return }
      // People read all the time: this is no line for busd's log.
      loop.send(
        .changed(request: origin.request, ["owner": .string(owner), "read": count.jsonValue]), to: origin.session)
    }
  }
}
