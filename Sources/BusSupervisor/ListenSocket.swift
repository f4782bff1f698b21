internal import BusTopology

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// A socket on which processes accept connections. The supervisor holds it and accepts none, so that those that come
/// while processes are replaced wait in it, and are not refused.
struct ListenSocket: Sendable, Equatable {
  /// What the processes know it by.
  let name: String
  let descriptor: Int32
  /// As it was asked for; nil when whoever started this process had bound it.
  let address: ListenAddress.Place?
  /// Where it is, with the port that the system chose.
  let place: String
  /// The number of the socket's file, where it has one that this process made.
  var file: UInt64?

  /// Binds one and listens; the error says who else does, as far as that can be known.
  static func bound(to address: ListenAddress, program: String) throws(SupervisorError) -> ListenSocket {
    let (place, name) = (address.place, address.name ?? program)
    let descriptor = Spawn.alone {
      let descriptor = socket(family(of: place), kind, 0)
      if descriptor >= 0 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
      return descriptor
    }
    guard descriptor >= 0 else { throw refusal(place, program, errno) }
    let failure = prepare(descriptor, place)
    guard failure == 0 else {
      closeSocket(descriptor)
      throw refusal(place, program, failure)
    }
    var file: UInt64?
    if case .unix(let path) = place { file = fileNumber(path) }
    return ListenSocket(
      name: name, descriptor: descriptor, address: place, place: SocketPlace.text(of: descriptor) ?? "\(place)",
      file: file)
  }

  /// Nobody listens any more, and no file is left of it.
  func close() {
    closeSocket(descriptor)
    // One that another process has bound there since is not this one's.
    guard let file, case .unix(let path)? = address, ListenSocket.fileNumber(path) == file else { return }
    unlink(path)
  }

  /// Options, address and queue; 0, or the system's number.
  private static func prepare(_ descriptor: Int32, _ place: ListenAddress.Place) -> Int32 {
    var on: Int32 = 1
    let size = socklen_t(MemoryLayout<Int32>.size)
    if case .unix = place {} else if setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, size) != 0 { return errno }
    // Version 4 has an address of its own in the list.
    if case .inet6 = place, setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &on, size) != 0 { return errno }
    var failure = bindSocket(descriptor, place)
    if failure == EADDRINUSE, case .unix(let path) = place, isLeftOver(path) {
      unlink(path)
      failure = bindSocket(descriptor, place)
    }
    guard failure == 0 else { return failure }
    // The system has a limit of its own, which is the smaller one.
    return listen(descriptor, 4096) == 0 ? 0 : errno
  }

  private static func bindSocket(_ descriptor: Int32, _ place: ListenAddress.Place) -> Int32 {
    SocketPlace.withAddress(place) { bind(descriptor, $0, $1) == 0 ? 0 : errno } ?? EINVAL
  }

  /// Whether a socket's file is there and nobody listens on it.
  private static func isLeftOver(_ path: String) -> Bool {
    let probe = LocalSocket.make()
    guard probe >= 0 else { return false }
    defer { closeSocket(probe) }
    return LocalSocket.withAddress(path) { connect(probe, $0, $1) != 0 && errno == ECONNREFUSED } ?? false
  }

  private static func fileNumber(_ path: String) -> UInt64? {
    var status = stat()
    return stat(path, &status) == 0 ? UInt64(status.st_ino) : nil
  }

  private static func refusal(
    _ place: ListenAddress.Place, _ program: String, _ number: Int32
  ) -> SupervisorError {
    var reason = String(cString: strerror(number)).lowercased()
    if number == EADDRINUSE, let holder = PortHolder.find(place) { reason += ", by \(holder)" }
    let help =
      switch number {
      case EADDRINUSE: "end what listens there, or choose another port; 0 lets the system choose one"
      case EACCES: "choose a port from 1024 on, or a directory that is this user's"
      case EADDRNOTAVAIL: "choose an address that this machine has: see 'ip address'"
      default: "choose another address"
      }
    return SupervisorError(.system, "\(program) cannot listen at \(place): \(reason)", help: help)
  }

  private static func family(of place: ListenAddress.Place) -> Int32 {
    switch place {
    case .inet: AF_INET
    case .inet6: AF_INET6
    case .unix: AF_UNIX
    }
  }

  #if canImport(Glibc)
    private static let kind = Int32(SOCK_STREAM.rawValue)
  #else
    private static let kind = SOCK_STREAM
  #endif
}

private func closeSocket(_ descriptor: Int32) { close(descriptor) }
