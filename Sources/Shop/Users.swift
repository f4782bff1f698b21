internal import Bus
internal import GRDB

/// A user as the account engine keeps it: the truth that others look up.
struct User: Hashable, Sendable {
  var id: Int
  var name: String
  var email: String
  var postalCode: String
  var city: String?
}

/// The table of users.
struct Users: Sendable {
  let database: DatabasePool

  init() throws {
    database = try Places.database("account") { migrator in
      migrator.registerMigration("users") { database in
        try database.execute(
          sql: """
            CREATE TABLE IF NOT EXISTS user(
              id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, postal_code TEXT NOT NULL, city TEXT)
            """)
      }
    }
  }

  func exists(_ id: Int) throws -> Bool { try find(id) != nil }

  func find(_ id: Int) throws -> User? {
    try database.read { database in
      try Row.fetchOne(database, sql: "SELECT * FROM user WHERE id = ?", arguments: [id]).map(User.init)
    }
  }

  func all() throws -> [User] {
    try database.read { try Row.fetchAll($0, sql: "SELECT * FROM user ORDER BY id").map(User.init) }
  }

  /// Applies one change; true when the postal code is another one now.
  func apply(_ change: Change) throws -> Bool {
    try database.write { database in
      let before = try String.fetchOne(
        database, sql: "SELECT postal_code FROM user WHERE id = ?", arguments: [change.id])
      try database.execute(
        sql: """
          INSERT INTO user(id, name, email, postal_code) VALUES (?, ?, ?, ?)
          ON CONFLICT(id) DO UPDATE SET name = excluded.name, email = excluded.email, postal_code = excluded.postal_code
          """, arguments: [change.id, change.name, change.email, change.postalCode])
      return before != change.postalCode
    }
  }

  /// Writes the city of a postal code; nothing happens when the user has another one by now.
  func setCity(_ city: String, ofUser id: Int, at postalCode: String) throws {
    try database.write { database in
      try database.execute(
        sql: "UPDATE user SET city = ? WHERE id = ? AND postal_code = ?", arguments: [city, id, postalCode])
    }
  }
}

extension User {
  fileprivate init(_ row: Row) {
    self.init(
      id: row["id"], name: row["name"], email: row["email"], postalCode: row["postal_code"], city: row["city"])
  }
}
