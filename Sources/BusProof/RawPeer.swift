import Foundation

/// A socket that speaks ZMTP 3.0 by hand, or whatever else it is given to say.
final class RawPeer {
  private let descriptor: Int32

  /// Whether it says in its greeting that it speaks CURVE.
  let speaksCurve: Bool

  /// Connects to a socket of the file system; nil when nobody takes it within a second.
  init?(_ path: String) {
    (descriptor, speaksCurve) = (RawPeer.open(AF_UNIX), false)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    guard RawPeer.connect(descriptor, &address) else { return nil }
  }

  /// Connects to a port of this machine; nil when nobody takes it within a second.
  init?(port: Int, speaksCurve: Bool) {
    (descriptor, self.speaksCurve) = (RawPeer.open(AF_INET), speaksCurve)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(truncatingIfNeeded: port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    guard RawPeer.connect(descriptor, &address) else { return nil }
  }

  private static func open(_ family: Int32) -> Int32 {
    let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var limit = timeval(tv_sec: 1, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
    return descriptor
  }

  private static func connect<Address>(_ descriptor: Int32, _ address: inout Address) -> Bool {
    withUnsafeBytes(of: &address) { bytes in
      guard let base = bytes.baseAddress else { return false }
      let pointer = base.assumingMemoryBound(to: sockaddr.self)
      return Glibc.connect(descriptor, pointer, socklen_t(bytes.count)) == 0
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Sends all of it; false when the other side does not take it.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// Receives so many bytes; nil when they do not come.
  func receive(_ count: Int) -> [UInt8]? {
    var bytes: [UInt8] = []
    while bytes.count < count {
      var chunk = [UInt8](repeating: 0, count: count - bytes.count)
      let received = recv(descriptor, &chunk, chunk.count, 0)
      guard received > 0 else { return nil }
      bytes += chunk[..<received]
    }
    return bytes
  }

  /// Signature, version 3.0, mechanism, no server.
  var greeting: [UInt8] {
    let mechanism = Array((speaksCurve ? "CURVE" : "NULL").utf8)
    return [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0] + mechanism + [UInt8](repeating: 0, count: 52 - mechanism.count)
  }

  /// Says the greeting and waits for the other's; whether it came.
  func greet() -> Bool { send(greeting) && receive(64) != nil }

  /// Says hello and waits for the other's; whether both agreed.
  func shakeHands(as kind: String) -> Bool {
    let name = Array("Socket-Type".utf8)
    let ready =
      [5] + Array("READY".utf8) + [UInt8(name.count)] + name + [0, 0, 0, UInt8(kind.utf8.count)] + Array(kind.utf8)
    guard greet(), send([4, UInt8(ready.count)] + ready) else { return false }
    guard let head = receive(2), head[0] == 4 else { return false }
    return receive(Int(head[1])) != nil
  }

  /// Subscribes to a prefix: a message that begins with 1.
  func subscribe(_ prefix: String) -> Bool { send([0, UInt8(prefix.utf8.count + 1), 1] + Array(prefix.utf8)) }
}

/// Lets this process, and what it starts, have as many descriptors as the system allows: root may have more than it was given.
enum FileLimit {
  static func raise() -> Int {
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return 0 }
    let most = max(limit.rlim_max, 1 << 16)
    var wider = rlimit(rlim_cur: most, rlim_max: most)
    if setrlimit(resource, &wider) != 0 {
      limit.rlim_cur = limit.rlim_max
      _ = setrlimit(resource, &limit)
    }
    guard getrlimit(resource, &limit) == 0 else { return 0 }
    return Int(clamping: limit.rlim_cur)
  }
}
