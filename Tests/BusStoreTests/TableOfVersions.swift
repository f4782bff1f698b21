import GRDB

/// The table in which the versions are kept that a file has been through.
enum TableOfVersions {
  static func add(_ version: String, to path: String) throws {
    let database = try DatabaseQueue(path: path)
    try database.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES (?)", arguments: [version]) }
    try database.close()
  }
}
