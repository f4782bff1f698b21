internal import BusProtocol

/// The directory of a log: its files by their names.
///
/// ```
/// lock                       held by the process that writes; its process number
/// HEAD                       how far the log is known to go
/// 00000000000000000001.seg   records (Segment), named by the first offset
/// 00000000000000000001.idx   what is in a full segment (SegmentIndex); can be made again
/// 00000000000000000001.state topics and publishers as of the segment's start (SpoolState)
/// *.tmp                      on its way to one of these, or a spare segment; left over after a crash
/// ```
struct SpoolDirectory: Sendable {
  let path: String
  let disk: any Disk

  /// What the names say, before anything is read.
  struct Listing {
    var bases: [Offset] = []
    var leftovers: [String] = []
  }

  static let lockName = "lock"
  static let headName = "HEAD"

  static func segmentName(_ base: Offset) -> String { name(base) + ".seg" }
  static func spareName(_ base: Offset) -> String { name(base) + ".spare.tmp" }
  static func indexName(_ base: Offset) -> String { name(base) + ".idx" }
  static func stateName(_ base: Offset) -> String { name(base) + ".state" }

  private static func name(_ base: Offset) -> String {
    let digits = String(base.rawValue)
    return String(repeating: "0", count: 20 - digits.count) + digits
  }

  /// Segments in the order of their offsets, and files that belong to none.
  func listing() throws(SpoolError) -> Listing {
    let names: [String]
    do { names = try disk.names(in: path) } catch { throw SpoolError(error, "list", path) }
    var listing = Listing()
    var sides: [(name: String, base: Offset)] = []
    for name in names {
      let parts = name.split(separator: ".", omittingEmptySubsequences: false)
      if parts.last == "tmp" {
        listing.leftovers.append(name)
      } else if parts.count == 2, parts[0].utf8.count == 20, let number = UInt64(parts[0]), number > 0 {
        switch parts[1] {
        case "seg": listing.bases.append(Offset(number))
        case "idx", "state": sides.append((name, Offset(number)))
        default: break
        }
      }
    }
    listing.bases.sort()
    let known = Set(listing.bases)
    listing.leftovers += sides.filter { !known.contains($0.base) }.map(\.name)
    return listing
  }

  func make() throws(SpoolError) {
    do { try disk.makeDirectory(path) } catch { throw SpoolError(error, "make", path) }
  }

  func open(_ name: String, _ access: DiskAccess, mapping byteCount: Int? = nil) throws(SpoolError) -> DiskFile {
    try DiskFile("\(path)/\(name)", access, on: disk, mappedByteCount: byteCount)
  }

  /// All bytes of a small file; nil when it is not there.
  func contents(_ name: String) throws(SpoolError) -> [UInt8]? {
    do {
      let file = try open(name, .read)
      return try file.read(try file.byteCount(), at: 0)
    } catch {
      guard error.code == .notFound else { throw error }
      return nil
    }
  }

  /// Puts a file under its name once its bytes are there, on disk if it is synced; the name itself is on disk after
  /// ``sync()``.
  @discardableResult
  func put(
    _ bytes: [UInt8], as name: String, allocating byteCount: Int = 0, mapping mappedByteCount: Int? = nil,
    syncing: Bool = true
  ) throws(SpoolError) -> DiskFile {
    let temporary = name + ".tmp"
    do {
      let file = try open(temporary, .replace, mapping: mappedByteCount)
      try file.write(bytes.span.bytes, at: 0)
      if byteCount > bytes.count { file.allocate(byteCount) }
      if syncing { try file.sync() }
      try file.rename(to: "\(path)/\(name)")
      return file
    } catch {
      try remove(temporary)
      throw error
    }
  }

  /// Removes a file; that it is not there is as good.
  func remove(_ name: String) throws(SpoolError) {
    do { try disk.remove("\(path)/\(name)") } catch {
      guard error.reason != .notFound else { return }
      throw SpoolError(error, "remove", "\(path)/\(name)")
    }
  }

  func removeSegment(_ base: Offset) throws(SpoolError) {
    try remove(SpoolDirectory.segmentName(base))
    try remove(SpoolDirectory.indexName(base))
    try remove(SpoolDirectory.stateName(base))
  }

  /// Removes the directory unless something else is in it.
  func removeIfEmpty() throws(SpoolError) {
    do {
      guard try disk.names(in: path).isEmpty else { return }
      try disk.removeDirectory(path)
    } catch { throw SpoolError(error, "remove", path) }
  }

  func sync() throws(SpoolError) {
    do { try disk.syncDirectory(path) } catch {
      throw SpoolError(
        .syncFailed,
        "cannot sync the directory \(path): \(error.message); check the disk, then open the log anew")
    }
  }

  func space() throws(SpoolError) -> DiskSpace {
    do { return try disk.space(at: path) } catch { throw SpoolError(error, "look at the room of", path) }
  }
}
