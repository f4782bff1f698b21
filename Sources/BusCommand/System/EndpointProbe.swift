#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Finds out whether somebody listens at an endpoint, and if not, why: libzmq itself only keeps trying in silence.
enum EndpointProbe {
  /// Why nobody can be reached, nil when somebody listens or the endpoint is of a kind that cannot be tried.
  static func reasonUnreachable(_ endpoint: String, timeoutMilliseconds: Int32 = 2000) -> String? {
    if endpoint.hasPrefix("ipc://") { return local(String(endpoint.dropFirst(6)), timeoutMilliseconds) }
    if endpoint.hasPrefix("tcp://") { return network(String(endpoint.dropFirst(6)), timeoutMilliseconds) }
    return "it is neither ipc://PATH nor tcp://HOST:PORT"
  }

  private static func local(_ path: String, _ timeout: Int32) -> String? {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let capacity = MemoryLayout.size(ofValue: address.sun_path) - 1
    guard !path.isEmpty, path.utf8.count <= capacity else { return "its path is not 1 to \(capacity) bytes long" }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let error = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connectError(AF_UNIX, $0, socklen_t(MemoryLayout<sockaddr_un>.size), timeout)
      }
    }
    switch error {
    case 0: return nil
    case ENOENT: return "no such socket"
    case ECONNREFUSED: return "connection refused, the socket is left from a busd that ended"
    default: return words(error)
    }
  }

  private static func network(_ address: String, _ timeout: Int32) -> String? {
    guard let colon = address.lastIndex(of: ":") else { return "it has no port" }
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    #if canImport(Glibc)
      hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    #else
      hints.ai_socktype = SOCK_STREAM
    #endif
    var found: UnsafeMutablePointer<addrinfo>?
    let host = address[..<colon].trimming(while: { $0 == "[" || $0 == "]" })
    let status = getaddrinfo(host, String(address[address.index(after: colon)...]), &hints, &found)
    guard status == 0, let found else { return String(cString: gai_strerror(status)) }
    defer { freeaddrinfo(found) }
    let error = connectError(found.pointee.ai_family, found.pointee.ai_addr, found.pointee.ai_addrlen, timeout)
    return error == 0 ? nil : words(error)
  }

  /// Connects, waits for at most the time, and closes again; 0 for a connection.
  private static func connectError(
    _ family: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t, _ timeout: Int32
  ) -> Int32 {
    #if canImport(Glibc)
      let descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
    #else
      let descriptor = socket(family, SOCK_STREAM, 0)
    #endif
    guard descriptor >= 0 else { return errno }
    defer { close(descriptor) }
    guard fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 else { return errno }
    if connect(descriptor, address, length) == 0 { return 0 }
    guard errno == EINPROGRESS else { return errno }
    var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    guard poll(&wait, 1, timeout) > 0 else { return ETIMEDOUT }
    var error: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno
  }

  private static func words(_ error: Int32) -> String { String(cString: strerror(error)).lowercased() }
}

extension Substring {
  /// The text without such characters at both ends.
  fileprivate func trimming(while isUnwanted: (Character) -> Bool) -> String {
    var rest = drop(while: isUnwanted)
    while let last = rest.last, isUnwanted(last) { rest.removeLast() }
    return String(rest)
  }
}
