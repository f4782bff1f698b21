#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// The file system of this machine.
public struct RealDisk: Disk {
  /// The file system of this machine.
  public init() {}

  /// Opens a file.
  public func open(_ path: String, _ access: DiskAccess) throws(DiskError) -> Int32 {
    let flags: Int32 =
      switch access {
      case .read: O_RDONLY
      case .write: O_RDWR
      case .create: O_RDWR | O_CREAT
      case .replace: O_RDWR | O_CREAT | O_TRUNC
      }
    return try RealDisk.retrying { openFile(path, flags | O_CLOEXEC | O_NOFOLLOW) }
  }

  /// Closes a file; what was not synced is not promised, so there is no failure to tell.
  public func close(_ file: Int32) { closeFile(file) }

  /// The file's length.
  public func byteCount(of file: Int32) throws(DiskError) -> Int {
    var status = stat()
    _ = try RealDisk.retrying { fstat(file, &status) }
    return Int(status.st_size)
  }

  /// Writes at a position.
  public func write(_ bytes: borrowing RawSpan, to file: Int32, at position: Int) throws(DiskError) -> Int {
    while true {
      let count = bytes.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, off_t(position)) }
      if count >= 0 { return count }
      guard errno == EINTR else { throw RealDisk.lastError() }
    }
  }

  /// Reads from a position.
  public func read(_ byteCount: Int, from file: Int32, at position: Int) throws(DiskError) -> [UInt8] {
    var failure: DiskError?
    let bytes = [UInt8](unsafeUninitializedCapacity: max(byteCount, 0)) { buffer, filled in
      while filled < buffer.count {
        let count = pread(
          file, buffer.baseAddress?.advanced(by: filled), buffer.count - filled, off_t(position + filled))
        if count == 0 { return }
        if count > 0 {
          filled += count
        } else if errno != EINTR {
          failure = RealDisk.lastError()
          return
        }
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// What was reserved and never written reads as zeros, and the system knows it: it need not be read.
  public func data(in file: Int32, from position: Int) -> Int? {
    #if canImport(Darwin)
      return position
    #else
      let found = lseek(file, off_t(position), seekData)
      if found >= 0 { return max(position, Int(found)) }
      return errno == ENXIO ? nil : position
    #endif
  }

  /// Syncs a file.
  public func sync(_ file: Int32) throws(DiskError) {
    #if canImport(Darwin)
      _ = try RealDisk.retrying { fcntl(file, F_FULLFSYNC) }
    #else
      _ = try RealDisk.retrying { fdatasync(file) }
    #endif
  }

  /// Lets the system take the pages of a part of a file. It is advice: no answer changes anything.
  public func letGo(_ file: Int32, from position: Int, byteCount: Int) {
    #if !canImport(Darwin)
      _ = posix_fadvise(file, off_t(position), off_t(byteCount), Int32(POSIX_FADV_DONTNEED))
    #endif
  }

  /// Cuts or extends a file.
  public func truncate(_ file: Int32, to byteCount: Int) throws(DiskError) {
    _ = try RealDisk.retrying { ftruncate(file, off_t(byteCount)) }
  }

  /// Reserves room.
  public func allocate(_ file: Int32, byteCount: Int) -> Bool {
    #if canImport(Darwin)
      return false
    #else
      return posix_fallocate(file, 0, off_t(byteCount)) == 0
    #endif
  }

  /// Maps a file.
  public func map(_ file: Int32, byteCount: Int) -> DiskRegion? {
    #if canImport(Darwin)
      return nil  // There is no way to give it room ahead, and writing to a page without room ends the process.
    #else
      let address = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
      guard let address, address != MAP_FAILED else { return nil }
      return DiskRegion(address: UInt(bitPattern: address), byteCount: byteCount)
    #endif
  }

  /// Extends a mapped file.
  ///
  /// The kernel makes the new pages writable here, where it can say no; at the first touch it could only end the
  /// process.
  public func extend(_ file: Int32, _ region: DiskRegion, from oldByteCount: Int, to byteCount: Int) -> Bool {
    #if canImport(Darwin)
      return false
    #else
      guard byteCount <= region.byteCount, allocate(file, byteCount: byteCount) else { return false }
      let page = Int(sysconf(Int32(_SC_PAGESIZE)))
      let start = oldByteCount / page * page
      guard
        madvise(
          UnsafeMutableRawPointer(bitPattern: region.address + UInt(start)), byteCount - start, MADV_POPULATE_WRITE)
          != 0
      else { return true }
      // Kernels before 5.14 do not know the advice: their pages come at the first touch, into the room there is.
      return errno == EINVAL
    #endif
  }

  /// Copies bytes into a region.
  public func copy(_ bytes: borrowing RawSpan, to region: DiskRegion, at position: Int) {
    precondition(position >= 0 && bytes.byteCount <= region.byteCount - position, "a write beyond its region")
    bytes.withUnsafeBytes { bytes in
      guard let source = bytes.baseAddress else { return }
      UnsafeMutableRawPointer(bitPattern: region.address)?.advanced(by: position)
        .copyMemory(from: source, byteCount: bytes.count)
    }
  }

  /// Unmaps a region.
  public func unmap(_ region: DiskRegion) {
    munmap(UnsafeMutableRawPointer(bitPattern: region.address), region.byteCount)
  }

  /// Locks a file.
  public func lock(_ file: Int32) throws(DiskError) -> Bool {
    while flock(file, LOCK_EX | LOCK_NB) != 0 {
      if errno == EWOULDBLOCK { return false }
      guard errno == EINTR else { throw RealDisk.lastError() }
    }
    return true
  }

  /// Gives a file another name.
  public func rename(_ path: String, to newPath: String) throws(DiskError) {
    _ = try RealDisk.retrying { renameFile(path, newPath) }
  }

  /// Removes a file.
  public func remove(_ path: String) throws(DiskError) {
    _ = try RealDisk.retrying { unlink(path) }
  }

  /// The names in a directory.
  public func names(in directory: String) throws(DiskError) -> [String] {
    guard let stream = opendir(directory) else { throw RealDisk.lastError() }
    defer { closedir(stream) }
    var names: [String] = []
    errno = 0
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
      errno = 0
    }
    guard errno == 0 else { throw RealDisk.lastError() }
    return names
  }

  /// Makes a directory.
  public func makeDirectory(_ path: String) throws(DiskError) {
    let parent = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    if mkdir(path, 0o700) != 0 {
      if errno == EEXIST { return }
      guard errno == ENOENT, parent != "/", parent != "." else { throw RealDisk.lastError() }
      try makeDirectory(parent)
      guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw RealDisk.lastError() }
    }
    // A log is not on disk while its directory has no name there.
    try syncDirectory(parent)
  }

  /// Removes an empty directory.
  public func removeDirectory(_ path: String) throws(DiskError) {
    _ = try RealDisk.retrying { rmdir(path) }
  }

  /// Syncs a directory.
  public func syncDirectory(_ path: String) throws(DiskError) {
    let file = try RealDisk.retrying { openFile(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    defer { closeFile(file) }
    _ = try RealDisk.retrying { fsync(file) }
  }

  /// The room on the file system.
  public func space(at directory: String) throws(DiskError) -> DiskSpace {
    var status = statvfs()
    _ = try RealDisk.retrying { fileSystem(of: directory, &status) }
    let block = Int(status.f_frsize)
    return DiskSpace(
      freeByteCount: block.multipliedReportingOverflow(by: Int(status.f_bavail)).partialValue,
      totalByteCount: block.multipliedReportingOverflow(by: Int(status.f_blocks)).partialValue)
  }

  private static func retrying(_ call: () -> Int32) throws(DiskError) -> Int32 {
    while true {
      let result = call()
      if result >= 0 { return result }
      guard errno == EINTR else { throw lastError() }
    }
  }

  private static func lastError() -> DiskError {
    let number = errno
    let message = strerror(number).map { String(cString: $0) } ?? "errno \(number)"
    return switch number {
    case ENOSPC, EDQUOT, EFBIG: DiskError(.noSpace, message)
    case ENOENT: DiskError(.notFound, message)
    default: DiskError(.other, message)
    }
  }
}

#if !canImport(Darwin)
  /// SEEK_DATA, which the headers hide.
  private let seekData: Int32 = 3
#endif

/// The number of this process, which the lock file tells others.
func currentProcess() -> Int32 { getpid() }

// The methods of RealDisk have the names of the calls that they make.
private func openFile(_ path: String, _ flags: Int32) -> Int32 { open(path, flags, 0o600) }
private func closeFile(_ file: Int32) { _ = close(file) }
private func renameFile(_ path: String, _ newPath: String) -> Int32 { rename(path, newPath) }
private func fileSystem(of path: String, _ status: inout statvfs) -> Int32 { statvfs(path, &status) }
