internal import GRDB

#if canImport(Glibc)
  @preconcurrency internal import Glibc
#else
  @preconcurrency internal import Darwin
#endif

/// Where the shop's databases are: each engine owns one, and only its own code writes to it.
enum Places {
  /// `SHOP_DATA`, else `shop` in the bus's state directory, else a directory of this user's under `/tmp`.
  static var directory: String {
    if let named = getenv("SHOP_DATA") { return String(cString: named) }
    return getenv("BUS_STATE_DIR").map { "\(String(cString: $0))/shop" } ?? "/tmp/shop-\(getuid())"
  }

  /// Opens a database of the shop; several processes may, so each waits for the others' locks.
  static func database(_ name: String, migrate: (inout DatabaseMigrator) -> Void) throws -> DatabasePool {
    mkdir(directory, 0o700)
    var configuration = Configuration()
    configuration.busyMode = .timeout(30)
    let pool = try DatabasePool(path: "\(directory)/\(name).db", configuration: configuration)
    var migrator = DatabaseMigrator()
    migrate(&migrator)
    // Two processes may come to a new file at once: whoever is second finds it made.
    do { try migrator.migrate(pool) } catch is DatabaseError { try migrator.migrate(pool) }
    return pool
  }
}

/// What the shop says to people.
enum Terminal {
  static func say(_ line: String) {
    let text = line + "\n"
    write(1, text, text.utf8.count)
  }

  static func exit(_ code: Int32) -> Never { _exit(code) }

  /// Microseconds of the monotonic clock: comparable between the processes of one machine.
  static var microseconds: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
  }
}
