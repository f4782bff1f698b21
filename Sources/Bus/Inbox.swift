public import BusProtocol

extension BusClient {
  /// What somebody was told of jobs that ended, oldest first: behind a number, else the newest.
  ///
  /// A job tells those whom it was enqueued to `notify:`. An item is kept for as long as finished jobs are, and at most
  /// ``InboxItem/maximumCount`` of each owner.
  ///
  /// ```swift
  /// let items = try await bus.inbox(of: "user:42", unreadOnly: true)
  /// ```
  public func inbox(
    of owner: String, after number: UInt64? = nil, unreadOnly: Bool = false, limit: Int = 50,
    timeout: Duration = .seconds(10)
  ) async throws(BusError) -> [InboxItem] {
    try await inbox(of: owner, after: number, unreadOnly, limit, waits: false, timeout)
  }

  func inbox(
    of owner: String, after number: UInt64?, _ unreadOnly: Bool, _ limit: Int, waits: Bool, _ timeout: Duration
  ) async throws(BusError) -> [InboxItem] {
    var asked: JSONObject = ["owner": .string(owner), "unread": .bool(unreadOnly), "limit": limit.jsonValue]
    if let number { asked["after"] = number.jsonValue }
    if waits { asked["wait"] = true }
    let answer = try await ask("inbox", asked, timeout: timeout)
    do {
      return try answer.members("answer").list("inbox") { (json) throws(ProtocolError) in try InboxItem(json: json) }
    } catch {
      throw BusError(code: error.code.rawValue, error.message, help: "use a client and a busd of one version")
    }
  }

  /// Marks what somebody was told of these jobs as read, or all of it. Returns how many items were new.
  @discardableResult
  public func markRead(
    inboxOf owner: String, jobs: [JobID]? = nil, timeout: Duration = .seconds(10)
  ) async throws(BusError) -> Int {
    var asked: JSONObject = ["owner": .string(owner)]
    if let jobs { asked["ids"] = .array(jobs.map(\.jsonValue)) } else { asked["all"] = true }
    let reply = try await link.request(timeout: timeout) { [asked] in
      .change(request: $0, what: "read_inbox", parameters: asked)
    }
    guard case .changed(_, let answer) = reply, let count = answer["read"].flatMap({ Int64(jsonValue: $0) }) else {
      throw BusClient.unexpected(reply)
    }
    return Int(count)
  }

  /// What somebody is told from now on, or behind a number, as it comes.
  ///
  /// ```swift
  /// for try await item in bus.inboxUpdates(of: "user:42") { show(item) }
  /// ```
  /// It goes on over restarts of busd, misses nothing, and ends with the task.
  public func inboxUpdates(of owner: String, after number: UInt64? = nil) -> InboxSequence {
    InboxSequence(client: self, owner: owner, start: number)
  }
}

/// Items of an inbox, one after the other: see ``BusClient/inboxUpdates(of:after:)``.
public struct InboxSequence: AsyncSequence, Sendable {
  /// What somebody is told.
  public typealias Element = InboxItem

  let client: BusClient
  let owner: String
  let start: UInt64?

  /// Begins to wait.
  public func makeAsyncIterator() -> Iterator { Iterator(sequence: self, after: start) }

  /// Waits for the next item.
  public struct Iterator: AsyncIteratorProtocol {
    fileprivate let sequence: InboxSequence
    fileprivate var after: UInt64?
    private var items: ArraySlice<InboxItem> = []

    fileprivate init(sequence: InboxSequence, after: UInt64?) {
      self.sequence = sequence
      self.after = after
    }

    /// The next item; nil when the task is cancelled.
    public mutating func next() async throws -> InboxItem? {
      while items.isEmpty {
        guard !Task.isCancelled else { return nil }
        do throws(BusError) { items = try await more()[...] } catch {
          switch error.code {
          case "cancelled": return nil
          // Busd is away: it is asked again, and has kept what came.
          case "timeout", "unreachable": continue
          default: throw error
          }
        }
      }
      let item = items.popFirst()
      if let item { after = item.number }
      return item
    }

    private mutating func more() async throws(BusError) -> [InboxItem] {
      let (client, owner) = (sequence.client, sequence.owner)
      if let after { return try await client.inbox(of: owner, after: after, false, 100, waits: true, .seconds(10)) }
      after = try await client.inbox(of: owner, limit: 1).last?.number ?? 0
      return []
    }
  }
}
