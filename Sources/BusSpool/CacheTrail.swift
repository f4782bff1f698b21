/// What the log leaves in the system's memory behind its end: the newest part, for those who are nearly up to date.
///
/// A log writes more than memory holds. Left alone it takes pages from every other program, and each new page has to be
/// found and made: on a virtual machine that gives free memory back to its host that costs ten times the write itself.
/// So what was synced goes again once enough newer bytes stand behind it, and its pages are those of the next write.
/// Whoever is further behind reads from the disk.
struct CacheTrail {
  private struct Stretch {
    let file: DiskFile
    var start: Int
    var end: Int
  }

  /// So much stays.
  static let keptByteCount = 64 << 20
  /// So much goes with one call.
  static let stepByteCount = 1 << 20

  /// Oldest first; of one file there is one.
  private var stretches: [Stretch] = []
  private var byteCount = 0

  /// The file is on disk up to a byte.
  mutating func advance(_ file: DiskFile, to end: Int) {
    if stretches.last?.file !== file { stretches.append(Stretch(file: file, start: 0, end: 0)) }
    let last = stretches.count - 1
    byteCount += end - stretches[last].end
    stretches[last].end = end
    while byteCount > CacheTrail.keptByteCount + CacheTrail.stepByteCount { letGo() }
  }

  private mutating func letGo() {
    let oldest = stretches[0]
    let count = min(CacheTrail.stepByteCount, oldest.end - oldest.start)
    oldest.file.letGo(from: oldest.start, byteCount: count)
    byteCount -= count
    stretches[0].start += count
    if stretches.count > 1, stretches[0].start == stretches[0].end { stretches.removeFirst() }
  }
}
