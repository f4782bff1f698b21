internal import GRDB

/// The one connection to a store's file, with all statements prepared: most of what opening takes. A store makes its
/// own; a simulation, whose processes come and go by the thousand, gives one connection to one store after another.
package final class StoreConnection {
  let database: DatabaseQueue
  let statements: Statements

  /// Opens the file, or makes it; see ``SQLiteJobStore/init(path:checksPages:random:)``.
  package init(path: String, checksPages: Bool = false) throws(StoreError) {
    do {
      database = try StoreFile.connect(path, checksPages: checksPages)
      statements = try database.writeWithoutTransaction { try Statements($0) }
    } catch {
      throw StoreError(error, doing: "opening the job store \"\(path)\"")
    }
  }

  /// Empties all tables: as if the file had just been made. Only while no store is over the connection.
  package func clear() throws(StoreError) {
    do {
      try database.write { database in
        let tables = try String.fetchAll(
          database, sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'grdb_migrations'")
        for table in tables where table != "token" {
          try database.cachedStatement(sql: "DELETE FROM \(table)").execute()
        }
        try database.execute(sql: "UPDATE token SET last = 0")
      }
    } catch {
      throw StoreError(error, doing: "clearing the job store \"\(database.path)\"")
    }
  }
}
