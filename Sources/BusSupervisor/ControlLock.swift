#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Whoever has it is the one supervisor of its name; its process id stands in the file. The system lets it go with the
/// process, however that ends.
struct ControlLock {
  let descriptor: Int32

  /// One that this process has already.
  init(held descriptor: Int32) { self.descriptor = descriptor }

  /// Takes the lock; the error names the process that has it.
  init(path: String) throws(SupervisorError) {
    // Not while another thread starts a process, which would inherit it and hold it.
    descriptor = Spawn.alone { open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600) }
    guard descriptor >= 0 else {
      throw SupervisorError(
        .system, "no lock at \(path): \(String(cString: strerror(errno)).lowercased())",
        help: "choose a directory that is yours with BUS_RUNTIME_DIR")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let holder = Self.holder(descriptor)
      close(descriptor)
      throw SupervisorError(
        .alreadyRunning, "a supervisor runs here already\(holder.map { ", as pid \($0)" } ?? "")",
        help: "look at it with 'bus ps', end it with 'bus stop', or give this one another --name")
    }
    let text = Array("\(getpid())\n".utf8)
    guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, text, text.count, 0) == text.count else {
      close(descriptor)
      throw SupervisorError(
        .system, "the lock at \(path) cannot be written: \(String(cString: strerror(errno)).lowercased())",
        help: "check the space there")
    }
  }

  /// Lets it go. The file stays: to remove it would be to remove the next one's.
  func release() { close(descriptor) }

  private static func holder(_ descriptor: Int32) -> Int32? {
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    guard count > 0 else { return nil }
    return Int32(String(decoding: bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
  }
}
