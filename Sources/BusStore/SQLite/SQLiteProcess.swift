internal import CSQLite

/// What a process that is a busd settles about SQLite as a whole. Another program leaves that to its own code.
public enum SQLiteProcess {
  /// Counts SQLite's memory no longer, before the first store is opened: a lock less at each of its allocations.
  ///
  /// Returns false, and changes nothing, where SQLite is in use already.
  public static func countNoMemory() -> Bool { bus_sqlite_count_no_memory() == 0 }
}
