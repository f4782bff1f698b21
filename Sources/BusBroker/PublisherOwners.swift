internal import BusProtocol
internal import BusSpool

/// Who numbers the events of which outbox: the principal from which the first batch was taken.
///
/// The id of an outbox stands in each of its events. Who may read those could otherwise number events in its name, and
/// the owner's next ones would be taken for repeats.
///
/// The file `owners` in the spool's directory has a line for each: the CRC-32C of the rest in eight hexadecimal digits,
/// the publisher, the principal. The last line of a publisher counts. It is on disk before the batch is. A line that is
/// removed while busd is stopped makes the outbox free for the next one that comes.
struct PublisherOwners {
  static let fileName = "owners"

  private let directory: String
  private let disk: any Disk
  private var owners: [PublisherID: Name] = [:]
  /// How much of the file is whole lines, and how many they are.
  private var byteCount = 0
  private var lineCount = 0
  /// Lines that could not be read, and were passed over.
  private(set) var damagedCount = 0

  private var path: String { "\(directory)/\(PublisherOwners.fileName)" }

  /// Reads the file, and writes nothing; a line that cannot be read is passed over.
  ///
  /// - Parameter isKnown: whether the spool still remembers the numbers of a publisher.
  init(
    directory: String, disk: any Disk, isKnown: (PublisherID) -> Bool
  ) throws(SpoolError) {
    self.directory = directory
    self.disk = disk
    guard let bytes = try read() else { return }
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      lineCount += 1
      guard let (publisher, owner) = PublisherOwners.parse(line) else {
        damagedCount += 1
        continue
      }
      owners[publisher] = owner
    }
    // What is torn behind the last line is written over by the next.
    byteCount = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    owners = owners.filter { isKnown($0.key) }
  }

  /// Who has an outbox; nil for nobody yet.
  subscript(publisher: PublisherID) -> Name? { owners[publisher] }

  /// Gives an outbox to a principal, and returns when that is on disk.
  mutating func give(_ publisher: PublisherID, to principal: Name) throws(SpoolError) {
    guard owners[publisher] != principal else { return }
    let line = PublisherOwners.line(publisher, principal)
    let isNew = byteCount == 0
    try write(line, to: path, .create, at: byteCount)
    if isNew { try sync(directory) { () throws(DiskError) in try disk.syncDirectory(directory) } }
    byteCount += line.count
    lineCount += 1
    owners[publisher] = principal
  }

  /// Leaves out who is not known any more. The file is written anew once that makes it half as long, and where lines of it
  /// cannot be read.
  mutating func forget(isKnown: (PublisherID) -> Bool) throws(SpoolError) {
    owners = owners.filter { isKnown($0.key) }
    if damagedCount > 0 || lineCount > 2 * owners.count { try rewrite() }
  }

  // MARK: Lines

  static func line(_ publisher: PublisherID, _ owner: Name) -> [UInt8] {
    let text = Array("\(publisher) \(owner)\n".utf8)
    let digits = String(Checksum.crc32c(text.span.bytes), radix: 16)
    return Array((String(repeating: "0", count: 8 - digits.count) + digits + " ").utf8) + text
  }

  /// nil at any doubt.
  static func parse(_ line: ArraySlice<UInt8>) -> (PublisherID, Name)? {
    let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard parts.count == 3, let publisher = try? PublisherID(String(decoding: parts[1], as: UTF8.self)),
      let owner = try? Name(String(decoding: parts[2], as: UTF8.self), of: "principal"),
      PublisherOwners.line(publisher, owner).dropLast().elementsEqual(line)
    else { return nil }
    return (publisher, owner)
  }

  // MARK: The file

  /// nil when there is none.
  private func read() throws(SpoolError) -> [UInt8]? {
    let file: Int32
    do { file = try disk.open(path, .read) } catch {
      guard error.reason != .notFound else { return nil }
      throw SpoolError(error, "open", path)
    }
    defer { disk.close(file) }
    return try call("read", path) { () throws(DiskError) in
      try disk.read(try disk.byteCount(of: file), from: file, at: 0)
    }
  }

  /// Writes it anew with what is known now.
  private mutating func rewrite() throws(SpoolError) {
    let bytes = owners.sorted { $0.key < $1.key }.flatMap { PublisherOwners.line($0.key, $0.value) }
    let temporary = "\(path).tmp"
    try write(bytes, to: temporary, .replace, at: 0)
    try call("rename", temporary) { () throws(DiskError) in try disk.rename(temporary, to: path) }
    // From here on it is the new one that is written, whatever comes of its name.
    (byteCount, lineCount, damagedCount) = (bytes.count, owners.count, 0)
    try sync(directory) { () throws(DiskError) in try disk.syncDirectory(directory) }
  }

  /// What was torn before at this place is written over.
  private func write(_ bytes: [UInt8], to path: String, _ access: DiskAccess, at start: Int) throws(SpoolError) {
    let file = try call("open", path) { () throws(DiskError) in try disk.open(path, access) }
    defer { disk.close(file) }
    try call("write", path) { () throws(DiskError) in
      var done = 0
      while done < bytes.count {
        let count = try disk.write(bytes.span.bytes.extracting(droppingFirst: done), to: file, at: start + done)
        guard count > 0 else { throw DiskError(.noSpace, "no room") }
        done += count
      }
    }
    try sync(path) { () throws(DiskError) in try disk.sync(file) }
  }

  private func sync(_ path: String, _ body: () throws(DiskError) -> Void) throws(SpoolError) {
    do { try body() } catch {
      throw SpoolError(
        .syncFailed, "cannot sync \(path): \(error.message); what was written may be lost: check the disk")
    }
  }

  private func call<R>(_ name: String, _ path: String, _ body: () throws(DiskError) -> R) throws(SpoolError) -> R {
    do { return try body() } catch { throw SpoolError(error, name, path) }
  }
}
