/// Where a socket of the bus listens: `tcp://127.0.0.1:5570` or `ipc:///run/bus/publish`.
public struct Endpoint: Sendable, Hashable, CustomStringConvertible {
  /// How the bytes travel.
  public enum Transport: Sendable, Hashable {
    /// An address of version 4 and a port.
    case tcp(host: String, port: Int)
    /// The path of a socket file, at most ``Endpoint/longestPath`` bytes.
    case ipc(path: String)
  }

  /// The longest path of a socket file: one less than what `sockaddr_un` holds.
  public static let longestPath = 107

  /// How the bytes travel.
  public let transport: Transport

  /// The endpoint as libzmq takes it.
  public var description: String {
    switch transport {
    case .tcp(let host, let port): "tcp://\(host):\(port)"
    case .ipc(let path): "ipc://\(path)"
    }
  }

  /// Parses an endpoint; the error says what is wrong with it and what to write.
  init(parsing text: String) throws(WrongValue) {
    if text.hasPrefix("tcp://") {
      transport = try Self.tcp(text.dropFirst(6), in: text)
    } else if text.hasPrefix("ipc://") {
      transport = try Self.ipc(String(text.dropFirst(6)))
    } else {
      throw WrongValue("must be tcp://HOST:PORT or ipc://PATH")
    }
  }

  /// Parses an endpoint, nil for text that is none or that is not allowed.
  public init?(_ text: String) {
    do throws(WrongValue) { self = try Endpoint(parsing: text) } catch { return nil }
  }

  private static func tcp(_ address: Substring, in text: String) throws(WrongValue) -> Transport {
    guard let colon = address.lastIndex(of: ":") else {
      throw WrongValue("must end in a port", help: "for example '\(text):5570'")
    }
    let host = String(address[..<colon])
    let digits = address[address.index(after: colon)...]
    guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let port = Int(digits), (1...65535).contains(port) else {
      throw WrongValue("must have a port from 1 to 65535")
    }
    if host == "localhost" || host == "[::1]" {
      throw WrongValue("must be a numeric IPv4 address", help: "write 'tcp://127.0.0.1:\(port)'")
    }
    guard isVersion4(host) else {
      throw WrongValue(
        "must have a numeric IPv4 address", help: "write 'tcp://127.0.0.1:\(port)', or 0.0.0.0 for all addresses")
    }
    return .tcp(host: host, port: port)
  }

  private static func isVersion4(_ host: String) -> Bool {
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4
      && parts.allSatisfy { $0.count <= 3 && $0.allSatisfy { $0.isASCII && $0.isNumber } && UInt8($0) != nil }
  }

  /// Whether only this machine reaches it.
  public var isOnThisMachine: Bool {
    switch transport {
    case .ipc: true
    case .tcp(let host, _): host.hasPrefix("127.")
    }
  }

  private static func ipc(_ path: String) throws(WrongValue) -> Transport {
    guard !path.hasPrefix("@") else {
      throw WrongValue(
        "must be a path: an abstract socket has no owner and no permissions",
        help: "for example 'ipc:///run/bus/publish'")
    }
    guard !path.isEmpty, path != "*", path.utf8.allSatisfy({ $0 > 32 && $0 != 127 }) else {
      throw WrongValue("must have a path without blanks", help: "for example 'ipc:///run/bus/publish'")
    }
    guard path.utf8.count <= longestPath else {
      throw WrongValue(
        "must have a path of at most \(longestPath) bytes, this one has \(path.utf8.count)",
        help: "use a shorter directory, for example /run/bus")
    }
    return .ipc(path: path)
  }
}
