import Foundation

/// A socket that speaks ZMTP 3.0 by hand, or whatever else it is given to say.
final class RawPeer {
  private let descriptor: Int32

  /// Connects to a socket of the file system; nil when nobody takes it within a second.
  init?(_ path: String) {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    var limit = timeval(tv_sec: 1, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let status = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard status == 0 else { return nil }
  }

  deinit { close(descriptor) }

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

  /// Signature, version 3.0, mechanism NULL, no server.
  static let greeting: [UInt8] =
    [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0] + Array("NULL".utf8) + [UInt8](repeating: 0, count: 48)

  /// Says hello and waits for the other's; whether both agreed.
  func shakeHands(as kind: String) -> Bool {
    let name = Array("Socket-Type".utf8)
    let ready =
      [5] + Array("READY".utf8) + [UInt8(name.count)] + name + [0, 0, 0, UInt8(kind.utf8.count)] + Array(kind.utf8)
    guard send(RawPeer.greeting), receive(64) != nil, send([4, UInt8(ready.count)] + ready) else { return false }
    guard let head = receive(2), head[0] == 4 else { return false }
    return receive(Int(head[1])) != nil
  }

  /// Subscribes to a prefix: a message that begins with 1.
  func subscribe(_ prefix: String) -> Bool { send([0, UInt8(prefix.utf8.count + 1), 1] + Array(prefix.utf8)) }
}

/// Lets this process, and what it starts, have as many descriptors as the system allows.
enum FileLimit {
  static func raise() -> Int {
    var limit = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard getrlimit(resource, &limit) == 0 else { return 0 }
    limit.rlim_cur = limit.rlim_max
    _ = setrlimit(resource, &limit)
    return Int(clamping: limit.rlim_cur)
  }
}
