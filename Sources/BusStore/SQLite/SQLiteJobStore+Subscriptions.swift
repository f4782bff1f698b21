public import BusProtocol

extension SQLiteJobStore {
  func declare(_ declaration: SubscriptionDeclaration, at now: Timestamp) throws -> StoreReply {
    let known = try standing(of: declaration.name)
    try statements.declare.bind(declaration.name.description)
      .bind(declaration.patterns.map(\.text).joined(separator: " "))
      .bind(JSONValue.object(declaration.conditions).text).bind(declaration.start.signed).bind(now).run()
    return .declared(cursor: known?.cursor ?? declaration.start, isNew: known == nil)
  }

  func lease(_ subscription: SubscriptionName) throws -> StoreReply {
    guard let standing = try standing(of: subscription) else { return refused(.unknownSubscription) }
    let token = book.nextToken()
    try statements.leaseSubscription.bind(token).bind(subscription.description).run()
    return .leased(token: token, cursor: standing.cursor)
  }

  /// Jobs and cursor, both or neither: an event is never passed before its jobs are kept, nor handled twice.
  func commit(_ commit: CursorCommit, at now: Timestamp) throws -> StoreReply {
    guard let standing = try standing(of: commit.subscription) else { return refused(.unknownSubscription) }
    guard standing.token == commit.token, commit.token > 0 else { return refused(.staleLease) }
    guard standing.cursor == commit.from, commit.through >= commit.from else {
      return refused(.cursorMoved(to: standing.cursor))
    }
    // Before the first is kept: those that fit now may together be more than the limit, or a step could be too large
    // to ever fit.
    for wish in commit.jobs {
      if let refusal = try refusal(of: wish, at: now) { return refused(.queueClosed(refusal)) }
    }
    let outcomes = try keep(commit.jobs, at: now)
    try statements.moveCursor.bind(commit.through.signed).bind(commit.subscription.description).run()
    return .committed(outcomes)
  }

  func seek(_ name: SubscriptionName, to offset: Offset) throws -> StoreReply {
    guard let standing = try standing(of: name) else { return .sought(from: nil) }
    try statements.leaseSubscription.bind(UInt64(0)).bind(name.description).run()
    try statements.moveCursor.bind(offset.signed).bind(name.description).run()
    return .sought(from: standing.cursor)
  }

  func forget(_ name: SubscriptionName) throws -> StoreReply {
    guard try standing(of: name) != nil else { return .forgotten(false) }
    try statements.forgetSubscription.bind(name.description).run()
    return .forgotten(true)
  }

  private func refused(_ refusal: CommitRefusal) -> StoreReply {
    book.counters.refusedCommits += 1
    return .refused(refusal)
  }

  private func standing(of name: SubscriptionName) throws -> (cursor: Offset, token: UInt64)? {
    try statements.subscription.bind(name.description).first {
      (Offset(UInt64(bitPattern: $0.integer())), UInt64(bitPattern: $0.integer()))
    }
  }

  /// The declared subscriptions, by name.
  public func subscriptions() throws(StoreError) -> [SubscriptionStatus] {
    try reading("the subscriptions", ofRuns: false) {
      try statements.subscriptions.all { row in
        SubscriptionStatus(
          name: try SubscriptionName(row.text() ?? ""),
          patterns: try (row.text() ?? "").split(separator: " ").map { try TopicPattern(String($0)) },
          conditions: try JSONParser.parse(Array((row.text() ?? "{}").utf8)).members("conditions").object,
          start: row.optionalInteger().map { Offset(UInt64(bitPattern: $0)) },
          cursor: Offset(UInt64(bitPattern: row.integer())), declaredAt: Timestamp(microseconds: row.integer()),
          token: UInt64(bitPattern: row.integer()), pause: row.pause())
      }
    }
  }

  /// The cursor of the subscription that is furthest behind.
  public func minimumCursor() throws(StoreError) -> Offset? {
    try reading("the cursors", ofRuns: false) {
      try statements.minimumCursor.first { $0.optionalInteger() }?.map { Offset(UInt64(bitPattern: $0)) }
    }
  }
}
