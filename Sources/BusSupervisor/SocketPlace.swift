internal import BusTopology

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Addresses as the system has them.
enum SocketPlace {
  /// Runs the body with an address; nil when the text is none.
  static func withAddress<R>(
    _ place: ListenAddress.Place, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R
  ) -> R? {
    switch place {
    case .unix(let path): return LocalSocket.withAddress(path, body)
    case .inet(let host, let port):
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = in_port_t(truncatingIfNeeded: port).bigEndian
      guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { return nil }
      return withPointer(to: &address, body)
    case .inet6(let host, let port):
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = in_port_t(truncatingIfNeeded: port).bigEndian
      guard inet_pton(AF_INET6, host, &address.sin6_addr) == 1 else { return nil }
      return withPointer(to: &address, body)
    }
  }

  /// Where a socket is, as one writes it; nil for what is no socket of these kinds.
  static func text(of descriptor: Int32) -> String? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) { pointer in
      let isKnown = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        getsockname(descriptor, $0, &length) == 0
      }
      return isKnown ? text(UnsafeMutableRawPointer(pointer), Int32(pointer.pointee.ss_family)) : nil
    }
  }

  private static func text(_ address: UnsafeMutableRawPointer, _ family: Int32) -> String? {
    switch family {
    case AF_INET:
      var inet = address.loadUnaligned(as: sockaddr_in.self)
      return host(family, &inet.sin_addr).map { "\($0):\(in_port_t(bigEndian: inet.sin_port))" }
    case AF_INET6:
      var inet = address.loadUnaligned(as: sockaddr_in6.self)
      return host(family, &inet.sin6_addr).map { "[\($0)]:\(in_port_t(bigEndian: inet.sin6_port))" }
    case AF_UNIX:
      let unix = address.loadUnaligned(as: sockaddr_un.self)
      let path = withUnsafeBytes(of: unix.sun_path) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      return "unix:\(path)"
    default: return nil
    }
  }

  private static func host(_ family: Int32, _ address: UnsafeRawPointer) -> String? {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_ntop(family, address, &text, socklen_t(text.count)) != nil else { return nil }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func withPointer<Address, R>(
    to address: inout Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R
  ) -> R {
    withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<Address>.size))
      }
    }
  }
}
