internal import BusProtocol
internal import GRDB

/// Cursors: each moves only together with the jobs that its step asks for.
extension SQLiteJobStore {
  func declare(_ declaration: SubscriptionDeclaration, at now: Timestamp, in database: Database) throws -> StoreReply {
    let name = declaration.name.description
    let patterns = JSONValue.array(declaration.patterns.map { .string($0.text) }).text
    try database.run(
      "INSERT OR IGNORE INTO subscription(name, patterns, cursor, declared_at) VALUES (?, ?, ?, ?)",
      [name, patterns, Int64(declaration.start.rawValue), now.microseconds])
    if database.changesCount > 0 { return .declared(cursor: declaration.start, isNew: true) }
    try database.run("UPDATE subscription SET patterns = ? WHERE name = ?", [patterns, name])
    let row = try database.row("SELECT cursor FROM subscription WHERE name = ?", [name])
    return .declared(cursor: Offset(UInt64((row?["cursor"] as Int64?) ?? 0)), isNew: false)
  }

  func lease(_ name: SubscriptionName, in database: Database) throws -> StoreReply {
    token += 1
    let row = try database.row(
      "UPDATE subscription SET token = ? WHERE name = ? RETURNING cursor", [Int64(token), name.description])
    guard let row else { return .refused(.unknownSubscription) }
    return .leased(token: token, cursor: Offset(UInt64(row["cursor"] as Int64)))
  }

  func commit(
    _ name: SubscriptionName, token: UInt64, from: Offset, through: Offset, jobs: [NewJob], at now: Timestamp,
    in database: Database
  ) throws -> StoreReply {
    guard
      let row = try database.row("SELECT cursor, token FROM subscription WHERE name = ?", [name.description])
    else { return .refused(.unknownSubscription) }
    guard UInt64(row["token"] as Int64) == token else { return .refused(.staleLease) }
    let cursor = Offset(UInt64(row["cursor"] as Int64))
    guard cursor == from else { return .refused(.cursorMoved(to: cursor)) }
    try database.run(
      "UPDATE subscription SET cursor = ? WHERE name = ?", [Int64(through.rawValue), name.description])
    return .committed(try jobs.map { try enqueue($0, at: now, in: database) })
  }
}
