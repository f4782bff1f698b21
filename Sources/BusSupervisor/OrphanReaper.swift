internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// What the first process of a container owes to processes that are not its own: those whose parents have ended become
/// its children, and stay as zombies until it asks how they ended.
///
/// Its own children are left to the threads that wait for them.
enum OrphanReaper {
  /// The process ids of children that somebody waits for.
  private static let own = Mutex<Set<Int32>>([])

  /// A child was started; called before anybody else can start or reap one.
  static func note(_ pid: Int32) { own.withLock { _ = $0.insert(pid) } }

  /// A child was reaped by the one who waited for it.
  static func forget(_ pid: Int32) { own.withLock { _ = $0.remove(pid) } }

  /// Begins to reap, for as long as the process lives; called once, by the first process of a container.
  static func start() {
    guard let pipe = Pipe(), fcntl(pipe.readEnd, F_SETFL, 0) == 0, fcntl(pipe.writeEnd, F_SETFL, O_NONBLOCK) == 0
    else { return }
    childPipe = pipe.writeEnd
    let thread = BlockingThread {
      var bytes = [UInt8](repeating: 0, count: 64)
      reap()
      // The write end is never closed: the thread lives as long as the process.
      while true {
        let count = read(pipe.readEnd, &bytes, bytes.count)
        guard count > 0 || count < 0 && errno == EINTR else { break }
        reap()
      }
    }
    guard let thread else { return }
    thread.detach()
    signal(SIGCHLD, noteChild)
  }

  /// Asks how those ended that nobody waits for.
  static func reap() {
    for pid in zombies(of: getpid()) {
      // Held while it is done: no child of this number can be started in between.
      Spawn.alone {
        let isOwn = own.withLock { $0.contains(pid) }
        if !isOwn { _ = waitpid(pid, nil, WNOHANG) }
      }
    }
  }

  /// The children of a process that have ended and are not reaped.
  static func zombies(of parent: Int32) -> [Int32] {
    guard let directory = opendir("/proc") else { return [] }
    defer { closedir(directory) }
    var found: [Int32] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard let pid = Int32(name), let (state, owner) = status(of: pid), state == "Z", owner == parent else { continue }
      found.append(pid)
    }
    return found
  }

  /// The state's letter and the parent, as `/proc/PID/stat` has them.
  private static func status(of pid: Int32) -> (state: Substring, parent: Int32)? {
    let file = open("/proc/\(pid)/stat", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 512)
    let count = read(file, &bytes, bytes.count)
    guard count > 0 else { return nil }
    // The name may hold anything, also blanks and brackets: what counts stands behind its last bracket.
    let text = String(decoding: bytes[..<count], as: UTF8.self)
    guard let bracket = text.lastIndex(of: ")") else { return nil }
    let words = text[text.index(after: bracket)...].split(separator: " ")
    guard words.count > 1, let parent = Int32(words[1]) else { return nil }
    return (words[0], parent)
  }
}

/// Where the handler writes; set before the handler is installed, and never again.
private nonisolated(unsafe) var childPipe: Int32 = -1

/// Runs in the middle of anything: it may only write a byte. A full pipe wakes the thread as well.
private func noteChild(_ number: Int32) {
  let saved = errno
  var byte: UInt8 = 0
  _ = write(childPipe, &byte, 1)
  errno = saved
}
