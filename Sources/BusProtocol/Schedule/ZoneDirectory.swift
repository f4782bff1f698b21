#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// Reads time zones from where the system keeps them.
public struct ZoneDirectory: Sendable {
  /// Where the files are.
  public let path: String

  /// A directory of TZif files.
  public init(path: String = "/usr/share/zoneinfo") { self.path = path }

  /// The rules of a zone such as `Europe/Paris`; `UTC` is there without any file.
  public func rules(of name: String) throws(ScheduleError) -> ZoneRules {
    if name == ZoneRules.utc.name { return .utc }
    guard ZoneDirectory.isName(name) else {
      throw ScheduleError(
        text: name, problem: "this is no name of a time zone", help: "use one of the database, for example Europe/Paris"
      )
    }
    return try ZoneRules(name: name, tzif: try bytes(of: name))
  }

  /// Parts of letters, digits and `_ + -`: none of them can lead out of the directory.
  static func isName(_ name: String) -> Bool {
    guard (1...64).contains(name.utf8.count) else { return false }
    return name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
      guard let first = part.utf8.first, (0x41...0x5A).contains(first & 0xDF) else { return false }
      return part.utf8.allSatisfy { byte in
        (0x41...0x5A).contains(byte & 0xDF) || (0x30...0x39).contains(byte) || "_+-".utf8.contains(byte)
      }
    }
  }

  private func bytes(of name: String) throws(ScheduleError) -> [UInt8] {
    let descriptor = open("\(path)/\(name)", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      let isInstalled = access(path, R_OK) == 0
      throw ScheduleError(
        text: name, problem: isInstalled ? "there is no such time zone" : "there are no time zones in \(path)",
        help: isInstalled ? "see 'timedatectl list-timezones', or \(path)" : "install the package tzdata, or use UTC")
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16 << 10)
    while bytes.count <= ZoneRules.maximumByteCount {
      let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw ScheduleError(text: name, problem: "this is no time zone", help: "see the files in \(path)")
      }
      if count == 0 { break }
      bytes.append(contentsOf: chunk[..<count])
    }
    return bytes
  }
}
