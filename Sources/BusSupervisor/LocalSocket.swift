#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// The system's calls for stream sockets in the file system.
enum LocalSocket {
  /// A socket that no child inherits; -1 when there is none.
  static func make() -> Int32 {
    #if canImport(Glibc)
      let kind = Int32(SOCK_STREAM.rawValue)
    #else
      let kind = SOCK_STREAM
    #endif
    return Spawn.alone {
      let descriptor = socket(AF_UNIX, kind, 0)
      if descriptor >= 0 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
      return descriptor
    }
  }

  /// Waits until there may be a connection.
  static func waitForPeer(of listener: Int32) {
    var wait = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
    _ = poll(&wait, 1, -1)
  }

  /// Takes a connection that no child inherits; -1 and the system's number when there is none.
  static func accept(from listener: Int32) -> (peer: Int32, error: Int32) {
    // The listener does not block: whoever is not there any more is not waited for while nothing can be started. The
    // number is read inside: leaving the lock may set another.
    return Spawn.alone {
      let peer = systemAccept(listener)
      guard peer >= 0 else { return (-1, errno) }
      _ = fcntl(peer, F_SETFD, FD_CLOEXEC)
      return (peer, 0)
    }
  }

  private static func systemAccept(_ listener: Int32) -> Int32 {
    #if canImport(Glibc)
      Glibc.accept(listener, nil, nil)
    #elseif canImport(Musl)
      Musl.accept(listener, nil, nil)
    #else
      Darwin.accept(listener, nil, nil)
    #endif
  }

  /// Runs the body with the address of a path; nil when the path is too long for one.
  static func withAddress<R>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R? {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard !path.isEmpty, path.utf8.count <= maximumPathByteCount else { return nil }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }

  /// The longest path of a socket.
  static var maximumPathByteCount: Int { MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1 }

  /// Reads until a line is whole; nil when the other one ends before, or says too much.
  static func readLine(_ descriptor: Int32, maximumByteCount: Int) -> [UInt8]? {
    var line: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while line.count <= maximumByteCount {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return nil }
      line += buffer[..<count]
      if let end = line.firstIndex(of: UInt8(ascii: "\n")) { return Array(line[..<end]) }
    }
    return nil
  }

  /// Sends all of it without waiting; false when that is not possible.
  static func send(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    bytes.withUnsafeBytes { buffer in
      var rest = buffer[...]
      while !rest.isEmpty {
        let part = UnsafeRawBufferPointer(rebasing: rest)
        let count = systemSend(descriptor, part.baseAddress, part.count, Int32(MSG_DONTWAIT) | noSignal)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        rest = rest.dropFirst(count)
      }
      return true
    }
  }

  /// The longest time that a read waits.
  static func setReadLimit(_ seconds: Int, of descriptor: Int32) {
    var limit = timeval()
    limit.tv_sec = seconds
    _ = setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  static func setSendBuffer(_ byteCount: Int32, of descriptor: Int32) {
    var size = byteCount
    _ = setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
  }

  #if canImport(Darwin)
    private static let noSignal: Int32 = 0
  #else
    private static let noSignal = Int32(MSG_NOSIGNAL)
  #endif

  private static func systemSend(
    _ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int, _ flags: Int32
  ) -> Int {
    #if canImport(Glibc)
      Glibc.send(descriptor, bytes, count, flags)
    #elseif canImport(Musl)
      Musl.send(descriptor, bytes, count, flags)
    #else
      Darwin.send(descriptor, bytes, count, flags)
    #endif
  }
}
