/// The seam to the outside: every call by which a log touches the file system.
///
/// Files are named by their descriptors and positions are bytes. No call retries by itself, but for interruptions.
public protocol Disk: Sendable {
  /// Opens a file, close-on-exec and never through a symbolic link; created ones are for the owner alone.
  func open(_ path: String, _ access: DiskAccess) throws(DiskError) -> Int32
  /// Closes a file.
  func close(_ file: Int32)
  /// The file's length.
  func byteCount(of file: Int32) throws(DiskError) -> Int
  /// Writes at a position and says how many bytes came to be: fewer than given when there is no room.
  func write(_ bytes: borrowing RawSpan, to file: Int32, at position: Int) throws(DiskError) -> Int
  /// Reads from a position; fewer bytes than asked for only at the end of the file.
  func read(_ byteCount: Int, from file: Int32, at position: Int) throws(DiskError) -> [UInt8]
  /// Where at or behind a position the first byte may be that is not zero; nil where there is none up to the end.
  func data(in file: Int32, from position: Int) -> Int?
  /// Returns once the file's bytes, and what it takes to find them, are on disk.
  func sync(_ file: Int32) throws(DiskError)
  /// Says that this part of a file, which is on disk, is not likely to be read soon: the system need not keep it in
  /// memory.
  func letGo(_ file: Int32, from position: Int, byteCount: Int)
  /// Cuts or extends a file.
  func truncate(_ file: Int32, to byteCount: Int) throws(DiskError)
  /// Reserves room that reads as zeros, up to this length of the file; false where that cannot be had.
  func allocate(_ file: Int32, byteCount: Int) -> Bool
  /// Maps a file from its start into memory, to be written; nil where that cannot be had.
  func map(_ file: Int32, byteCount: Int) -> DiskRegion?
  /// Makes room in a mapped file and in memory up to this length; false where there is none. What lies within the
  /// length before is as it was.
  func extend(_ file: Int32, _ region: DiskRegion, from oldByteCount: Int, to byteCount: Int) -> Bool
  /// Copies bytes into a region, within the length that the file was extended to.
  func copy(_ bytes: borrowing RawSpan, to region: DiskRegion, at position: Int)
  /// Gives a region's memory back; the file keeps its bytes.
  func unmap(_ region: DiskRegion)
  /// Locks a file for this process until it is closed; false when another has it.
  func lock(_ file: Int32) throws(DiskError) -> Bool
  /// Gives a file another name in one step, replacing what had it.
  func rename(_ path: String, to newPath: String) throws(DiskError)
  /// Removes a file.
  func remove(_ path: String) throws(DiskError)
  /// The names in a directory.
  func names(in directory: String) throws(DiskError) -> [String]
  /// Makes a directory for the owner alone, and those above it, their names on disk; one that is there stays as it is.
  func makeDirectory(_ path: String) throws(DiskError)
  /// Removes an empty directory.
  func removeDirectory(_ path: String) throws(DiskError)
  /// Returns once the names in a directory are on disk.
  func syncDirectory(_ path: String) throws(DiskError)
  /// The room on the file system that holds a directory.
  func space(at directory: String) throws(DiskError) -> DiskSpace
}

extension Disk {
  /// Nothing is kept in memory beside the file.
  public func letGo(_ file: Int32, from position: Int, byteCount: Int) {}

  /// Anything may be anywhere.
  public func data(in file: Int32, from position: Int) -> Int? { position }
}

/// A file in memory, named by its address.
public struct DiskRegion: Hashable, Sendable {
  /// Where it begins.
  public let address: UInt
  /// How far it may be extended.
  public let byteCount: Int

  /// Names a region.
  public init(address: UInt, byteCount: Int) {
    self.address = address
    self.byteCount = byteCount
  }
}

/// What a file is opened for.
public enum DiskAccess: Sendable {
  /// To read what is there.
  case read
  /// To read and write what is there.
  case write
  /// To read and write; made when it is not there.
  case create
  /// To write from nothing: what was there is cut to no length.
  case replace
}

/// Why a call of the disk failed.
public struct DiskError: Error, Hashable, Sendable {
  /// What the log does something about.
  public enum Reason: Sendable {
    /// No room on the file system, in the quota, or under the limit of a file's size.
    case noSpace
    /// No such file or directory.
    case notFound
    /// Anything else.
    case other
  }

  /// The kind of failure.
  public var reason: Reason
  /// The operating system's own words.
  public var message: String

  /// An error with the operating system's words.
  public init(_ reason: Reason, _ message: String) {
    self.reason = reason
    self.message = message
  }
}

/// The room on a file system.
public struct DiskSpace: Hashable, Sendable {
  /// Bytes that this process may still write.
  public var freeByteCount: Int
  /// Bytes in all.
  public var totalByteCount: Int

  /// Takes the two numbers.
  public init(freeByteCount: Int, totalByteCount: Int) {
    self.freeByteCount = freeByteCount
    self.totalByteCount = totalByteCount
  }
}
