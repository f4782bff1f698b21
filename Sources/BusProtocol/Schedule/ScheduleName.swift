/// Marks names of schedules.
public enum ScheduleKind: Sendable {}

/// A schedule of an engine: `billing/dunning`.
public typealias ScheduleName = QualifiedName<ScheduleKind>

extension ScheduleName {
  /// The id of the job of a due time: the same from every process and after every restart.
  public func job(dueAt due: Timestamp) -> JobID {
    // FNV-1a: what tells schedules apart that are due at the same moment.
    let hash = description.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    return JobID(at: due, random: (hash >> 62, hash))
  }
}
