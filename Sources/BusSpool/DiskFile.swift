internal import Synchronization

/// An open file of a log; closed when the last who reads it lets go.
///
/// So a segment can be removed under a reader: the bytes stay until the reader is through.
final class DiskFile: Sendable {
  private let name: Mutex<String>
  private let descriptor: Int32
  private let disk: any Disk
  private let region: DiskRegion?
  /// How far the region has room.
  private let extended = Atomic(0)

  /// A mapped file grows by this: rarely enough to cost nothing, little enough to be kept by each process.
  private static let extensionByteCount = 256 << 10

  /// Opens a file.
  ///
  /// - Parameter mappedByteCount: up to where it is written through memory, one copy instead of a call of the system;
  ///   nil for not at all. What is written there survives the death of the process, as what is written by a call does.
  init(
    _ path: String, _ access: DiskAccess, on disk: any Disk, mappedByteCount: Int? = nil
  ) throws(SpoolError) {
    do { descriptor = try disk.open(path, access) } catch { throw SpoolError(error, "open", path) }
    name = Mutex(path)
    self.disk = disk
    let descriptor = descriptor
    region = mappedByteCount.flatMap { disk.map(descriptor, byteCount: $0) }
  }

  deinit {
    if let region { disk.unmap(region) }
    disk.close(descriptor)
  }

  /// Where it is, for messages.
  var path: String { name.withLock { $0 } }

  /// Gives it another name, in the same directory or another one of its file system.
  func rename(to newPath: String) throws(SpoolError) {
    let path = path
    do { try disk.rename(path, to: newPath) } catch { throw SpoolError(error, "rename", path) }
    name.withLock { $0 = newPath }
  }

  func byteCount() throws(SpoolError) -> Int {
    do { return try disk.byteCount(of: descriptor) } catch { throw SpoolError(error, "look at", path) }
  }

  /// Writes all of the bytes. A short write is an error: what came to be of it is the caller's to cut away.
  func write(_ bytes: borrowing RawSpan, at position: Int) throws(SpoolError) {
    if let region, extend(region, to: position + bytes.byteCount) {
      return disk.copy(bytes, to: region, at: position)
    }
    let written: Int
    do { written = try disk.write(bytes, to: descriptor, at: position) } catch {
      throw SpoolError(error, "write", path)
    }
    guard written == bytes.byteCount else {
      throw SpoolError(
        .diskFull,
        "cannot write \(path): \(written) of \(bytes.byteCount) bytes found room; free space on its file system")
    }
  }

  /// Whether the region has room up to a byte. Where it has none, a call of the system says why.
  private func extend(_ region: DiskRegion, to end: Int) -> Bool {
    let old = extended.load(ordering: .relaxed)
    if end <= old { return true }
    let step = DiskFile.extensionByteCount
    let new = min((end + step - 1) / step * step, region.byteCount)
    guard end <= new, disk.extend(descriptor, region, from: old, to: new) else { return false }
    extended.store(new, ordering: .relaxed)
    return true
  }

  func read(_ byteCount: Int, at position: Int) throws(SpoolError) -> [UInt8] {
    do { return try disk.read(byteCount, from: descriptor, at: position) } catch {
      throw SpoolError(error, "read", path)
    }
  }

  func sync() throws(SpoolError) {
    do { try disk.sync(descriptor) } catch {
      throw SpoolError(
        .syncFailed,
        "cannot sync \(path): \(error.message); what was written may be lost: check the disk, then open the log anew")
    }
  }

  /// Where at or behind a position the first byte may be that is not zero; nil where there is none up to the end.
  func data(from position: Int) -> Int? { disk.data(in: descriptor, from: position) }

  func letGo(from position: Int, byteCount: Int) { disk.letGo(descriptor, from: position, byteCount: byteCount) }

  func truncate(to byteCount: Int) throws(SpoolError) {
    // Memory behind the end must not be touched any more.
    extended.store(min(extended.load(ordering: .relaxed), byteCount), ordering: .relaxed)
    do { try disk.truncate(descriptor, to: byteCount) } catch { throw SpoolError(error, "cut", path) }
  }

  /// Room is a matter of speed only: where the file system has none to give ahead, the file grows.
  func allocate(_ byteCount: Int) { _ = disk.allocate(descriptor, byteCount: byteCount) }

  func lock() throws(SpoolError) -> Bool {
    do { return try disk.lock(descriptor) } catch { throw SpoolError(error, "lock", path) }
  }
}
