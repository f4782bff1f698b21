import BusStore
import BusTesting
import Testing

@Suite struct SQLiteConformanceTests {
  @Test(arguments: JobStoreConformance.rules)
  func `SQLite keeps the promises of a job store`(rule: JobStoreConformance.Rule) throws {
    try check(rule)
  }

  @Test(arguments: 1...6)
  func `SQLite keeps every invariant through random histories`(seed: UInt64) throws {
    try check(JobStoreConformance.history(seed: seed, steps: 1500))
  }

  @Test(arguments: 1...8)
  func `SQLite keeps every invariant through random histories with limits and pauses`(seed: UInt64) throws {
    try check(JobStoreConformance.history(seed: seed, steps: 1500, isLimited: true))
  }

  @Test(arguments: 1...6)
  func `SQLite keeps every invariant through random histories with merges, runs more and expiries`(seed: UInt64) throws
  {
    try check(JobStoreConformance.history(seed: seed, steps: 1500, isLimited: seed > 4, isMerging: true))
  }

  private func check(_ rule: JobStoreConformance.Rule) throws {
    let directory = try TemporaryDirectory()
    try rule.check { try SQLiteJobStore(path: directory.store, random: $0) }
  }
}
