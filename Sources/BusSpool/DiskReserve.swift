/// How much of a file system is left to others: appends stop when it is used up, and go on when there is room again.
///
/// The two levels lie apart, so that the answer does not flutter at the edge.
public struct DiskReserve: Hashable, Sendable {
  /// Appends stop below this many free bytes.
  public var byteCount: Int
  /// Appends stop below this share of the file system in percent.
  public var percent: Int
  /// Having stopped, appends go on from this share in percent.
  public var resumePercent: Int

  /// A reserve; by default that of a daemon: 256 MiB or 5 %, whichever is more, and on again at 8 %.
  public init(byteCount: Int = 256 << 20, percent: Int = 5, resumePercent: Int = 8) {
    self.byteCount = byteCount
    self.percent = percent
    self.resumePercent = resumePercent
  }

  /// Whether appends are taken, given the room and whether they were taken so far.
  public func admits(_ space: DiskSpace, isStopped: Bool) -> Bool {
    let hundredth = space.totalByteCount / 100
    let floor = max(byteCount, hundredth * percent)
    return space.freeByteCount >= (isStopped ? max(floor, hundredth * resumePercent) : floor)
  }
}
