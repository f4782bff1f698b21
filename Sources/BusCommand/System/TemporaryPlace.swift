#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Where temporary directories are made, each owned by the process that made it for as long as that lives.
///
/// The owner holds a lock on a file in its directory. Who was killed could not remove what was its own: its lock is
/// free, and the next one that comes removes it.
struct TemporaryPlace {
  let directory: String
  let prefix: String

  /// Makes a directory that is this process's own until it ends.
  func make() throws -> String {
    var template = Array("\(directory)/\(prefix)XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw TemporaryPlace.failure("no temporary directory", directory) }
    let path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    // Under its name only when it is locked: nobody finds it free meanwhile. Closed by the end of the process.
    let lock = open("\(path)/owner.new", O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0, rename("\(path)/owner.new", "\(path)/owner") == 0 else {
      throw TemporaryPlace.failure("no lock", path)
    }
    return path
  }

  /// Removes what owners left behind that have ended.
  func sweep() {
    guard let stream = opendir(directory) else { return }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasPrefix(prefix) { removeIfLeft("\(directory)/\(name)") }
    }
  }

  private func removeIfLeft(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == getuid() else { return }
    let lock = open("\(path)/owner", O_RDWR | O_CLOEXEC | O_NOFOLLOW)
    guard lock >= 0 else { return }
    defer { close(lock) }
    if flock(lock, LOCK_EX | LOCK_NB) == 0 { DirectoryRemoval.remove(path) }
  }

  private static func failure(_ what: String, _ place: String) -> CommandError {
    CommandError(
      .system, "\(what): \(String(cString: strerror(errno)))", where: place, help: "check its space and its rights")
  }
}
