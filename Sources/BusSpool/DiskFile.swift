/// An open file of a log; closed when the last who reads it lets go.
///
/// So a segment can be removed under a reader: the bytes stay until the reader is through.
final class DiskFile: Sendable {
  let path: String
  private let descriptor: Int32
  private let disk: any Disk

  init(_ path: String, _ access: DiskAccess, on disk: any Disk) throws(SpoolError) {
    do { descriptor = try disk.open(path, access) } catch { throw SpoolError(error, "open", path) }
    self.path = path
    self.disk = disk
  }

  deinit { disk.close(descriptor) }

  func byteCount() throws(SpoolError) -> Int {
    do { return try disk.byteCount(of: descriptor) } catch { throw SpoolError(error, "look at", path) }
  }

  /// Writes all of the bytes. A short write is an error: what came to be of it is the caller's to cut away.
  func write(_ bytes: borrowing RawSpan, at position: Int) throws(SpoolError) {
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

  func truncate(to byteCount: Int) throws(SpoolError) {
    do { try disk.truncate(descriptor, to: byteCount) } catch { throw SpoolError(error, "cut", path) }
  }

  /// Room is a matter of speed only: where the file system has none to give ahead, the file grows.
  func allocate(_ byteCount: Int) { _ = disk.allocate(descriptor, byteCount: byteCount) }

  func lock() throws(SpoolError) -> Bool {
    do { return try disk.lock(descriptor) } catch { throw SpoolError(error, "lock", path) }
  }
}
