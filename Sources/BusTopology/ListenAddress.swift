internal import BusProtocol

/// Where a web process accepts connections: `127.0.0.1:8080`, `[::1]:8080` or `unix:/run/shop.socket`, with the name
/// before it that the process may know it by: `http=0.0.0.0:80`.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
  /// What kind of socket it is.
  public enum Place: Sendable, Hashable {
    /// A numeric address and a port; 0 lets the system choose one.
    case inet(host: String, port: Int)
    /// The same of version 6, without brackets.
    case inet6(host: String, port: Int)
    /// The path of a socket file.
    case unix(path: String)
  }

  /// The longest name of a socket.
  public static let longestName = 64

  /// What the process may know it by; nil for the name of its program.
  public let name: String?
  /// Where it is.
  public let place: Place

  /// An address of its parts.
  public init(name: String? = nil, _ place: Place) {
    self.name = name
    self.place = place
  }

  /// As it is written.
  public var description: String { name.map { "\($0)=\(place)" } ?? "\(place)" }

  /// Parses an address; the error says what is wrong with it and what to write.
  init(parsing text: String) throws(WrongValue) {
    var rest = text[...]
    var name: String?
    if let equals = text.firstIndex(of: "="), text[..<equals].allSatisfy({ $0 != ":" && $0 != "/" }) {
      guard Self.isName(text[..<equals]) else {
        throw WrongValue(
          "must have a name of letters, digits, _ . or - before the =", help: "for example 'http=\(Self.example)'")
      }
      name = String(text[..<equals])
      rest = text[text.index(after: equals)...]
    }
    self.name = name
    place = try Place(parsing: rest)
  }

  /// Parses an address, nil for text that is none.
  public init?(_ text: String) {
    do throws(WrongValue) { self = try ListenAddress(parsing: text) } catch { return nil }
  }

  /// What is wrong with a text that is no address; nil for one that is.
  public static func problem(with text: String) -> String? {
    do throws(WrongValue) { _ = try ListenAddress(parsing: text) } catch {
      return error.requirement + (error.help.map { ": \($0)" } ?? "")
    }
    return nil
  }

  fileprivate static let example = "127.0.0.1:8080"

  private static func isName(_ text: Substring) -> Bool {
    !text.isEmpty && text.utf8.count <= longestName
      && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" || $0 == ".") }
  }
}

extension ListenAddress.Place: CustomStringConvertible {
  /// `127.0.0.1:8080`, `[::1]:8080`, `unix:/run/shop.socket`.
  public var description: String {
    switch self {
    case .inet(let host, let port): "\(host):\(port)"
    case .inet6(let host, let port): "[\(host)]:\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }

  fileprivate init(parsing text: Substring) throws(WrongValue) {
    if text.hasPrefix("unix:") {
      self = .unix(path: try Self.path(String(text.dropFirst(5))))
      return
    }
    guard let colon = text.lastIndex(of: ":") else {
      throw WrongValue("must be ADDRESS:PORT or unix:PATH", help: "for example '\(ListenAddress.example)'")
    }
    let host = text[..<colon]
    let port = try Self.port(text[text.index(after: colon)...])
    if host.hasPrefix("["), host.hasSuffix("]"), Self.isVersion6(host.dropFirst().dropLast()) {
      self = .inet6(host: String(host.dropFirst().dropLast()), port: port)
    } else if Self.isVersion4(host) {
      self = .inet(host: String(host), port: port)
    } else {
      let help =
        switch host {
        case "localhost": "write '127.0.0.1:\(port)'"
        case "", "*": "write '0.0.0.0:\(port)' for all addresses of version 4, '[::]:\(port)' for those of version 6"
        default: host.contains(":") ? "write '[::1]:\(port)'" : "for example '\(ListenAddress.example)'"
        }
      throw WrongValue("must begin with a numeric address", help: help)
    }
  }

  private static func path(_ path: String) throws(WrongValue) -> String {
    guard path.hasPrefix("/"), path.utf8.allSatisfy({ $0 > 32 && $0 != 127 }) else {
      throw WrongValue("must have a path from the root without blanks", help: "for example 'unix:/run/shop/web.socket'")
    }
    guard path.utf8.count <= Endpoint.longestPath else {
      throw WrongValue(
        "must have a path of at most \(Endpoint.longestPath) bytes, this one has \(path.utf8.count)",
        help: "use a shorter directory")
    }
    return path
  }

  private static func port(_ digits: Substring) throws(WrongValue) -> Int {
    guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let port = Int(digits), (0...65535).contains(port) else {
      throw WrongValue("must end in a port from 0 to 65535", help: "0 lets the system choose one")
    }
    return port
  }

  private static func isVersion4(_ host: Substring) -> Bool {
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4
      && parts.allSatisfy { part in
        part.count <= 3 && part.allSatisfy { $0.isASCII && $0.isNumber } && UInt8(part) != nil
      }
  }

  /// Whether it may be one: whether it is one the system says when it is bound.
  private static func isVersion6(_ host: Substring) -> Bool {
    host.contains(":") && host.utf8.count <= 45
      && host.allSatisfy { $0.isASCII && ($0.isHexDigit || $0 == ":" || $0 == ".") }
  }
}

extension ValueForm where Value == ListenAddress {
  static var listen: ValueForm {
    ValueForm(schema: [
      "type": "string",
      "pattern": "^([A-Za-z0-9_.-]{1,64}=)?([0-9.]+:[0-9]{1,5}|\\[[0-9A-Fa-f:.]+\\]:[0-9]{1,5}|unix:/[^ ]+)$",
    ]) {
      text throws(WrongValue) in try ListenAddress(parsing: text)
    }
  }
}
