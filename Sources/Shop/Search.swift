internal import Bus
internal import GRDB

/// Keeps one user's search document in step with the table of users.
struct IndexUser: Worker {
  let userID: Int
  var queueLock: LockKey? { LockKey(userID) }

  func work(_ run: Run<SearchServices>) async throws {
    try run.services.index.write(try run.services.users.find(userID), id: userID)
  }
}

/// What the search engine's workers need: the truth to read, the index to write.
struct SearchServices: Sendable {
  let users: Users
  let index: SearchIndex
}

/// The engine that finds users by words.
let searchEngine = Engine("search", services: SearchServices(users: try Users(), index: try SearchIndex())) {
  Subscription("user_changed", named: "user_index") { event in IndexUser(userID: try event["id"]) }
}

/// A full-text index of the users, in a file of its own.
struct SearchIndex: Sendable {
  let database: DatabasePool

  init() throws {
    database = try Places.database("search") { migrator in
      migrator.registerMigration("index") { database in
        try database.execute(
          sql: """
            CREATE VIRTUAL TABLE IF NOT EXISTS document USING fts5(name, email, place);
            CREATE TABLE IF NOT EXISTS run(document INTEGER NOT NULL);
            """)
      }
    }
  }

  /// Writes a user's document, or removes it when there is no such user any more.
  func write(_ user: User?, id: Int) throws {
    try database.write { database in
      try database.execute(sql: "DELETE FROM document WHERE rowid = ?", arguments: [id])
      if let user {
        try database.execute(
          sql: "INSERT INTO document(rowid, name, email, place) VALUES (?, ?, ?, ?)",
          arguments: [id, user.name, user.email, SearchIndex.place(of: user)])
      }
      try database.execute(sql: "INSERT INTO run(document) VALUES (?)", arguments: [id])
    }
  }

  /// The documents by their user's id.
  func documents() throws -> [Int: [String]] {
    try database.read { database in
      let rows = try Row.fetchAll(database, sql: "SELECT rowid AS id, name, email, place FROM document")
      return Dictionary(uniqueKeysWithValues: rows.map { ($0["id"], [$0["name"], $0["email"], $0["place"]]) })
    }
  }

  /// How many users match the words.
  func count(matching words: String) throws -> Int {
    try database.read { database in
      try Int.fetchOne(
        database, sql: "SELECT count(*) FROM document WHERE document MATCH ?", arguments: [words]) ?? 0
    }
  }

  /// How often a document was written.
  func runs() throws -> Int {
    try database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM run") ?? 0 }
  }

  static func place(of user: User) -> String { "\(user.postalCode) \(user.city ?? "")" }
}
