internal import BusProtocol

/// The files of mapped segments, kept for the next one.
///
/// A new file costs most of what publishing costs: its room is found and its pages are made and cleared, only to be
/// given back as soon as busd has the events. So the file of the oldest segment, once it may go, becomes the next
/// one's: what it held stays in it until it is written over, and counts for nothing under the next segment's salt.
struct SpareSegments {
  /// A segment's file under the name that says which it was.
  private typealias Entry = (base: Offset, file: DiskFile)

  /// Full segments whose files are still mapped, oldest first.
  private var mapped: [Entry] = []
  /// Files that are free; opening the log would remove them.
  private var spares: [Entry] = []

  /// More segments than that wait for a busd that is away, and are not soon needed again.
  private static let maximumMappedCount = 16
  /// busd's answers let several segments go at once; what is kept beyond is room on the disk that others may need.
  private static let maximumSpareCount = 4

  /// Keeps a full segment's file open, while there are few.
  mutating func keep(_ file: DiskFile, of base: Offset) {
    if mapped.count < SpareSegments.maximumMappedCount { mapped.append((base, file)) }
  }

  /// Whether a segment that may go leaves its file here, instead of being removed.
  mutating func take(_ base: Offset, in files: SpoolDirectory) throws(SpoolError) -> Bool {
    mapped.removeAll { $0.base < base }
    guard let oldest = mapped.first, oldest.base == base else { return false }
    mapped.removeFirst()
    guard spares.count < SpareSegments.maximumSpareCount else { return false }
    try oldest.file.rename(to: "\(files.path)/\(SpoolDirectory.spareName(base))")
    spares.append(oldest)
    return true
  }

  /// A spare file as a new segment; nil when there is none.
  mutating func segment(_ header: SegmentHeader, in files: SpoolDirectory) throws(SpoolError) -> Segment? {
    guard let file = spares.popLast()?.file else { return nil }
    try file.write(header.bytes.span.bytes, at: 0)
    try file.rename(to: "\(files.path)/\(SpoolDirectory.segmentName(header.base))")
    return Segment(header, file: file)
  }

  /// Lets all of them go.
  mutating func removeAll(in files: SpoolDirectory) throws(SpoolError) {
    mapped = []
    while let spare = spares.popLast() { try files.remove(SpoolDirectory.spareName(spare.base)) }
  }
}
