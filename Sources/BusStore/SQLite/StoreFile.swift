internal import GRDB

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Opens the store's file so that what is committed is on disk, and proves it.
enum StoreFile {
  static func connect(_ path: String, checksPages: Bool) throws -> DatabaseQueue {
    try prepareFile(path)
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    configuration.label = "busd.store"
    configuration.busyMode = .timeout(0.2)
    let database = try DatabaseQueue(path: path, configuration: configuration)
    try database.writeWithoutTransaction { try set($0) }
    if checksPages { try check(database, path) }
    let migrator = Schema.migrator()
    guard try database.read({ try !migrator.hasBeenSuperseded($0) }) else {
      throw StoreError(.schemaTooNew, "\"\(path)\" was made by a newer version: start that version of busd")
    }
    try migrator.migrate(database)
    try database.writeWithoutTransaction { try assert($0) }
    return database
  }

  /// The log beside it, which SQLite makes, gets the file's rights.
  private static func prepareFile(_ path: String) throws {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else {
      let why = String(cString: strerror(errno))
      throw StoreError(
        .cannotOpen, "opening \"\(path)\" failed: \(why); make the directory, and let busd's user write to it")
    }
    let result = fchmod(descriptor, 0o600)
    close(descriptor)
    guard result == 0 else {
      throw StoreError(.cannotOpen, "\"\(path)\" cannot be made private: it belongs to another user")
    }
  }

  private static func set(_ database: Database) throws {
    // Exclusive before the first access to the log: then its index is in memory, and no second process gets in.
    // No larger cache: a commit behind a page that was split walks through all of it, and the system caches as well.
    for setting in [
      "locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL", "secure_delete = OFF",
      "wal_autocheckpoint = 4000", "journal_size_limit = 67108864", "cache_size = -16384", "temp_store = MEMORY",
    ] {
      _ = try Row.fetchAll(database, sql: "PRAGMA \(setting)")
    }
  }

  private static func assert(_ database: Database) throws {
    // GRDB's own set-up of WAL has turned FULL into NORMAL behind people's backs, and NORMAL loses commits.
    for (name, expected) in [("synchronous", "2"), ("journal_mode", "\"wal\""), ("locking_mode", "\"exclusive\"")] {
      let value = try Row.fetchOne(database, sql: "PRAGMA \(name)").map { "\($0[0] as DatabaseValue)" } ?? ""
      guard value == expected else {
        throw StoreError(
          .unexpected, "the job store has \(name) = \(value) instead of \(expected): its commits would not be safe")
      }
    }
  }

  private static func check(_ database: DatabaseQueue, _ path: String) throws {
    let findings = try database.writeWithoutTransaction {
      try String.fetchAll($0, sql: "PRAGMA quick_check(5)")
    }
    guard findings == ["ok"] else {
      throw StoreError(
        .corrupt, "\"\(path)\" is damaged: \(findings.prefix(3).joined(separator: "; ")); restore it from a backup")
    }
  }
}
