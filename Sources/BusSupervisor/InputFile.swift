#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// What a program is to read, in a file without a name: unlike a pipe it holds any number of bytes, and nobody has to
/// wait until they are read.
enum InputFile {
  /// A descriptor that stands at the first byte; -1 when there is no space (see errno).
  static func make(_ bytes: [UInt8]) -> Int32 {
    var name = Array("/tmp/bus-input.XXXXXX".utf8CString)
    let descriptor = Spawn.alone {
      let descriptor = mkstemp(&name)
      if descriptor >= 0 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
      return descriptor
    }
    guard descriptor >= 0 else { return -1 }
    unlink(name)
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        close(descriptor)
        return -1
      }
      written += count
    }
    lseek(descriptor, 0, SEEK_SET)
    return descriptor
  }
}
